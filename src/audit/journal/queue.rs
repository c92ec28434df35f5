//! Events on their way to the writer.
//!
//! Waking a thread costs more than writing a record. The writer sleeps deeply, and is woken, only after a while in which
//! nothing came; in between it naps, too shortly for anybody to notice, and then takes whatever has come.
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::audit::draft::Draft;

/// How many events may wait to be written: beyond that the journal does not keep up, and nothing passes.
const MOST: usize = 16_384;
/// How long the writer naps while events keep coming.
const NAP: Duration = Duration::from_millis(1);
/// After how many naps in which nothing came it sleeps deeply.
const NAPS: u32 = 8;

/// An event that waits.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) draft: Draft,
    /// Its place in the queue since the start, from 1.
    pub(super) number: u64,
    /// Whether somebody waits until it is recorded.
    pub(super) awaited: bool,
}

/// What the writer found.
pub(super) struct Taken {
    /// In the order in which they came.
    pub(super) entries: Vec<Entry>,
    /// Whether no more will come.
    pub(super) closed: bool,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Entry>,
    last: u64,
    asleep: bool,
    closed: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event, if `open` still says so, and returns its number; none when it is not taken.
    pub(super) fn push(&self, draft: Draft, awaited: bool, open: impl FnOnce() -> bool) -> Option<u64> {
        let mut state = self.state();
        if state.closed || state.entries.len() >= MOST || !open() {
            return None;
        }
        let number = state.last.saturating_add(1);
        state.last = number;
        state.entries.push(Entry { draft, number, awaited });
        let wake = std::mem::take(&mut state.asleep);
        drop(state);
        if wake {
            self.bell.notify_one();
        }
        Some(number)
    }

    /// No more events are taken.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.bell.notify_one();
    }

    /// Wakes whoever takes, though nothing may wait.
    pub(super) fn wake(&self) {
        self.state().asleep = false;
        self.bell.notify_one();
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.state().entries.len()
    }

    /// Forgets what waits.
    pub(super) fn clear(&self) {
        self.state().entries.clear();
    }

    /// Takes what waits; when nothing does, after `pause` at the latest. `naps` counts how often in a row nothing came.
    pub(super) fn take(&self, pause: Duration, naps: &mut u32) -> Taken {
        if *naps < NAPS && !self.state().closed {
            std::thread::sleep(NAP.min(pause));
        }
        let mut state = self.state();
        if state.entries.is_empty() && *naps >= NAPS && !state.closed {
            state.asleep = true;
            state = self
                .bell
                .wait_timeout_while(state, pause, |state| state.asleep && !state.closed)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            state.asleep = false;
        }
        let entries = std::mem::take(&mut state.entries);
        *naps = if entries.is_empty() { naps.saturating_add(1) } else { 0 };
        Taken { entries, closed: state.closed }
    }
}
