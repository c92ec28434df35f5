//! The segment that is being written, and the records of it that may wait for company on their way to disk.
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::audit::checkpoint::Snapshot;
use crate::domain::time::Uptime;

use super::file::SegmentFile;
use super::shared::Shared;
use super::syncer::{Order, Syncer};

/// How long records that nobody waits for may wait for company: `relaxed` promises 50 ms, fsync included.
const GATHER: Duration = Duration::from_millis(25);

/// The segment that is being written.
pub(super) struct Current {
    pub(super) number: u32,
    pub(super) file: Arc<dyn SegmentFile>,
    syncer: Syncer,
    /// What the syncer has not been told yet, and since when.
    held: Option<(Order, Uptime)>,
}

impl Current {
    /// Begins to bring `file`, the segment of this number, to disk.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn new(
        number: u32,
        file: Arc<dyn SegmentFile>,
        shared: &Arc<Shared>,
        desk: Option<Sender<Snapshot>>,
    ) -> io::Result<Self> {
        let syncer = Syncer::start(Arc::clone(&file), Arc::clone(shared), desk)?;
        Ok(Self { number, file, syncer, held: None })
    }

    /// Has `order` brought to disk: at once if somebody waits, else within a moment.
    pub(super) fn order(&mut self, order: Order, now: Uptime) {
        match &mut self.held {
            Some((held, _)) => held.join(order),
            None => self.held = Some((order, now)),
        }
        self.send_held(now);
    }

    /// Sends what was held long enough.
    pub(super) fn send_held(&mut self, now: Uptime) {
        if let Some((order, _)) = self.held.take_if(|(order, since)| !order.has_time() || now.since(*since) >= GATHER) {
            self.syncer.send(order);
        }
    }

    /// How long until something is to be sent.
    pub(super) fn until_due(&self, now: Uptime) -> Option<Duration> {
        self.held.as_ref().map(|(_, since)| GATHER.saturating_sub(now.since(*since)))
    }

    /// Brings the rest to disk and cuts off the zeros.
    ///
    /// # Errors
    /// When that fails; after an earlier failure the file is left alone.
    pub(super) fn close(self, shared: &Shared) -> io::Result<()> {
        let Self { file, syncer, held, .. } = self;
        if let Some((order, _)) = held {
            syncer.send(order);
        }
        drop(syncer);
        if shared.is_up() { file.close() } else { Ok(()) }
    }
}
