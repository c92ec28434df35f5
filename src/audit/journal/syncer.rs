//! The thread that brings a segment to disk: one fsync for everything written so far, then everybody who waits is told at once.
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::audit::chain::Place;
use crate::audit::checkpoint::Snapshot;
use crate::audit::index::Entry;

use super::file::SegmentFile;
use super::shared::Shared;

/// Records that were written, and who waits until they are on disk.
pub(super) struct Order {
    /// The last of the records.
    pub(super) upto: Place,
    /// Up to which entry of the queue that is.
    pub(super) number: u64,
    /// Whether somebody waits until they are on disk.
    pub(super) awaited: bool,
    /// What a checkpoint is to be made of, once the records are on disk.
    pub(super) snapshot: Option<Snapshot>,
    /// Where the records stand.
    pub(super) entries: Vec<Entry>,
}

impl Order {
    /// Brings the records of `later` to disk with its own.
    pub(super) fn join(&mut self, later: Self) {
        self.upto = later.upto;
        self.number = self.number.max(later.number);
        self.awaited |= later.awaited;
        self.snapshot = later.snapshot.or(self.snapshot.take());
        self.entries.extend(later.entries);
    }

    /// Whether nobody and nothing waits for it.
    pub(super) fn has_time(&self) -> bool {
        !self.awaited && self.snapshot.is_none()
    }
}

/// The thread of one segment. Dropping it brings the rest to disk and waits for that.
pub(super) struct Syncer {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Starts the thread for `file`; snapshots whose records are on disk go to `desk`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        file: Arc<dyn SegmentFile>,
        shared: Arc<Shared>,
        desk: Option<Sender<Snapshot>>,
    ) -> io::Result<Self> {
        let (orders, inbox) = channel();
        let thread = std::thread::Builder::new().name("trail-sync".into());
        let thread = thread.spawn(move || run(&*file, &shared, &inbox, desk.as_ref()))?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Asks for `order` to be brought to disk.
    pub(super) fn send(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // After a failure nobody receives; whoever waits has been told.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.orders = None;
        // A panic of the thread has said so by itself; whoever waits loses patience.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn run(file: &dyn SegmentFile, shared: &Shared, inbox: &Receiver<Order>, desk: Option<&Sender<Snapshot>>) {
    let mut room = true;
    while let Ok(mut order) = inbox.recv() {
        for later in inbox.try_iter() {
            order.join(later);
        }
        // Once an operation on this descriptor has failed, a later fsync may succeed and mean nothing (fsyncgate).
        if !shared.is_up() || !bring_to_disk(file, shared, &order) {
            return;
        }
        let entries = std::mem::take(&mut order.entries);
        shared.library.index().extend(entries);
        if let Some((desk, snapshot)) = desk.zip(order.snapshot) {
            // The desk is open as long as the journal.
            let _ = desk.send(snapshot);
        }
        // Zeros make an fsync cheap: nobody waits for one but in strict durability.
        if !order.awaited {
            continue;
        }
        match file.prepare() {
            Ok(false) => room = true,
            Ok(true) => {
                room = true;
                if !sync(file, shared) {
                    return;
                }
            }
            Err(error) if room => {
                room = false;
                tracing::warn!(%error, "no room ahead for the trail: it is written until its file is full");
            }
            Err(_) => {}
        }
    }
}

/// Brings what was written to disk, and tells who waits; false when it cannot be.
fn bring_to_disk(file: &dyn SegmentFile, shared: &Shared, order: &Order) -> bool {
    if *shared.on_disk() != order.upto {
        if !sync(file, shared) {
            return false;
        }
        *shared.on_disk() = order.upto;
    }
    shared.synced.reach(order.number);
    true
}

fn sync(file: &dyn SegmentFile, shared: &Shared) -> bool {
    let (result, took) = shared.syncing.during(&shared.clock, || file.sync());
    match result {
        Ok(()) => shared.metrics.audit_flush_seconds.observe(took.as_secs_f64()),
        Err(error) => {
            shared.fall();
            tracing::error!(%error, "the trail cannot be brought to disk: nothing passes until it can");
            return false;
        }
    }
    true
}
