//! What many sessions have in common is kept once: an engineer, a workspace.
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Values in use, by their ids.
#[derive(Debug)]
pub(super) struct Shared<K, V>(Mutex<HashMap<K, Weak<V>>>);

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: PartialEq> Shared<K, V> {
    /// `value`, which others may hold too, if they hold the very same.
    pub(super) fn share(&self, id: K, value: V) -> Arc<V> {
        let mut known = self.known();
        let same = known.get(&id).and_then(Weak::upgrade).filter(|kept| **kept == value);
        same.unwrap_or_else(|| {
            let value = Arc::new(value);
            known.insert(id, Arc::downgrade(&value));
            value
        })
    }

    /// Forgets what nobody holds any more.
    pub(super) fn tidy(&self) {
        self.known().retain(|_, value| value.strong_count() > 0);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<K, Weak<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_kept_once_and_what_changed_beside_it() {
        let shared = Shared::default();
        let one = shared.share("ada", 1);
        assert!(Arc::ptr_eq(&one, &shared.share("ada", 1)));
        assert!(!Arc::ptr_eq(&one, &shared.share("ada", 2)));
        assert!(!Arc::ptr_eq(&one, &shared.share("ben", 1)));
        drop(one);
        shared.tidy();
        assert!(shared.known().is_empty());
    }
}
