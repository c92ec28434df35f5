//! So many a second, for each of those who ask.
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter, clock};

use crate::config::Rate;
use crate::domain::time::Clock;

/// The clock that rates are measured by: nobody sets it, so nobody is locked out, or let in, by a step.
#[derive(Debug)]
struct Ticks(Arc<Clock>);

impl clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.uptime().as_nanos().into()
    }
}

/// Who has asked how often of late. Whoever was silent for long enough is not kept.
#[derive(Debug)]
pub(super) struct Rates<K: Hash + Eq + Clone>(
    RateLimiter<K, DashMapStateStore<K>, Ticks, governor::middleware::NoOpMiddleware<Nanos>>,
);

impl<K: Hash + Eq + Clone> Rates<K> {
    /// At most `rate` for each.
    pub(super) fn new(rate: Rate, clock: &Arc<Clock>) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self(RateLimiter::dashmap_with_clock(quota, Ticks(Arc::clone(clock))))
    }

    /// Counts one.
    ///
    /// # Errors
    /// How long until the next one, when `who` has had enough.
    pub(super) fn count(&self, who: &K) -> Result<(), Duration> {
        self.0.check_key(who).map_err(|not_until| not_until.wait_time_from(clock::Clock::now(self.0.clock())))
    }

    /// Forgets whoever was silent for long enough.
    pub(super) fn forget(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn rates(per_second: u32, burst: u32) -> Rates<&'static str> {
        let n = |n| NonZeroU32::new(n).unwrap();
        Rates::new(Rate { per_second: n(per_second), burst: n(burst) }, &Clock::system())
    }

    #[test]
    fn each_has_a_burst_and_is_told_how_long_to_wait_after_it() {
        let rates = rates(1, 3);
        assert!((0..3).all(|_| rates.count(&"ada").is_ok()));
        let wait = rates.count(&"ada").unwrap_err();
        assert!(Duration::ZERO < wait && wait <= Duration::from_secs(1), "{wait:?}");
        assert!(rates.count(&"ben").is_ok(), "others have their own");
    }

    #[test]
    fn who_was_silent_is_not_kept() {
        let rates = rates(1_000_000, 1);
        assert!(rates.count(&"ada").is_ok());
        while !rates.0.is_empty() {
            rates.forget();
        }
    }
}
