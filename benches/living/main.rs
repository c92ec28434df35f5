//! How long it takes from a change to the last byte of what the change ends: the real binary, and a thousand streams of
//! events, WebSockets, uploads and downloads open at once.
//!
//! * `change`: the changes. `crowd`: what is open. `figures`: the table.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]
mod change;
mod crowd;
mod figures;
#[expect(dead_code, unused_imports, reason = "the stories of `tests/it` need more of their world than this")]
#[path = "../../tests/it/world/mod.rs"]
mod world;

use std::process::{Command, ExitCode};
use std::time::Duration;

use change::{Change, Ends, IDLE};
use crowd::{Crowd, Cut, STREAMS};
use figures::Row;
use world::{SEGMENT, Session, World};

/// What chaperone promises.
const PROMISED: Duration = Duration::from_secs(1);
/// When a stream that is not cut is given up.
const PATIENCE: Duration = Duration::from_mins(1);

/// `cargo bench` calls this with `--bench`; a name after `--` chooses the changes that have it in theirs.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let chosen = |change: &&Change| {
        let mut names = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
        names.peek().is_none() || names.any(|name| change.name().contains(name.as_str()))
    };
    allow_open_files();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rows: Vec<Row> = runtime.block_on(async {
        let mut rows = Vec::new();
        for change in Change::ALL.iter().filter(chosen) {
            eprintln!("{} ...", change.name());
            let idle = if *change == Change::Idle { IDLE } else { "30m" };
            let world = World::builder().policy("segment.cedar", SEGMENT);
            let world = world.section(&format!("[sessions]\nidle = \"{idle}\"")).start().await;
            rows.push(measure(&world, *change).await);
        }
        rows
    });
    figures::print(&rows);
    if rows.iter().all(|row| row.longest() <= PROMISED) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Both ends of every stream are files of this process, and the gate that it starts has as many.
fn allow_open_files() {
    let (pid, files) = (std::process::id().to_string(), format!("--nofile={}:", 8 * STREAMS));
    let raised = Command::new("prlimit").args(["--pid", &pid, &files]).status();
    assert!(raised.is_ok_and(|status| status.success()), "so many files may not be open: see `ulimit -Hn`");
}

async fn measure(world: &World, change: Change) -> Row {
    let ends = Ends::prepare(world, change).await;
    let crowd = Crowd::gather(world).await;
    let session = crowd.sessions[0].clone();
    let (changed, cut) = tokio::join!(ends.make(world, change), tokio::time::timeout(PATIENCE, crowd.cut()));
    let cut = cut.unwrap_or_else(|_| panic!("{}: not everything was cut", change.name()));
    assert_ne!(passes(world, &session).await, 200, "{}", change.name());
    let moment = |cut: &Cut| match change.idle() {
        Some(idle) => cut.last_request + idle,
        None => changed,
    };
    Row::new(change.name(), &cut, moment)
}

async fn passes(world: &World, session: &Session) -> u16 {
    world.ask(session, "GET", "/w/acme/a").await.status.as_u16()
}
