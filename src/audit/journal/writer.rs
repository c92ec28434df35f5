//! The thread that writes: gives queued events their place, one write for all of them; and brings the journal back up
//! after a failure.
use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::audit::chain::Chain;
use crate::audit::event::Event;
use crate::audit::segments::Segment;

use super::file::{Opener, SegmentFile};
use super::shared::{Recent, Shared};
use super::syncer::{Order, Syncer};
use super::{JournalError, recover};

/// How often an idle journal looks after its file, and one that is down tries to come back.
const TICK: Duration = Duration::from_secs(1);
/// The most records in one write.
const BATCH: usize = 1024;

/// What a written record's waiter gets: in `strict` durability, the bell that rings when it is on disk.
pub(super) type Written = Option<oneshot::Receiver<()>>;

/// An event in the queue.
pub(super) struct Entry {
    pub(super) event: Event,
    /// Who waits until it is written; dropped without an answer when it cannot be. Nobody waits for a note.
    pub(super) written: Option<oneshot::Sender<Written>>,
    /// Its room in the queue, given back when the entry is dropped.
    pub(super) _room: OwnedSemaphorePermit,
}

/// What the writer is told.
pub(super) enum Message {
    /// Write this.
    Entry(Box<Entry>),
    /// Write what is queued, and end.
    Close,
}

struct Current {
    file: Arc<dyn SegmentFile>,
    syncer: Syncer,
}

/// The writer of one journal.
pub(super) struct Writer {
    dir: PathBuf,
    node: String,
    strict: bool,
    opener: Opener,
    shared: Arc<Shared>,
    /// Held until the last byte is written.
    _lock: File,
    chain: Chain,
    current: Option<Current>,
    closing: bool,
}

impl Writer {
    /// A writer that has not opened its segment.
    pub(super) fn new(dir: PathBuf, node: &str, strict: bool, opener: Opener, shared: Arc<Shared>, lock: File) -> Self {
        let node = node.to_owned();
        Self { dir, node, strict, opener, shared, _lock: lock, chain: Chain::new(), current: None, closing: false }
    }

    /// Finds the end of the chain on disk and goes on from there in the last segment.
    pub(super) fn open(&mut self) -> Result<(), JournalError> {
        let found = recover::scan(&self.dir, None)?;
        found.latest.inspect(|latest| self.shared.clock.not_before(*latest));
        let segment = found.last_segment(&self.dir);
        self.go_on(found, &segment)
    }

    /// As `open`, after a failure: what was known to be on disk must still be there, and the old file is left alone.
    fn reopen(&mut self) -> Result<(), JournalError> {
        let on_disk = *self.shared.on_disk();
        let found = recover::scan(&self.dir, Some(on_disk))?;
        let segment = found.next_segment(&self.dir);
        self.go_on(found, &segment)
    }

    fn go_on(&mut self, found: recover::Found, segment: &Segment) -> Result<(), JournalError> {
        found.repair(&self.dir)?;
        let io_error = |source| JournalError::Io { path: segment.path.clone(), source };
        let file = (self.opener)(&segment.path).map_err(io_error)?;
        let syncer = Syncer::start(Arc::clone(&file), Arc::clone(&self.shared)).map_err(io_error)?;
        self.current = Some(Current { file, syncer });
        *self.shared.on_disk() = found.chain.last();
        *self.shared.recent() = found.recent;
        self.chain = found.chain;
        self.shared.set_up(true);
        Ok(())
    }

    /// Works until it is told to close, or the journal is gone.
    pub(super) fn run(mut self, inbox: &Receiver<Message>) {
        let mut complaint = String::new();
        while !self.closing {
            match inbox.recv_timeout(TICK) {
                Ok(first) => {
                    let batch = self.collect(first, inbox);
                    let written = batch.is_empty() || (self.in_order() && self.write(batch));
                    if !written {
                        self.go_down(inbox);
                    }
                }
                Err(RecvTimeoutError::Timeout) if self.current.is_none() => self.come_back(&mut complaint),
                Err(RecvTimeoutError::Timeout) => {
                    if !self.in_order() {
                        self.go_down(inbox);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // Ends the syncer, which brings the rest to disk; only then the journal counts as closed.
        self.current = None;
    }

    fn collect(&mut self, first: Message, inbox: &Receiver<Message>) -> Vec<Entry> {
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Entry(entry) => batch.push(*entry),
                Message::Close => self.closing = true,
            }
            next = if self.closing || batch.len() >= BATCH { None } else { inbox.try_recv().ok() };
        }
        batch
    }

    /// Whether no fsync has failed and the file is still where it belongs.
    fn in_order(&self) -> bool {
        let Some(current) = self.current.as_ref().filter(|_| self.shared.is_up()) else { return false };
        match current.file.in_place() {
            Ok(true) => return true,
            Ok(false) => tracing::error!("the trail's file was removed or replaced: nothing passes until it is back"),
            Err(error) => tracing::error!(%error, "the trail's file cannot be found: nothing passes until it can"),
        }
        false
    }

    /// Writes all of `batch` at once; false when the journal is to go down.
    fn write(&mut self, mut batch: Vec<Entry>) -> bool {
        let Some(current) = &self.current else { return false };
        let mut lines = Vec::with_capacity(batch.len().saturating_mul(1024));
        let before = self.chain.last().seq;
        batch.retain(|entry| place(&mut self.chain, &self.shared, &self.node, &entry.event, &mut lines));
        if !lines.is_empty() {
            let (result, _) = self.shared.writing.during(&self.shared.clock, || current.file.write(&lines));
            if let Err(error) = result {
                // Before the batch is dropped, which tells its waiters: from then on nobody may find us healthy.
                self.shared.set_up(false);
                tracing::error!(%error, "the trail cannot be written: nothing passes until it can");
                return false;
            }
        }
        self.shared.metrics.audit_records_total.inc_by(self.chain.last().seq.saturating_sub(before));
        let mut waiters = Vec::new();
        let mut answers = Vec::with_capacity(batch.len());
        for written in batch.into_iter().filter_map(|entry| entry.written) {
            let on_disk = self.strict.then(|| {
                let (bell, on_disk) = oneshot::channel();
                waiters.push(bell);
                on_disk
            });
            answers.push((written, on_disk));
        }
        current.syncer.send(Order { upto: self.chain.last(), waiters });
        for (written, on_disk) in answers {
            // Whoever went away has a record too many, never one too few.
            let _ = written.send(on_disk);
        }
        true
    }

    /// Refuses everything that is queued, and never touches the file again through its descriptor.
    fn go_down(&mut self, inbox: &Receiver<Message>) {
        self.shared.set_up(false);
        for message in inbox.try_iter() {
            match message {
                Message::Entry(refused) => drop(refused),
                Message::Close => self.closing = true,
            }
        }
        self.current = None;
        // Which of the latest events are on disk is known again when the disk has been read.
        *self.shared.recent() = Recent::default();
    }

    fn come_back(&mut self, complaint: &mut String) {
        match self.reopen() {
            Ok(()) => {
                complaint.clear();
                tracing::warn!(seq = self.chain.last().seq, "the trail can be written again, in a new segment");
            }
            Err(error) => {
                let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
                let error = format!("{error}{cause}");
                // Said once, not every second.
                if *complaint != error {
                    tracing::error!(%error, "the trail stays down, and nothing passes, until this is repaired");
                    *complaint = error;
                }
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.set_up(false);
    }
}

/// Gives `event` its place in `lines`; false when it cannot be recorded at all. A control-plane event that is in the
/// journal already, because its relay did not hear the first answer, counts as recorded.
fn place(chain: &mut Chain, shared: &Shared, node: &str, event: &Event, lines: &mut Vec<u8>) -> bool {
    let control = event.kind.is_control();
    if control && shared.recent().contains(&event.event_id) {
        return true;
    }
    if let Err(error) = chain.append(event, node, lines) {
        tracing::error!(%error, event = %event.event_id, "an event cannot be written as JSON: it is refused");
        return false;
    }
    if control {
        shared.recent().insert(event.event_id.clone());
    }
    true
}
