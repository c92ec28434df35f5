//! A table while it is read: keys are taken out of it one by one, and what nobody asked for is unknown.
//!
//! A method returns none when the key is absent, and also when it is mistaken, which has been noted then.
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::nearest::nearest;
use super::reading::{Complaint, Place, Reading};
use super::tree::{self, Entries, Node, Origin, Value};
use super::values;

/// One value on its way to a checked type.
#[derive(Debug)]
pub(super) struct Item<'r> {
    reading: &'r Reading,
    place: Place,
    node: Node,
}

impl<'r> Item<'r> {
    /// The document itself.
    pub(super) fn document(reading: &'r Reading, node: Node) -> Self {
        Self { reading, place: Place { key: String::new(), origin: Origin::Document }, node }
    }

    /// The reading that it is part of.
    pub(super) fn reading(&self) -> &'r Reading {
        self.reading
    }

    /// Where it stands.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Where its key stands.
    pub(super) fn key_place(&self) -> Place {
        Place { key: self.place.key.clone(), origin: self.node.key.clone() }
    }

    /// A string, whatever it says.
    fn text(self) -> Option<String> {
        let delicate = matches!(&self.node.value, Value::Text(text) if values::has_credentials(text));
        if !delicate {
            self.reading.show(&self.node.origin);
        }
        self.hidden_text()
    }

    /// A string that nobody may see.
    pub(super) fn hidden_text(self) -> Option<String> {
        match self.node.value {
            Value::Text(text) => Some(text),
            Value::Raw(raw) => match tree::of_variable("", &raw).map(|node| node.value) {
                Some(Value::Text(quoted)) => Some(quoted),
                _ => Some(raw),
            },
            _ => self.wrong_type("a string", "\"…\""),
        }
    }

    /// A string that `parse` makes something of.
    pub(super) fn parsed<T>(self, parse: impl FnOnce(&str) -> Result<T, Complaint>) -> Option<T> {
        let (reading, place) = (self.reading, self.place.clone());
        parse(&self.text()?).map_err(|complaint| reading.complain(&place, complaint)).ok()
    }

    /// The path of a file that can be read.
    pub(super) fn file(self) -> Option<PathBuf> {
        let reading = self.reading;
        self.parsed(|path| values::readable(reading.absolute(path)))
    }

    /// `true` or `false`.
    pub(super) fn flag(self) -> Option<bool> {
        self.reading.show(&self.node.origin);
        let item = self.opened();
        match item.node.value {
            Value::Boolean(flag) => Some(flag),
            _ => item.wrong_type("`true` or `false`", "true"),
        }
    }

    /// A whole number.
    pub(super) fn integer(self) -> Option<i64> {
        self.reading.show(&self.node.origin);
        let item = self.opened();
        match item.node.value {
            Value::Integer(Some(number)) => Some(number),
            _ => item.wrong_type("a whole number", "1"),
        }
    }

    /// A list's elements; `example` shows one.
    pub(super) fn items(self, example: &str) -> Option<Vec<Self>> {
        self.reading.show(&self.node.origin);
        let item = self.opened();
        let Value::List(nodes) = item.node.value else { return item.wrong_type("a list", example) };
        let items = nodes.into_iter().enumerate().map(|(index, node)| {
            let place = Place { key: format!("{}[{index}]", item.place.key), origin: node.origin.clone() };
            Self { reading: item.reading, place, node }
        });
        Some(items.collect())
    }

    /// A table, which `read` reads; keys that it does not ask for are mistakes.
    pub(super) fn table<T>(self, read: impl FnOnce(&mut Section<'r>) -> Option<T>) -> Option<T> {
        let item = self.opened();
        let Value::Table(entries) = item.node.value else { return item.wrong_type("a table", "{ … }") };
        let mut section =
            Section { reading: item.reading, place: item.place, entries, asked: Vec::new(), taken: BTreeMap::new() };
        let made = read(&mut section);
        section.refuse_the_rest();
        made
    }

    /// What a variable holds is read as TOML, now that something else than a string is wanted.
    fn opened(mut self) -> Self {
        if let (Value::Raw(raw), Origin::Variable(name)) = (&self.node.value, &self.node.origin)
            && let Some(node) = tree::of_variable(name, raw)
        {
            self.node = node;
        }
        self
    }

    fn wrong_type<T>(&self, wanted: &str, example: &str) -> Option<T> {
        let complaint = Complaint::new(format!("this is {}, but the key takes {wanted}", self.node.kind()));
        self.reading.complain(&self.place, complaint.hint(format!("write it like `{example}`")));
        None
    }
}

/// A table while it is read.
#[derive(Debug)]
pub(super) struct Section<'r> {
    reading: &'r Reading,
    place: Place,
    entries: Entries,
    asked: Vec<&'static str>,
    taken: BTreeMap<&'static str, Place>,
}

impl<'r> Section<'r> {
    /// The reading that this is part of.
    pub(super) fn reading(&self) -> &'r Reading {
        self.reading
    }

    /// The value of `key`.
    pub(super) fn item(&mut self, key: &'static str) -> Option<Item<'r>> {
        self.asked.push(key);
        let (_, node) = self.entries.remove_entry(key)?;
        let item = self.entered(key, node);
        self.taken.insert(key, item.place.clone());
        Some(item)
    }

    /// The value of `key`, without which there is no going on.
    pub(super) fn required(&mut self, key: &'static str) -> Option<Item<'r>> {
        let item = self.item(key);
        if item.is_none() {
            let place = Place { key: self.path(key), origin: self.place.origin.clone() };
            self.reading.complain(&place, Complaint::new("this key is required").hint(missing_hint(&place)));
        }
        item
    }

    /// A string that `parse` makes something of.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Option<T> {
        self.item(key)?.parsed(parse)
    }

    /// As [`Self::parsed`], but `default` when the key is absent: none only when it is mistaken.
    pub(super) fn parsed_or<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Option<T> {
        self.item(key).map_or(Some(default), |item| item.parsed(parse))
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.item(key)?.flag()
    }

    /// A list of strings that `parse` makes something of; mistaken elements are left out.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Option<Vec<T>> {
        Some(self.item(key)?.items("[\"…\"]")?.into_iter().filter_map(|item| item.parsed(&parse)).collect())
    }

    /// A table.
    pub(super) fn table<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'r>) -> Option<T>,
    ) -> Option<T> {
        self.item(key)?.table(read)
    }

    /// A table all of whose keys have a default: read as an empty one when it is absent.
    pub(super) fn table_or_default<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'r>) -> Option<T>,
    ) -> Option<T> {
        let origin = self.place.origin.clone();
        let absent = || Node { key: origin.clone(), origin: origin.clone(), value: Value::Table(Entries::new()) };
        self.item(key).unwrap_or_else(|| self.entered(key, absent())).table(read)
    }

    /// A list of tables; mistaken elements are left out.
    pub(super) fn tables<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Section<'r>) -> Option<T>,
    ) -> Option<Vec<T>> {
        Some(self.item(key)?.items("[ { … } ]")?.into_iter().filter_map(|item| item.table(&mut read)).collect())
    }

    /// All that is left, for tables whose keys are names of the vendor's choice.
    pub(super) fn rest(&mut self) -> Vec<(String, Item<'r>)> {
        let entries = std::mem::take(&mut self.entries);
        entries.into_iter().map(|(key, node)| (key.clone(), self.entered(&key, node))).collect()
    }

    /// Where `key` was taken from; where it would stand, if it was absent.
    pub(super) fn place(&self, key: &'static str) -> Place {
        let absent = || Place { key: self.path(key), origin: self.place.origin.clone() };
        self.taken.get(key).cloned().unwrap_or_else(absent)
    }

    /// Whether `key` was there when it was asked for.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.taken.contains_key(key)
    }

    /// Notes a mistake in the table as a whole.
    pub(super) fn complain_here(&self, complaint: Complaint) {
        self.reading.complain(&self.place, complaint);
    }

    /// Notes a mistake in the value of `key`.
    pub(super) fn complain(&self, key: &'static str, complaint: Complaint) {
        self.reading.complain(&self.place(key), complaint);
    }

    /// Notes that each of `keys`, where it was given, has no effect, and what that means.
    pub(super) fn without_effect(&self, keys: &[(&'static str, &str)]) {
        for (key, meaning) in keys.iter().filter(|(key, _)| self.taken.contains_key(key)) {
            self.reading.warn(format!("`{}` has no effect in this version: {meaning}", self.path(key)));
        }
    }

    fn entered(&self, key: &str, node: Node) -> Item<'r> {
        let place = Place { key: self.path(key), origin: node.origin.clone() };
        Item { reading: self.reading, place, node }
    }

    fn path(&self, key: &str) -> String {
        let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        let key = if bare { key.to_owned() } else { format!("{key:?}") };
        if self.place.key.is_empty() { key } else { format!("{}.{key}", self.place.key) }
    }

    fn refuse_the_rest(self) {
        for (key, node) in &self.entries {
            let place = Place { key: self.path(key), origin: node.key.clone() };
            let hint = nearest(key, &self.asked).map_or_else(
                || {
                    format!(
                        "known here: {}",
                        self.asked.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")
                    )
                },
                |near| format!("did you mean `{near}`?"),
            );
            self.reading.complain(&place, Complaint::new("there is no such key").hint(hint));
        }
    }
}

fn missing_hint(place: &Place) -> String {
    format!("add it; `config/chaperone.toml` explains `{}`", place.key)
}
