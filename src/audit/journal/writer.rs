//! The thread that writes: gives queued events their place, one write for all of them; and brings the journal back up
//! after a failure.
use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::audit::chain::Chain;
use crate::audit::checkpoint::Snapshot;
use crate::audit::draft::Draft;
use crate::audit::index::{Entry as Indexed, Spot};
use crate::audit::segments::Segment;
use crate::audit::trust::Seal;
use crate::config;

use super::current::Current;
use super::file::OpenSegment;
use super::queue::Entry;
use super::sealer::{Sealer, Stamp};
use super::shared::{Recent, Shared};
use super::syncer::Order;
use super::{JournalError, recover};

/// How often an idle journal looks after its file, and one that is down tries to come back.
const TICK: Duration = Duration::from_secs(1);
/// How a journal is written.
pub(super) struct Settings {
    pub(super) dir: PathBuf,
    pub(super) node: String,
    /// Whether waiters are told when their record is on disk.
    pub(super) strict: bool,
    /// From so many bytes on a segment is full.
    pub(super) segment: u64,
    /// How often checkpoints are signed, at least.
    pub(super) checkpoint: Duration,
    pub(super) opener: OpenSegment,
    pub(super) seal: Arc<dyn Seal>,
}

impl Settings {
    /// As the configuration says.
    pub(super) fn new(audit: &config::Audit, node: &str, opener: OpenSegment, seal: Arc<dyn Seal>) -> Self {
        let strict = match audit.durability {
            config::Durability::Strict => true,
            config::Durability::Relaxed => false,
        };
        let (segment, checkpoint) = (audit.segment, audit.checkpoint.to_std());
        Self { dir: audit.dir.clone(), node: node.to_owned(), strict, segment, checkpoint, opener, seal }
    }
}

/// The writer of one journal.
pub(super) struct Writer {
    settings: Settings,
    shared: Arc<Shared>,
    /// Held until the last byte is written.
    _lock: File,
    chain: Chain,
    current: Option<Current>,
    sealer: Option<Sealer>,
}

impl Writer {
    /// A writer that has not opened its segment.
    pub(super) fn new(settings: Settings, shared: Arc<Shared>, lock: File) -> Self {
        Self { settings, shared, _lock: lock, chain: Chain::new(), current: None, sealer: None }
    }

    /// Finds the end of the chain on disk and goes on from there in the last segment, if there is room in it.
    pub(super) fn open(&mut self) -> Result<(), JournalError> {
        let Settings { dir, node, checkpoint, seal, .. } = &self.settings;
        let checkpoints = recover::checkpoints(dir, &seal.trust())?;
        let mut found = recover::scan(dir, None, checkpoints.anchors)?;
        self.shared.library.cover(found.covered.take());
        found.latest.inspect(|latest| self.shared.clock.not_before(*latest));
        let stamp = Stamp {
            dir: dir.clone(),
            node: node.clone(),
            seal: Arc::clone(seal),
            metrics: Arc::clone(&self.shared.metrics),
            library: Arc::clone(&self.shared.library),
        };
        let sealer = Sealer::start(stamp, checkpoints.end, *checkpoint, self.shared.clock.uptime());
        self.sealer = Some(sealer.map_err(|source| JournalError::Io { path: dir.clone(), source })?);
        let records = found.chain.last().seq;
        if checkpoints.end.number == 0 && records > 0 {
            tracing::warn!(
                dir = %dir.display(), records,
                "there are records and no checkpoint, and checkpoints begin again at 1. After a crash before the very first \
                 one this is so; otherwise somebody removed them: hold the trail against one that was kept elsewhere, by \
                 `chaperone audit verify --checkpoint FILE`"
            );
        }
        let (segment, end) = found.last_segment(dir, self.settings.segment);
        self.go_on(found, &segment, end)
    }

    /// As `open`, after a failure: what was known to be on disk must still be there, and the old file is left alone.
    fn reopen(&mut self) -> Result<(), JournalError> {
        let on_disk = *self.shared.on_disk();
        let found = recover::scan(&self.settings.dir, Some(on_disk), Vec::new())?;
        let segment = found.next_segment(&self.settings.dir);
        self.go_on(found, &segment, 0)
    }

    fn go_on(&mut self, found: recover::Found, segment: &Segment, end: u64) -> Result<(), JournalError> {
        found.repair(&self.settings.dir)?;
        self.begin(segment, end)?;
        *self.shared.on_disk() = found.chain.last();
        *self.shared.recent() = found.recent;
        *self.shared.library.index() = found.index;
        self.chain = found.chain;
        self.shared.rise();
        Ok(())
    }

    fn begin(&mut self, segment: &Segment, end: u64) -> Result<(), JournalError> {
        let io_error = |source| JournalError::Io { path: segment.path.clone(), source };
        let file = (self.settings.opener)(&segment.path, end).map_err(io_error)?;
        let desk = self.sealer.as_ref().and_then(Sealer::desk);
        self.current = Some(Current::new(segment.number, file, &self.shared, desk).map_err(io_error)?);
        Ok(())
    }

    /// Works until it is told to close.
    pub(super) fn run(mut self) {
        let (mut complaint, mut naps) = (String::new(), u32::MAX);
        let mut closed = false;
        while !closed {
            let taken = self.shared.queue.take(self.pause(), &mut naps);
            closed = taken.closed;
            if self.current.is_none() {
                self.come_back(&mut complaint);
            } else if !self.in_order() || !self.write(&taken.entries) || !self.look_after() {
                self.go_down();
                naps = u32::MAX;
            }
        }
        self.end();
    }

    fn pause(&self) -> Duration {
        let due = self.current.as_ref().and_then(|current| current.until_due(self.shared.clock.uptime()));
        due.map_or(TICK, |due| due.min(TICK))
    }

    /// What is due beside writing: records that were held, a checkpoint, a new segment; false when the journal is to go
    /// down.
    fn look_after(&mut self) -> bool {
        let now = self.shared.clock.uptime();
        let Some(current) = &mut self.current else { return true };
        current.send_held(now);
        let full = current.file.len() >= self.settings.segment;
        let seq = self.chain.last().seq;
        let wanted = self.shared.checkpoint_wanted.swap(false, Ordering::Relaxed);
        let due = |sealer: &Sealer| wanted && sealer.is_behind(seq) || sealer.is_due(seq, now);
        if full || self.sealer.as_ref().is_some_and(due) {
            self.ask_for_checkpoint();
        }
        !full || self.rotate()
    }

    fn ask_for_checkpoint(&mut self) {
        let (Some(current), Some(sealer)) = (&mut self.current, &mut self.sealer) else { return };
        let (now, last) = (self.shared.clock.uptime(), self.chain.last());
        let snapshot = Snapshot { at: self.shared.clock.now(), last, heads: self.chain.heads() };
        let entries = Vec::new();
        current.order(Order { upto: last, number: 0, awaited: false, snapshot: Some(snapshot), entries }, now);
        sealer.asked(last.seq, now);
    }

    /// Goes on in a new segment, once everything in the old one is on disk.
    fn rotate(&mut self) -> bool {
        let Some(full) = self.current.take() else { return false };
        let next = Segment::new(&self.settings.dir, full.number.saturating_add(1));
        let closed = full.close(&self.shared);
        let begun = closed.map_err(|source| JournalError::Io { path: next.path.clone(), source });
        match begun.and_then(|()| self.begin(&next, 0)) {
            Ok(()) => true,
            Err(error) => {
                let cause = error.source().map(ToString::to_string).unwrap_or_default();
                tracing::error!(%error, cause, "the trail cannot go on in a new segment: nothing passes until it can");
                false
            }
        }
    }

    /// Brings the rest to disk, covers it with a checkpoint, closes the files; only then the journal counts as closed.
    fn end(mut self) {
        let seq = self.chain.last().seq;
        if self.sealer.as_ref().is_some_and(|sealer| sealer.is_behind(seq)) {
            self.ask_for_checkpoint();
        }
        if let Some(Err(error)) = self.current.take().map(|current| current.close(&self.shared)) {
            tracing::error!(%error, "the trail's file could not be closed: the next start looks after it");
        }
        self.sealer = None;
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
    fn write(&mut self, batch: &[Entry]) -> bool {
        let (Some(current), Some(last)) = (&mut self.current, batch.last()) else { return true };
        let mut lines = Vec::with_capacity(batch.len().saturating_mul(2048));
        let before = self.chain.last().seq;
        let (node, begin) = (&self.settings.node, current.file.len());
        let mut entries = Vec::with_capacity(batch.len());
        let placed = batch.iter().try_for_each(|Entry { draft, .. }| {
            let at = begin.saturating_add(lines.len() as u64);
            if place(&mut self.chain, &self.shared, node, draft, &mut lines)?
                && let Some(workspace) = draft.workspace.clone()
            {
                entries.push(Indexed { workspace, spot: Spot::new(current.number, at, draft.tags, draft.kind) });
            }
            serde_json::Result::Ok(())
        });
        if let Err(error) = placed {
            tracing::error!(%error, "the trail's lines cannot be written as JSON: nothing passes");
            return false;
        }
        if !lines.is_empty() {
            let (result, _) = self.shared.writing.during(&self.shared.clock, || current.file.write(&lines));
            if let Err(error) = result {
                tracing::error!(%error, "the trail cannot be written: nothing passes until it can");
                return false;
            }
        }
        self.shared.metrics.audit_records_total.inc_by(self.chain.last().seq.saturating_sub(before));
        let awaited = self.settings.strict && batch.iter().any(|entry| entry.awaited);
        let order = Order { upto: self.chain.last(), number: last.number, awaited, snapshot: None, entries };
        current.order(order, self.shared.clock.uptime());
        self.shared.written.reach(last.number);
        true
    }

    /// Refuses everything that is queued, and never touches the file again through its descriptor.
    fn go_down(&mut self) {
        self.shared.fall();
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
        self.shared.fall();
    }
}

/// Gives `draft` its place in `lines`; false for a control-plane event that is in the journal already, because its relay did
/// not hear the first answer: it counts as recorded.
fn place(
    chain: &mut Chain,
    shared: &Shared,
    node: &str,
    draft: &Draft,
    lines: &mut Vec<u8>,
) -> serde_json::Result<bool> {
    let control = draft.kind.is_control();
    if control && shared.recent().contains(&draft.event_id) {
        return Ok(false);
    }
    chain.append(draft, node, lines)?;
    if control {
        shared.recent().insert(draft.event_id.clone());
    }
    Ok(true)
}
