//! The trail: an append-only journal of hash-chained JSON Lines. No access without a durable record.
//!
//! * `event`: what is recorded.
//! * `record`: one line, its bytes and its hash. `chain`: how the lines follow each other; the same code writes and
//!   verifies. `flaw`: what can be wrong with a line. `segments`: the files that the lines stand in.
//! * `journal`: durable, with group commit: many requests share one write and one fsync.
//! * `verify`, `export`: for auditors.
//!
//! docs/TRAIL.md describes the format for whoever wants to verify it with a program of their own.
mod chain;
mod event;
mod export;
mod flaw;
mod journal;
mod record;
mod segments;
mod verify;

#[cfg(test)]
mod samples;

pub use event::{Decision, Event, Kind, Outcome, RequestFacts, Response};
pub use export::{ExportError, Selection, export, export_selected};
pub use journal::{Appended, Journal, JournalError, Unavailable};
pub use verify::{Mark, Problem, Report, verify};
