//! Lists and runs the tests, in the language of `cargo test` and `cargo nextest`, and prints what they saw.
use std::io::Write;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use super::killed;
use super::table::{self, Row};

/// How many run at once: each waits most of its time.
const AT_ONCE: usize = 4;

/// The test that holds the document's list of faults.
const DOCUMENT: &str = "the_document_has_every_fault_and_no_other";

/// A fault that is tried.
pub(crate) struct Fault {
    /// Its name as a test.
    pub(crate) name: &'static str,
    /// Its name in the table.
    pub(crate) title: &'static str,
    /// Tries it, and tells what was seen.
    pub(crate) run: fn() -> Pin<Box<dyn Future<Output = Row>>>,
}

/// A fault, from its two names and what tries it.
macro_rules! fault {
    ($name:literal, $title:literal, $run:path) => {
        $crate::runner::Fault { name: $name, title: $title, run: || Box::pin($run()) }
    };
}
pub(crate) use fault;

/// Does what the arguments ask for.
pub(crate) fn main(faults: &[Fault], arguments: &[String]) -> ExitCode {
    let has = |flag: &str| arguments.iter().any(|given| given == flag);
    let chosen = |name: &str| {
        let mut filters = filters(arguments).peekable();
        filters.peek().is_none() || filters.any(|f| if has("--exact") { name == f } else { name.contains(f) })
    };
    let (document, chosen) = (chosen(DOCUMENT), faults.iter().filter(|fault| chosen(fault.name)).collect::<Vec<_>>());
    if has("--list") {
        // None is ignored.
        let names = chosen.iter().map(|fault| fault.name).chain(document.then_some(DOCUMENT));
        names.filter(|_| !has("--ignored")).for_each(|name| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    if let Some(kills) = arguments.iter().skip_while(|given| *given != killed::KILLS).nth(1) {
        killed::often(kills.parse().expect("a number of kills"));
    }
    let seen = run(&chosen);
    if chosen.len() == faults.len() {
        println!("\n{}\n{}{}", table::HEAD, table::RULE, table::rows(chosen.iter().zip(&seen)));
    }
    if document {
        table::holds(faults.iter().map(|fault| fault.title));
    }
    let failed = chosen.iter().zip(&seen).filter(|(_, seen)| seen.is_none()).map(|(fault, _)| fault.name);
    let failed: Vec<_> = failed.collect();
    println!("\n{} passed, {} failed: {}", chosen.len() - failed.len(), failed.len(), failed.join(", "));
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What names are looked for; flags, and what `--format` and `--test-threads` take, are no names.
fn filters(arguments: &[String]) -> impl Iterator<Item = &str> {
    let takes = |flag: &str| matches!(flag, "--format" | "--test-threads" | "--color" | killed::KILLS);
    let before = std::iter::once(None).chain(arguments.iter().map(Some));
    let pairs = before.zip(arguments);
    let names = pairs.filter(move |(before, given)| !given.starts_with("--") && !before.is_some_and(|b| takes(b)));
    names.map(|(_, given)| given.as_str())
}

/// Runs some at once; what each has seen, none for one that failed.
fn run(chosen: &[&Fault]) -> Vec<Option<Row>> {
    let seen = Mutex::new(chosen.iter().map(|_| None).collect::<Vec<_>>());
    let next = Mutex::new(0..chosen.len());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(chosen.len()) {
            scope.spawn(|| {
                while let Some(index) = { next.lock().unwrap().next() } {
                    let row = try_one(chosen[index]);
                    seen.lock().unwrap()[index] = row;
                }
            });
        }
    });
    seen.into_inner().unwrap()
}

/// Runs one in a thread of its own, which a failure ends.
fn try_one(fault: &Fault) -> Option<Row> {
    let Fault { name, title, run } = *fault;
    let body = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let row = runtime.block_on(run());
        let shown = table::row(title, &row);
        assert!(table::documented().contains(&shown), "docs/OPERATIONS.md lacks this row:\n{shown}");
        row
    };
    let row = thread::Builder::new().name(name.to_owned()).spawn(body).unwrap().join().ok();
    let word = row.as_ref().map_or_else(|| "FAILED".to_owned(), |row| format!("ok ({})", row.took));
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "test {name} ... {word}");
    row
}
