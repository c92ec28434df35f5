//! The trail: an append-only journal of hash-chained JSON Lines. No access without a durable record.
//!
//! * `event`: what is recorded; `kind`: under which word. `notice`: who is told of it. `draft`: an event written out, but for
//!   its place.
//! * `record`: one line, its bytes and its hash (`digest`). `chain`: how the lines follow each other; the same code writes
//!   and verifies. `flaw`: what can be wrong with a line. `segments`: the files that the lines stand in.
//! * `journal`: durable, with group commit: many requests share one write and one fsync.
//! * `checkpoint`: a signed line that says how far the trail had come, with the root of a tree over all workspaces
//!   (`merkle`). `trust`: who signs, whose signature counts. `anchors`: checkpoints held against the records.
//! * `index`: where each workspace's records stand, so that `reader` finds them; `library`: what both share with the
//!   threads of the journal.
//! * `verify`, `export` (in a `form`), `proof`, `tail`: for auditors and customers. `find`: one decision, to be explained.
//!   `end`: the last records, for a quick look.
//!
//! docs/TRAIL.md describes the format for whoever wants to verify it with a program of their own.
mod anchors;
mod chain;
mod checkpoint;
mod digest;
mod draft;
mod end;
mod event;
mod export;
mod find;
mod flaw;
mod form;
mod index;
mod journal;
mod kind;
mod library;
mod merkle;
mod notice;
mod proof;
mod reader;
mod record;
mod segments;
mod tail;
mod trust;
mod verify;

#[cfg(test)]
pub(crate) mod samples;

pub use anchors::checkpoints;
pub use draft::{AccessBy, AccessDecision, AccessEvent, AccessRequest, Draft, Told};
pub use end::{Link, last_links, newest_checkpoint};
pub use event::{Decision, Event, Outcome, RequestFacts, Response};
pub use export::{ExportError, export, export_workspace};
pub use find::{Decided, decided};
pub use form::Form;
pub use journal::{Appended, Journal, JournalError, OpenSegment, SegmentFile, Unavailable, open_segment};
pub use kind::Kind;
pub use notice::{Audience, Notice};
pub use reader::{Found, Query, Reader, WorkspaceExport};
pub use tail::{Filter, Tail};
pub use trust::{Seal, Trust, TrustError};
pub use verify::{Anchored, Evidence, Mark, Problem, Report, verify, verify_export};
