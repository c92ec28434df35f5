//! The thread that brings a segment to disk: one fsync for everything written so far, then every waiter at once.
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::audit::chain::Place;

use super::file::SegmentFile;
use super::shared::Shared;

/// How long records that nobody waits for may wait for company: `relaxed` promises 50 ms, fsync included.
const GATHER: Duration = Duration::from_millis(25);

/// Records that were written, and who waits until they are on disk.
pub(super) struct Order {
    /// The last of the records.
    pub(super) upto: Place,
    /// Who waits. Dropping a waiter tells it that the record is not known to be on disk.
    pub(super) waiters: Vec<oneshot::Sender<()>>,
}

impl Order {
    fn join(&mut self, later: Self) {
        self.upto = later.upto;
        self.waiters.extend(later.waiters);
    }
}

/// The thread of one segment. Dropping it brings the rest to disk and waits for that.
pub(super) struct Syncer {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Starts the thread for `file`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(file: Arc<dyn SegmentFile>, shared: Arc<Shared>) -> io::Result<Self> {
        let (orders, inbox) = channel();
        let thread =
            std::thread::Builder::new().name("trail-sync".into()).spawn(move || run(&*file, &shared, &inbox))?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Asks for `order` to be brought to disk.
    pub(super) fn send(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // After a failure nobody receives: the waiters are dropped with the order, and so are told.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.orders = None;
        // A panic of the thread has dropped its waiters, which told them.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn run(file: &dyn SegmentFile, shared: &Shared, inbox: &Receiver<Order>) {
    while let Ok(first) = inbox.recv() {
        let order = gather(first, shared, inbox);
        // Once an operation on this descriptor has failed, a later fsync may succeed and mean nothing (fsyncgate).
        if !shared.is_up() {
            return;
        }
        let (result, took) = shared.syncing.during(&shared.clock, || file.sync());
        if let Err(error) = result {
            shared.set_up(false);
            tracing::error!(%error, "the trail cannot be brought to disk: nothing passes until it can");
            return;
        }
        *shared.on_disk() = order.upto;
        shared.metrics.audit_flush_seconds.observe(took.as_secs_f64());
        for waiter in order.waiters {
            // Whoever went away does not need to know.
            let _ = waiter.send(());
        }
    }
}

fn gather(first: Order, shared: &Shared, inbox: &Receiver<Order>) -> Order {
    let mut order = first;
    let begin = shared.clock.uptime();
    while order.waiters.is_empty() {
        let left = GATHER.saturating_sub(shared.clock.uptime().since(begin));
        let Ok(later) = inbox.recv_timeout(left) else { break };
        order.join(later);
    }
    for later in inbox.try_iter() {
        order.join(later);
    }
    order
}
