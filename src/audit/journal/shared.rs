//! What the journal's threads and its callers both see.
use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::audit::chain::Place;
use crate::audit::library::Library;
use crate::domain::id::EventId;
use crate::domain::time::{Clock, Uptime};
use crate::telemetry::metrics::Metrics;

use super::milestone::Milestone;
use super::queue::Queue;

/// The latest control-plane events, so that each is recorded once.
#[derive(Debug, Default)]
pub(super) struct Recent {
    order: VecDeque<EventId>,
    ids: HashSet<EventId>,
}

impl Recent {
    /// How many are remembered; the relay never has more of them under way.
    const LIMIT: usize = 4096;

    pub(super) fn contains(&self, id: &EventId) -> bool {
        self.ids.contains(id)
    }

    pub(super) fn insert(&mut self, id: EventId) {
        if self.ids.insert(id.clone()) {
            self.order.push_back(id);
        }
        if self.order.len() > Self::LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    pub(super) fn ids(&self) -> HashSet<EventId> {
        self.ids.clone()
    }
}

/// A file operation under way: since when, in nanoseconds of uptime, or 0.
#[derive(Debug, Default)]
pub(super) struct Busy(AtomicU64);

impl Busy {
    /// Runs `operation` and tells how long it took.
    pub(super) fn during<T>(&self, clock: &Clock, operation: impl FnOnce() -> T) -> (T, Duration) {
        let begin = clock.uptime();
        self.0.store(begin.as_nanos(), Ordering::Relaxed);
        let result = operation();
        self.0.store(0, Ordering::Relaxed);
        (result, clock.uptime().since(begin))
    }

    fn longer_than(&self, patience: Duration, now: Uptime) -> bool {
        let since = self.0.load(Ordering::Relaxed);
        since != 0 && now.since(Uptime::from_nanos(since)) > patience
    }
}

/// The state of one journal.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Arc<Clock>,
    pub(super) writing: Busy,
    pub(super) syncing: Busy,
    pub(super) metrics: Arc<Metrics>,
    pub(super) dropped: AtomicU64,
    pub(super) queue: Queue,
    /// Up to which entry of the queue the operating system has the records.
    pub(super) written: Milestone,
    /// Up to which entry of the queue the records are on disk.
    pub(super) synced: Milestone,
    up: AtomicBool,
    /// How often the journal went down. What was queued before counts for nothing afterwards.
    falls: AtomicU64,
    /// Whether the log says that the disk does not answer.
    told: AtomicBool,
    on_disk: Mutex<Place>,
    recent: Mutex<Recent>,
    /// Where records stand, for readers.
    pub(super) library: Arc<Library>,
    /// Whether somebody waits for a checkpoint over what there is.
    pub(super) checkpoint_wanted: AtomicBool,
}

impl Shared {
    /// The state of a journal that is not up yet.
    pub(super) fn new(clock: Arc<Clock>, metrics: Arc<Metrics>, library: Library) -> Self {
        Self {
            clock,
            metrics,
            writing: Busy::default(),
            syncing: Busy::default(),
            dropped: AtomicU64::new(0),
            queue: Queue::default(),
            written: Milestone::default(),
            synced: Milestone::default(),
            up: AtomicBool::new(false),
            falls: AtomicU64::new(0),
            told: AtomicBool::new(false),
            on_disk: Mutex::new(Place::START),
            recent: Mutex::default(),
            library: Arc::new(library),
            checkpoint_wanted: AtomicBool::new(false),
        }
    }

    /// Whether no file operation has failed since the journal was opened or recovered.
    pub(super) fn is_up(&self) -> bool {
        self.up.load(Ordering::Acquire)
    }

    /// Says that the journal can be written.
    pub(super) fn rise(&self) {
        self.up.store(true, Ordering::Release);
    }

    /// Says that the journal can no longer be written: from then on nobody finds it healthy, and whoever waits is told.
    pub(super) fn fall(&self) {
        self.falls.fetch_add(1, Ordering::SeqCst);
        self.up.store(false, Ordering::SeqCst);
        self.queue.clear();
        self.written.give_up();
        self.synced.give_up();
    }

    /// How often it fell.
    pub(super) fn falls(&self) -> u64 {
        self.falls.load(Ordering::SeqCst)
    }

    /// Whether a file operation has been under way for longer than `patience`; the log says so once.
    pub(super) fn stalled(&self, patience: Duration) -> bool {
        let now = self.clock.uptime();
        let stalled = self.writing.longer_than(patience, now) || self.syncing.longer_than(patience, now);
        if self.told.load(Ordering::Relaxed) != stalled && self.told.swap(stalled, Ordering::Relaxed) != stalled {
            if stalled {
                tracing::error!("the disk of the trail does not answer: nothing passes until it does");
            } else {
                tracing::warn!("the disk of the trail answers again");
            }
        }
        stalled
    }

    /// The last record that is known to be on disk.
    pub(super) fn on_disk(&self) -> MutexGuard<'_, Place> {
        self.on_disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The latest control-plane events in the journal.
    pub(super) fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
