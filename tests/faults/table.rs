//! What everybody sees of a fault: a row; and the table of rows in the document.
use std::path::Path;

use super::runner::Fault;

/// The table's head, as it stands in the document.
pub(crate) const HEAD: &str =
    "| fault | clients see | reaches the app | recovers | `/readyz` | metric that grows | log |";
/// The line below it.
pub(crate) const RULE: &str = "|---|---|---|---|---|---|---|";

/// What was seen of a fault.
#[derive(Debug)]
pub(crate) struct Row {
    /// What requests are answered with.
    pub(crate) client: String,
    /// What of them reaches the app.
    pub(crate) forwarded: String,
    /// What brings the gate back.
    pub(crate) recovers: String,
    /// What `/readyz` says meanwhile.
    pub(crate) ready: String,
    /// Which metric tells of it.
    pub(crate) metric: String,
    /// What the log says.
    pub(crate) log: String,
    /// How long it took to see it, and to come back: told beside the table, for it differs from run to run.
    pub(crate) took: String,
}

/// A row of the table.
pub(crate) fn row(title: &str, row: &Row) -> String {
    let Row { client, forwarded, recovers, ready, metric, log, took: _ } = row;
    format!("| {title} | {client} | {forwarded} | {recovers} | {ready} | {metric} | {log} |")
}

/// The rows of what was seen.
pub(crate) fn rows<'a>(seen: impl Iterator<Item = (&'a &'a Fault, &'a Option<Row>)>) -> String {
    seen.filter_map(|(fault, seen)| Some(format!("\n{}", row(fault.title, seen.as_ref()?)))).collect()
}

/// The rows of the document.
pub(crate) fn documented() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/OPERATIONS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let table = text.lines().skip_while(|line| *line != HEAD).skip(2);
    table.take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

/// Fails unless the document has a row for each of these faults, in this order, and no other.
pub(crate) fn holds<'a>(titles: impl Iterator<Item = &'a str>) {
    let documented = documented();
    let told = documented.iter().map(|row| row.split(" | ").next().unwrap().trim_start_matches("| "));
    assert_eq!(told.collect::<Vec<_>>(), titles.collect::<Vec<_>>(), "the table of docs/OPERATIONS.md");
}
