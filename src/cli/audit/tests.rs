//! What an auditor types, and what they are told.
use clap::Parser;

use super::verify::text;
use super::*;
use crate::audit::{self, Evidence};

/// The sample records of docs/TRAIL.md as a journal.
fn journal() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let document = include_str!("../../../docs/TRAIL.md");
    let sample = document.split("```jsonl\n").nth(1).unwrap().split("```").next().unwrap();
    std::fs::write(dir.path().join("journal-000001.jsonl"), sample).unwrap();
    dir
}

fn change(dir: &Path) {
    let file = dir.join("journal-000001.jsonl");
    let changed = std::fs::read_to_string(&file).unwrap().replace("CASE-17", "CASE-71");
    std::fs::write(file, changed).unwrap();
}

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

fn chaperone_audit(arguments: &[&str]) -> Result<Exit, clap::Error> {
    let line = Line::try_parse_from([&["audit"], arguments].concat())?;
    Ok(run(line.command, &Environment::new()).unwrap())
}

#[test]
fn an_intact_trail_is_fine_unless_its_tail_must_be_anchored() {
    let dir = journal();
    let path = dir.path().to_str().unwrap();
    assert_eq!(chaperone_audit(&["verify", "--dir", path]).unwrap(), Exit::Fine);
    assert_eq!(chaperone_audit(&["verify", "--dir", path, "--require-anchored"]).unwrap(), Exit::No);
    let file = format!("{path}/journal-000001.jsonl");
    assert_eq!(chaperone_audit(&["verify", "--export", &file, "--format", "json"]).unwrap(), Exit::Fine);
}

#[test]
fn a_changed_or_missing_trail_is_not_fine() {
    let dir = journal();
    let path = dir.path().to_str().unwrap();
    change(dir.path());
    assert_eq!(chaperone_audit(&["verify", "--dir", path]).unwrap(), Exit::No);
    assert_eq!(chaperone_audit(&["verify", "--dir", &format!("{path}/none")]).unwrap(), Exit::No);
}

#[test]
fn exactly_one_trail_is_named() {
    for wrong in [&["verify"][..], &["verify", "--dir", "a", "--export", "b"], &["export"]] {
        assert_eq!(chaperone_audit(wrong).unwrap_err().exit_code(), 2, "{wrong:?}");
    }
}

#[test]
fn the_report_says_where_it_looked_and_what_an_un_anchored_tail_means() {
    let dir = journal();
    let report = audit::verify(dir.path(), &Evidence::default()).unwrap();
    let shown = text(Path::new("/var/lib/chaperone/audit"), &report, false).unwrap();
    insta::assert_snapshot!(shown, @r"
    trail       /var/lib/chaperone/audit
    records     2
    workspaces  1
    first       1 at 2026-11-22T16:00:00.000Z
    last        2 at 2026-11-22T16:00:42.000Z
    head        c520747f1ae6e989bc6c1220abe7f1aa5ea66627216a0845a1fcc959567a98d0
    chain       intact: every record is unchanged and in its place
    anchored    no: there is no checkpoint
    un-anchored 2 records since 2026-11-22T16:00:00.000Z: no checkpoint covers them
                That more of them were there, and were cut off or written anew, would not show.
    ");
}

#[test]
fn the_report_says_what_is_wrong_and_where() {
    let dir = journal();
    change(dir.path());
    let report = audit::verify(dir.path(), &Evidence::default()).unwrap();
    let shown = text(Path::new("audit"), &report, true).unwrap();
    insta::assert_snapshot!(shown.replace(dir.path().to_str().unwrap(), "audit"), @r"
    trail       audit
    records     2
    workspaces  1
    first       1 at 2026-11-22T16:00:00.000Z
    last        2 at 2026-11-22T16:00:42.000Z
    head        c520747f1ae6e989bc6c1220abe7f1aa5ea66627216a0845a1fcc959567a98d0
    chain       NOT INTACT
      audit/journal-000001.jsonl, line 1: the record was changed: its bytes do not have the hash that it states
      audit/journal-000001.jsonl, line 2: the record was changed: its bytes do not have the hash that it states
    anchored    no: there is no checkpoint
    un-anchored 2 records since 2026-11-22T16:00:00.000Z: no checkpoint covers them, and so refused
                That more of them were there, and were cut off or written anew, would not show.
    ");
}
