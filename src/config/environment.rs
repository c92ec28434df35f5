//! Overrides from the environment: `CHAPERONE__SERVER__LISTEN` sets `server.listen`, `CHAPERONE__ROUTE__0__HOST` the
//! host of the first route. Case does not matter; two underscores separate.
use super::reading::{Complaint, Place, Reading};
use super::tree::{self, Entries, Node, Origin, Value};

const PREFIX: &str = "CHAPERONE__";
/// Deeper than any key lies.
const DEEPEST: usize = 8;

/// Writes the overrides of `environment` into the tree, in the order of their names.
pub(super) fn apply(root: &mut Node, environment: impl Iterator<Item = (String, String)>, reading: &Reading) {
    let mut overrides: Vec<_> = environment.filter_map(|(name, value)| Some((segments(&name)?, name, value))).collect();
    overrides.sort();
    for (path, name, value) in overrides {
        let given = Node::of_variable(&name, Value::Raw(value));
        if let Err(complaint) = set(root, &path, given) {
            reading.complain(&Place { key: path.join("."), origin: Origin::Variable(name) }, complaint);
        }
    }
}

/// The path that a variable's name spells, if it is one of ours.
fn segments(name: &str) -> Option<Vec<String>> {
    let (prefix, rest) = name.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then(|| rest.split("__").map(str::to_ascii_lowercase).collect())
}

fn set(node: &mut Node, path: &[String], given: Node) -> Result<(), Complaint> {
    let Some((head, rest)) = path.split_first() else {
        *node = given;
        return Ok(());
    };
    if head.is_empty() || path.len() > DEEPEST {
        return Err(
            Complaint::new("no key has such a name").hint("write `CHAPERONE__SERVER__LISTEN` for `server.listen`")
        );
    }
    open(node);
    let child = match &mut node.value {
        Value::Table(entries) => entry(entries, head, rest, &given),
        Value::List(items) => element(items, head, rest, &given)?,
        Value::Text(_) | Value::Integer(_) | Value::Boolean(_) | Value::Other(_) | Value::Raw(_) => {
            return Err(Complaint::new(format!("there is no `{head}` in {}", node.kind())));
        }
    };
    set(child, rest, given)
}

/// A variable that holds a whole table or list becomes one, so that another variable can go into it.
fn open(node: &mut Node) {
    if let (Value::Raw(text), Origin::Variable(name)) = (&node.value, &node.origin)
        && let Some(parsed) = tree::of_variable(name, text)
        && matches!(parsed.value, Value::List(_) | Value::Table(_))
    {
        *node = parsed;
    }
}

fn entry<'n>(entries: &'n mut Entries, name: &str, rest: &[String], given: &Node) -> &'n mut Node {
    let key = entries.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned().unwrap_or_else(|| name.to_owned());
    if rest.is_empty() {
        // `x` and `x_file` exclude each other: the override wins over the file's choice.
        let twin = name.strip_suffix("_file").map_or_else(|| format!("{name}_file"), str::to_owned);
        entries.retain(|key, node| !key.eq_ignore_ascii_case(&twin) || matches!(node.origin, Origin::Variable(_)));
    }
    entries.entry(key).or_insert_with(|| container(rest, given))
}

fn element<'n>(
    items: &'n mut Vec<Node>,
    index: &str,
    rest: &[String],
    given: &Node,
) -> Result<&'n mut Node, Complaint> {
    let length = items.len();
    let out_of_range = || {
        Complaint::new(format!("`{index}` is no place in a list of {length}"))
            .hint("places count from 0; the first free one adds an element")
    };
    let at: usize = index.parse().map_err(|_| out_of_range())?;
    if at == length {
        items.push(container(rest, given));
    }
    items.get_mut(at).ok_or_else(out_of_range)
}

/// What holds the rest of a path: a list if it goes on with a number, else a table.
fn container(rest: &[String], given: &Node) -> Node {
    let numbered = rest.first().is_some_and(|next| next.bytes().all(|b| b.is_ascii_digit()));
    let value = if numbered { Value::List(Vec::new()) } else { Value::Table(Entries::new()) };
    Node { value, ..given.clone() }
}
