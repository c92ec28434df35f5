//! The trail: an append-only journal of hash-chained JSON Lines. No access without a durable record.
//!
//! * `event`: what is recorded.
//! * `chain`: how a record is written and hashed; the same code writes and verifies.
//! * `journal`: durable, with group commit: many requests share one write and one fsync.
//! * `verify`, `export`: for auditors.
mod chain;
mod event;
mod export;
mod journal;
mod verify;

pub use event::{Decision, Event, Kind, Outcome, RequestFacts, Response};
pub use export::{ExportError, export};
pub use journal::{Appended, Journal, JournalError, Unavailable};
pub use verify::{Report, verify};
