//! The house rules, held by tests: `docs/ARCHITECTURE.md` says why they are.
//!
//! The rules read syntax (`syn`), not text: an import in a group, a path in a type or in a macro's input counts like any
//! other. Each has a test beside it that shows it fail.
//!
//! * `tree`: every source file. `source`: one of them, and what the rules ask of it.
//! * `layers`: who may know whom. `promises`: what only one place may do. `shape`: how code is laid out.
//! * `documents`: what documents say exists.
#![expect(clippy::panic, reason = "a test fails by a panic")]
mod documents;
mod layers;
mod promises;
mod shape;
mod source;
mod tree;

use source::Source;

/// Fails with every finding.
fn none(found: impl IntoIterator<Item = String>) {
    let found: Vec<_> = found.into_iter().collect();
    assert!(found.is_empty(), "{} found:\n  {}", found.len(), found.join("\n  "));
}

/// What a rule finds in the whole tree.
fn everywhere(rule: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    tree::sources().iter().flat_map(rule).collect()
}

#[test]
fn rooms_know_only_what_is_below_them() {
    none(everywhere(layers::breaches));
    none(layers::missing(&tree::sources()));
}

#[test]
fn only_the_one_door_makes_permits() {
    none(everywhere(promises::permits));
}

#[test]
fn refusals_get_their_statuses_in_one_place() {
    none(everywhere(promises::statuses));
}

#[test]
fn clocks_are_read_in_one_place() {
    none(everywhere(promises::clocks));
}

#[test]
fn decisions_name_every_case() {
    none(everywhere(promises::wildcards));
}

#[test]
fn the_apis_document_tells_of_every_call() {
    none(everywhere(promises::undocumented));
}

#[test]
fn secrets_cannot_be_printed() {
    none(everywhere(promises::printed));
}

#[test]
fn exceptions_go_when_nothing_needs_them() {
    none(promises::stale(&tree::sources()));
}

#[test]
fn no_column_stores_what_time_decides() {
    let migrations = tree::files(&["src/store/migrations"], "sql");
    assert!(!migrations.is_empty());
    none(migrations.iter().flat_map(|(path, sql)| promises::stored_standings(path, sql)));
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    none(everywhere(shape::files));
}

#[test]
fn functions_are_short() {
    none(everywhere(shape::functions));
}

#[test]
fn rooms_have_a_table_of_contents() {
    none(everywhere(shape::heads));
}

#[test]
fn nothing_is_unfinished_or_switched_off() {
    none(everywhere(shape::banned));
}

#[test]
fn every_file_is_compiled() {
    none(tree::orphans(&tree::sources()));
}

#[test]
fn documents_point_at_what_is_there() {
    let documents = tree::files(&["README.md", "CHANGELOG.md", "docs"], "md");
    let is_there = |path: &std::path::Path| tree::root().join(path).exists();
    none(documents.iter().flat_map(|(path, text)| documents::dead_ends(path, text, &is_there)));
}

#[test]
fn every_configuration_is_loaded_by_a_test() {
    none(documents::untested(&tree::files(&["config"], "toml"), &tree::sources()));
}
