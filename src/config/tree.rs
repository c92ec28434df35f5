//! The file as a tree that remembers where each value was written: in the file, or in a variable of the environment.
use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nowhere in particular: the file as a whole.
    Document,
    /// These bytes of the file.
    File(Range<usize>),
    /// The variable of this name.
    Variable(String),
}

/// A table's entries, by key.
pub(super) type Entries = BTreeMap<String, Node>;

/// A value, as it was written.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// A string.
    Text(String),
    /// An integer; none: it is out of range.
    Integer(Option<i64>),
    /// `true` or `false`.
    Boolean(bool),
    /// A float or a date: no key takes one. The word says which.
    Other(&'static str),
    /// An array.
    List(Vec<Node>),
    /// A table.
    Table(Entries),
    /// The text of a variable: what it means depends on the type that its key takes.
    Raw(String),
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Where its key was written; for an element of a list, where the element was.
    pub(super) key: Origin,
    /// Where the value was written.
    pub(super) origin: Origin,
    /// The value.
    pub(super) value: Value,
}

impl Node {
    /// A node that was not written in the file, but by a variable.
    pub(super) fn of_variable(name: &str, value: Value) -> Self {
        let origin = Origin::Variable(name.to_owned());
        Self { key: origin.clone(), origin, value }
    }

    /// What kind of value this is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Text(_) | Value::Raw(_) => "a string",
            Value::Integer(Some(_)) => "a whole number",
            Value::Integer(None) => "a number out of range",
            Value::Boolean(true) => "`true`",
            Value::Boolean(false) => "`false`",
            Value::Other(kind) => kind,
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// Where the values are that are neither lists nor tables.
    pub(super) fn leaves(&self, found: &mut Vec<Range<usize>>) {
        match &self.value {
            Value::List(items) => items.iter().for_each(|item| item.leaves(found)),
            Value::Table(entries) => entries.values().for_each(|entry| entry.leaves(found)),
            Value::Text(_) | Value::Integer(_) | Value::Boolean(_) | Value::Other(_) | Value::Raw(_) => {
                if let Origin::File(range) = &self.origin {
                    found.push(range.clone());
                }
            }
        }
    }
}

/// The tree of a file.
pub(super) fn of_document(document: Spanned<DeTable<'_>>) -> Node {
    let value = table(document.into_inner(), &Origin::File);
    Node { key: Origin::Document, origin: Origin::Document, value }
}

/// The tree of what the variable `name` holds, if that is a TOML value.
pub(super) fn of_variable(name: &str, text: &str) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    let origin = Origin::Variable(name.to_owned());
    Some(node(origin.clone(), value, &|_| origin.clone()))
}

fn table(entries: DeTable<'_>, at: &dyn Fn(Range<usize>) -> Origin) -> Value {
    let entries = entries.into_iter().map(|(key, value)| {
        let place = at(key.span());
        (key.into_inner().into_owned(), node(place, value, at))
    });
    Value::Table(entries.collect())
}

fn node(key: Origin, spanned: Spanned<DeValue<'_>>, at: &dyn Fn(Range<usize>) -> Origin) -> Node {
    let origin = at(spanned.span());
    let value = match spanned.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(integer) => Value::Integer(i64::from_str_radix(integer.as_str(), integer.radix()).ok()),
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Float(_) => Value::Other("a float"),
        DeValue::Datetime(_) => Value::Other("a date or time"),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| node(at(item.span()), item, at)).collect()),
        DeValue::Table(entries) => table(entries, at),
    };
    Node { key, origin, value }
}
