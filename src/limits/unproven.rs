//! Whoever presents what turns out to be nobody's, again and again: each attempt is a read of the store or a signature to
//! check. Attempts are counted when they have failed, so that many live sessions behind one address cost it nothing; and
//! whoever has failed too often is turned away before the next attempt costs anything.
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::Rate;
use crate::domain::time::{Clock, Uptime};

use super::rates::Rates;
use super::source::Source;

/// Who has failed how often of late, and who is turned away until when.
#[derive(Debug)]
pub(super) struct Unproven {
    failures: Rates<Source>,
    turned_away: Mutex<HashMap<Source, Uptime>>,
    /// Whether anybody is turned away: mostly nobody is, and then nobody waits for the lock.
    any: AtomicBool,
    clock: Arc<Clock>,
}

impl Unproven {
    /// At most `rate` failures for each.
    pub(super) fn new(rate: Rate, clock: &Arc<Clock>) -> Self {
        let (turned_away, any) = (Mutex::default(), AtomicBool::new(false));
        Self { failures: Rates::new(rate, clock), turned_away, any, clock: Arc::clone(clock) }
    }

    /// Whether `source` may try.
    pub(super) fn may_try(&self, source: Source) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return true;
        }
        let until = self.turned_away().get(&source).copied();
        until.is_none_or(|until| until <= self.clock.uptime())
    }

    /// Counts an attempt of `source` that failed.
    pub(super) fn failed(&self, source: Source) {
        if let Err(wait) = self.failures.count(&source) {
            let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
            let until = Uptime::from_nanos(self.clock.uptime().as_nanos().saturating_add(nanos));
            self.turned_away().insert(source, until);
            self.any.store(true, Ordering::Relaxed);
        }
    }

    /// Forgets whoever may try again.
    pub(super) fn forget(&self) {
        self.failures.forget();
        let now = self.clock.uptime();
        let mut turned_away = self.turned_away();
        turned_away.retain(|_, until| now < *until);
        self.any.store(!turned_away.is_empty(), Ordering::Relaxed);
    }

    fn turned_away(&self) -> MutexGuard<'_, HashMap<Source, Uptime>> {
        self.turned_away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn whoever_failed_too_often_is_turned_away_and_nobody_else() {
        let n = |n| NonZeroU32::new(n).unwrap();
        let unproven = Unproven::new(Rate { per_second: n(1), burst: n(3) }, &Clock::system());
        let source = |last| Source::from(IpAddr::from([192, 0, 2, last]));
        for _ in 0..4 {
            assert!(unproven.may_try(source(1)));
            unproven.failed(source(1));
        }
        assert!(!unproven.may_try(source(1)));
        assert!(unproven.may_try(source(2)));
        unproven.forget();
        assert!(!unproven.may_try(source(1)), "it is not over yet");
    }

    #[test]
    fn after_a_while_it_is_forgotten() {
        let n = |n| NonZeroU32::new(n).unwrap();
        let unproven = Unproven::new(Rate { per_second: n(1_000_000), burst: n(1) }, &Clock::system());
        let source = Source::from(IpAddr::from([192, 0, 2, 1]));
        while !unproven.any.load(Ordering::Relaxed) {
            unproven.failed(source);
        }
        while unproven.any.load(Ordering::Relaxed) {
            unproven.forget();
        }
        assert!(unproven.turned_away().is_empty());
    }
}
