//! The journal: durable, with group commit.
//!
//! Two threads of its own: the `writer` gives every event of the `queue` its place and hands all of them to the operating
//! system in one write (`milestone` tells who waits for that); the `syncer` brings what was written to disk, while the writer goes on. Any failure takes the
//! journal down at once; the writer then tries to `recover` in a new segment. A third thread, the `sealer`, signs
//! checkpoints over what is on disk. `current` is the segment being written, `file` the seam to the disk.
mod current;
mod file;
mod milestone;
mod queue;
mod recover;
mod sealer;
mod shared;
mod syncer;
mod writer;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt::Display;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::config;
use crate::domain::id::EventId;
use crate::domain::time::Clock;
use crate::telemetry::metrics::Metrics;
use rustix::fs::{FlockOperation, flock};

use super::draft::Draft;
use super::library::Library;
use super::reader::Reader;
use super::trust::Seal;
pub use file::{OpenSegment, SegmentFile, open_segment};
use milestone::Milestone;
use shared::Shared;
use writer::{Settings, Writer};

/// How long anybody waits for the disk; a file operation that takes longer makes the journal unhealthy until it ends.
const PATIENCE: Duration = Duration::from_millis(900);
/// The file whose lock says that a process writes the journal.
const LOCK: &str = "lock";

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
        source: io::Error,
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

/// A record on its way.
#[derive(Debug)]
pub struct Appended {
    shared: Arc<Shared>,
    /// Its place in the queue.
    number: u64,
    /// How often the journal had fallen when it was queued.
    falls: u64,
    strict: bool,
    patience: Duration,
}

impl Appended {
    /// Waits until the record is as safe as it must be before anything that it tells of may be seen: on disk in `strict`
    /// durability, with the operating system in `relaxed`.
    ///
    /// # Errors
    /// When it cannot be brought there, or not within 900 ms.
    pub async fn durable(self) -> Result<(), Unavailable> {
        let milestone = if self.strict { &self.shared.synced } else { &self.shared.written };
        self.past(milestone).await
    }

    /// Waits until the operating system has the record.
    async fn written(&self) -> Result<(), Unavailable> {
        self.past(&self.shared.written).await
    }

    async fn past(&self, milestone: &Milestone) -> Result<(), Unavailable> {
        if !milestone.is_past(self.number)
            && let Some(told) = milestone.wait(self.number, || self.counts())
        {
            let told = Box::pin(tokio::time::timeout(self.patience, told)).await;
            told.map_err(|_| Unavailable)?.map_err(|_| Unavailable)?;
        }
        if self.counts() { Ok(()) } else { Err(Unavailable) }
    }

    /// Whether the journal has not fallen since: then some records were lost, perhaps this one.
    fn counts(&self) -> bool {
        self.shared.falls() == self.falls
    }
}

/// The open journal of one node.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    strict: bool,
    patience: Duration,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Opens the journal, verifies it, sets a torn last line aside, tells `clock` the latest time of a record. `seal`
    /// signs its checkpoints.
    ///
    /// # Errors
    /// When it cannot be written, is held by another process, or is not intact.
    pub fn open(
        audit: &config::Audit,
        node: &str,
        clock: &Arc<Clock>,
        metrics: &Arc<Metrics>,
        seal: Arc<dyn Seal>,
    ) -> Result<Arc<Self>, JournalError> {
        Self::open_through(Box::new(open_segment), audit, node, (clock, metrics), seal)
    }

    /// As [`Journal::open`], with segments that are opened by `opener`.
    ///
    /// # Errors
    /// The same.
    pub fn open_through(
        opener: OpenSegment,
        audit: &config::Audit,
        node: &str,
        (clock, metrics): (&Arc<Clock>, &Arc<Metrics>),
        seal: Arc<dyn Seal>,
    ) -> Result<Arc<Self>, JournalError> {
        let settings = Settings::new(audit, node, opener, seal);
        Self::open_with(settings, (clock, metrics), PATIENCE)
    }

    fn open_with(
        settings: Settings,
        (clock, metrics): (&Arc<Clock>, &Arc<Metrics>),
        patience: Duration,
    ) -> Result<Arc<Self>, JournalError> {
        let dir = settings.dir.clone();
        let io_error = |source| JournalError::Io { path: dir.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(io_error)?;
        let lock = lock(&dir).map_err(io_error)?.ok_or_else(|| JournalError::Locked(dir.clone()))?;
        let library = Library::new(dir.clone());
        let shared = Arc::new(Shared::new(Arc::clone(clock), Arc::clone(metrics), library));
        let strict = settings.strict;
        let mut writer = Writer::new(settings, Arc::clone(&shared), lock);
        writer.open()?;
        let thread = std::thread::Builder::new().name("trail-write".into());
        let thread = thread.spawn(move || writer.run()).map_err(io_error)?;
        Ok(Arc::new(Self { shared, strict, patience, thread: Mutex::new(Some(thread)) }))
    }

    /// Appends an event. In `strict` durability it returns when the operating system has the record; in `relaxed` at once,
    /// and the record is written within a millisecond. A control-plane event that is among the latest in the journal is not
    /// written again, so that its relay may repeat it.
    ///
    /// # Errors
    /// When it cannot be written, or not within 900 ms: then the request may not pass.
    pub async fn append(&self, event: impl TryInto<Draft, Error: Display>) -> Result<Appended, Unavailable> {
        let appended = self.submit(event, true).ok_or(Unavailable)?;
        if self.strict {
            appended.written().await?;
        }
        Ok(appended)
    }

    /// Queues an event whose loss would hide nothing that passed, such as a completion; drops it when the journal is
    /// down or its queue is full. Never waits.
    pub fn note(&self, event: impl TryInto<Draft, Error: Display>) {
        if self.submit(event, false).is_none() {
            let dropped = self.shared.dropped.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            // The first, the second, the fourth, …: enough to be seen, too few to flood.
            if dropped.is_power_of_two() {
                tracing::warn!(dropped, "notes for the trail were dropped: it is down, or its queue is full");
            }
        }
    }

    fn submit(&self, event: impl TryInto<Draft, Error: Display>, awaited: bool) -> Option<Appended> {
        if !self.healthy() {
            return None;
        }
        let draft = event.try_into();
        let draft =
            draft.inspect_err(|error| tracing::error!(%error, "an event cannot be written as JSON: it is refused"));
        let (mut falls, shared) = (0, &self.shared);
        let open = || {
            falls = shared.falls();
            shared.is_up()
        };
        let number = shared.queue.push(draft.ok()?, awaited, open)?;
        Some(Appended { shared: Arc::clone(shared), number, falls, strict: self.strict, patience: self.patience })
    }

    /// Which of the latest control-plane events (all kinds but `access.*`) the journal already holds: the relay asks
    /// after a restart, so that each is appended once.
    #[must_use]
    pub fn recent_control_events(&self) -> HashSet<EventId> {
        self.shared.recent().ids()
    }

    /// Reads the records of workspaces.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared.library))
    }

    /// Asks for a checkpoint over all that is recorded, unless one covers it already; the reader sees it when it is signed.
    pub fn ask_for_checkpoint(&self) {
        self.shared.checkpoint_wanted.store(true, Ordering::Relaxed);
        self.shared.queue.wake();
    }

    /// Whether records can be written, as far as is known.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.shared.is_up() && !self.shared.stalled(self.patience)
    }

    /// Events that wait to be written.
    #[must_use]
    pub fn queue(&self) -> usize {
        self.shared.queue.len()
    }

    /// Writes what is queued, brings it to disk and closes the file. From then on appending fails.
    pub async fn close(&self) {
        self.shared.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the writer has said so by itself, and there is nothing left to close.
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}

/// Takes the lock of the journal in `dir`; none when another process holds it.
fn lock(dir: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(file::MODE).open(dir.join(LOCK))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether a process writes the journal in `dir` now.
pub(super) fn is_being_written(dir: &Path) -> bool {
    let Ok(file) = File::open(dir.join(LOCK)) else { return false };
    flock(&file, FlockOperation::NonBlockingLockShared) == Err(rustix::io::Errno::WOULDBLOCK)
}
