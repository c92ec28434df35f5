//! The journal: durable, with group commit.
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config;
use crate::domain::id::EventId;
use crate::domain::time::Clock;

use super::event::Event;

/// Why the journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system says no.
    #[error("cannot open the trail `{path}`")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process writes it.
    #[error("the trail `{0}` is written by another process: stop it, or give this one a folder of its own")]
    Locked(PathBuf),
    /// What is there is not an intact chain.
    #[error(
        "the trail `{path}` is not intact: {problem}; run `chaperone audit verify`, and move it aside to begin a new one"
    )]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and in which line.
        problem: String,
    },
}

/// The trail cannot be written now: nothing passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the trail cannot be written")]
pub struct Unavailable;

/// A record that the operating system has.
#[derive(Debug)]
pub struct Appended {}

impl Appended {
    /// Waits until the record is on disk; in `relaxed` durability it returns at once.
    ///
    /// # Errors
    /// When it cannot be brought there.
    pub async fn durable(self) -> Result<(), Unavailable> {
        todo!()
    }
}

/// The open journal of one node.
#[derive(Debug)]
pub struct Journal {}

impl Journal {
    /// Opens the journal, checks its last part, cuts off a torn last line, tells `clock` the last record's time.
    ///
    /// # Errors
    /// When it cannot be written, is held by another process, or is not intact.
    pub fn open(audit: &config::Audit, node: &str, clock: &Arc<Clock>) -> Result<Arc<Self>, JournalError> {
        let _ = (audit, node, clock);
        todo!()
    }

    /// Appends an event: returns when the operating system has the record.
    ///
    /// # Errors
    /// When it cannot be written: then the request may not pass.
    pub async fn append(&self, event: Event) -> Result<Appended, Unavailable> {
        let _ = event;
        todo!()
    }

    /// Queues an event whose loss would hide nothing that passed, such as a completion; drops it when the journal is
    /// down. Never waits.
    pub fn note(&self, event: Event) {
        let _ = event;
        todo!()
    }

    /// Which of the latest control-plane events (all kinds but `access.*`) the journal already holds: the relay asks
    /// after a restart, so that each is appended once.
    #[must_use]
    pub fn recent_control_events(&self) -> HashSet<EventId> {
        todo!()
    }

    /// Whether records can be written, as far as is known.
    #[must_use]
    pub fn healthy(&self) -> bool {
        todo!()
    }

    /// Writes what is queued, brings it to disk and closes the file.
    pub async fn close(&self) {
        todo!()
    }
}
