//! Faults: each test breaks one thing under a gate that runs, tells what everybody sees, and repairs it. What it saw is
//! a row of the table in docs/OPERATIONS.md, word for word, or the test fails.
//!
//! `cargo test --test faults` prints the whole table from the run. Each fault is a test of its own as well, for
//! `cargo nextest run` and for `cargo test --test faults NAME`.
//!
//! * `runner`: lists and runs the tests. `table`: rows, and those of the document.
//! * `seams`: a gate whose files, store and clock fail when a switch is on: this program itself, as a process.
//! * `scene`: a world with an engineer at work, and what is seen of it.
//! * `trail`, `state`, `clock`, `files`: what fails below the gate. `upstream`: what fails behind it.
//! * `killed`: the gate itself ends at any moment.
//! * `world`: that of the stories in `tests/it`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod clock;
mod files;
mod killed;
mod runner;
mod scene;
mod seams;
mod state;
mod table;
mod trail;
mod upstream;
#[path = "../it/world/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the stories of `tests/it` use all of it")]
mod world;

use std::process::ExitCode;

use runner::{Fault, fault};

/// Every fault, in the order of the table.
const FAULTS: &[Fault] = &[
    fault!("trail::disk_full", "the disk of the trail is full", trail::disk_full),
    fault!("trail::read_only", "the file system of the trail is read-only", trail::read_only),
    fault!("trail::flush_fails_once", "one flush of the trail fails (EIO)", trail::flush_fails_once),
    fault!("trail::flush_hangs", "a flush of the trail hangs", trail::flush_hangs),
    fault!("trail::torn_write", "a write to the trail breaks off in the middle", trail::torn_write),
    fault!("trail::file_removed", "the file of the trail is removed", trail::file_removed),
    fault!("state::cannot_be_read", "the store cannot be read", state::cannot_be_read),
    fault!("state::hangs", "the store hangs", state::hangs),
    fault!("state::cannot_be_written", "the store cannot be written", state::cannot_be_written),
    fault!("state::locked", "another process locks the store", state::locked),
    fault!("state::file_removed", "the file of the store is removed", state::file_removed),
    fault!("upstream::refuses", "the app refuses connections", upstream::refuses),
    fault!("upstream::resets", "the app resets the connection in the middle of an answer", upstream::resets),
    fault!("upstream::garbage", "the app answers with something that is not HTTP", upstream::garbage),
    fault!("clock::set_back", "wall time is set back by 5 min", clock::set_back),
    fault!("clock::set_forward", "wall time is set forward by 5 min", clock::set_forward),
    fault!("files::no_policies", "the folder of policies is emptied", files::no_policies),
    fault!("files::broken_certificate", "the certificate's file is broken", files::broken_certificate),
    fault!(
        "killed::at_any_moment",
        "the gate is killed (`kill -9`), and what was not flushed is lost",
        killed::at_any_moment
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [word, config, switches] if word == seams::WORD => seams::serve(config, switches),
        others => runner::main(FAULTS, others),
    }
}
