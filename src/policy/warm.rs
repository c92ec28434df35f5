//! What is heavy, and quick to make again, is kept for those who used it lately only.
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::in_cedar::InCedar;

/// How many sessions' facts are kept in Cedar's words.
const MOST: usize = 2_048;

/// Those that are kept, in the order in which they were made.
static KEPT: Mutex<VecDeque<Weak<Slot<InCedar>>>> = Mutex::new(VecDeque::new());

/// A value that may be let go at any time, and is made again when it is needed.
#[derive(Debug)]
pub(super) struct Warm<T>(Arc<Slot<T>>);

#[derive(Debug)]
struct Slot<T> {
    value: Mutex<Option<Arc<T>>>,
    /// Whether it was needed since somebody last wanted its place.
    used: AtomicBool,
}

impl Warm<InCedar> {
    /// One that was just made.
    pub(super) fn new(value: InCedar) -> Self {
        let warm = Self(Arc::new(Slot { value: Mutex::new(Some(Arc::new(value))), used: AtomicBool::new(true) }));
        keep(&mut lock(&KEPT), &warm.0, MOST);
        warm
    }

    /// The value: as it was made before, or as `make` makes it.
    pub(super) fn get_or<E>(&self, make: impl FnOnce() -> Result<InCedar, E>) -> Result<Arc<InCedar>, E> {
        self.0.used.store(true, Ordering::Relaxed);
        if let Some(value) = &*lock(&self.0.value) {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(make()?);
        *lock(&self.0.value) = Some(Arc::clone(&value));
        keep(&mut lock(&KEPT), &self.0, MOST);
        Ok(value)
    }
}

/// Keeps one more. Of those beyond `most` the oldest lose theirs; one that was used since gets another round.
fn keep<T>(kept: &mut VecDeque<Weak<Slot<T>>>, one: &Arc<Slot<T>>, most: usize) {
    kept.push_back(Arc::downgrade(one));
    while kept.len() > most {
        let Some(oldest) = kept.pop_front() else { return };
        let Some(slot) = oldest.upgrade() else { continue };
        if slot.used.swap(false, Ordering::Relaxed) {
            kept.push_back(oldest);
        } else {
            *lock(&slot.value) = None;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(kept: &mut VecDeque<Weak<Slot<u8>>>, value: u8) -> Arc<Slot<u8>> {
        let slot = Arc::new(Slot { value: Mutex::new(Some(Arc::new(value))), used: AtomicBool::new(false) });
        keep(kept, &slot, 2);
        slot
    }

    #[test]
    fn the_oldest_that_was_not_used_since_is_let_go() {
        let mut kept = VecDeque::new();
        let (one, two) = (slot(&mut kept, 1), slot(&mut kept, 2));
        one.used.store(true, Ordering::Relaxed);
        let three = slot(&mut kept, 3);
        let has = |slot: &Slot<u8>| lock(&slot.value).is_some();
        assert_eq!([&one, &two, &three].map(|slot| has(slot)), [true, false, true]);
        drop(one);
        three.used.store(true, Ordering::Relaxed);
        let four = slot(&mut kept, 4);
        assert!(has(&three) && has(&four), "what is gone needs no place");
        assert_eq!(kept.len(), 2);
    }
}
