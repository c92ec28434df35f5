//! How far the journal has come, and who waits until it has come far enough.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Milestone {
    reached: AtomicU64,
    waiting: Mutex<Vec<(u64, oneshot::Sender<()>)>>,
}

impl Milestone {
    /// Whether `number` is reached.
    pub(super) fn is_past(&self, number: u64) -> bool {
        self.reached.load(Ordering::Acquire) >= number
    }

    /// Resolves when `number` is reached, with an error when it will not be; none: it is reached already. `open` is asked
    /// while nobody can be told that it will not be.
    pub(super) fn wait(&self, number: u64, open: impl FnOnce() -> bool) -> Option<oneshot::Receiver<()>> {
        let mut waiting = self.waiting();
        if self.is_past(number) {
            return None;
        }
        let (told, wait) = oneshot::channel();
        if open() {
            waiting.push((number, told));
        }
        Some(wait)
    }

    /// Everything up to `number` is reached.
    pub(super) fn reach(&self, number: u64) {
        let mut waiting = self.waiting();
        self.reached.fetch_max(number, Ordering::Release);
        for (_, told) in waiting.extract_if(.., |(awaited, _)| *awaited <= number) {
            // Whoever went away has a record too many, never one too few.
            let _ = told.send(());
        }
    }

    /// Tells everybody who waits that it will not be.
    pub(super) fn give_up(&self) {
        self.waiting().clear();
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(u64, oneshot::Sender<()>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
