//! Until when what we know may be used without being confirmed (promise 3). A lease runs from the START of the last
//! good read of the change feed, on the clock that counts suspend. It is over, too, when somebody sets the wall clock.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::domain::time::{Clock, Span, Uptime};

/// By how much wall time may run off within a lease, in milliseconds: clocks are steered by half a millisecond a second.
const DRIFT: u64 = 1000;

/// The lease of this node.
#[derive(Debug)]
pub(super) struct Lease {
    clock: Arc<Clock>,
    span: Duration,
    /// The start of the last good read, in nanoseconds since boot.
    confirmed: AtomicU64,
    /// How far wall time was ahead of uptime then, in milliseconds.
    ahead: AtomicI64,
    /// Whether the log says that it is over.
    told: AtomicBool,
}

impl Lease {
    /// A lease that has not begun: nothing is fresh before the first good read.
    pub(super) fn new(clock: Arc<Clock>, span: Span) -> Self {
        let ahead = AtomicI64::new(clock.ahead());
        Self { clock, span: span.to_std(), confirmed: AtomicU64::new(0), ahead, told: AtomicBool::new(false) }
    }

    /// How often to read, so that one missed read does not end the lease.
    pub(super) fn interval(&self) -> Duration {
        self.span / 4
    }

    /// A good read began at `start`.
    pub(super) fn renew(&self, start: Uptime) {
        let ahead = self.clock.ahead();
        let before = self.ahead.swap(ahead, Ordering::SeqCst);
        self.confirmed.fetch_max(start.as_nanos(), Ordering::SeqCst);
        if before.abs_diff(ahead) > DRIFT {
            let milliseconds = ahead.saturating_sub(before);
            tracing::warn!(milliseconds, "wall time was set: nobody passed until the state was read again");
        }
        if self.is_fresh() && self.told.swap(false, Ordering::Relaxed) {
            tracing::warn!("the state is known again: sessions pass");
        }
    }

    /// Says in the log that the lease is over, once until it is renewed.
    pub(super) fn tell(&self) {
        if !self.is_fresh() && !self.told.swap(true, Ordering::Relaxed) {
            tracing::error!("the state is too old to let anybody pass, until the store answers");
        }
    }

    pub(super) fn is_fresh(&self) -> bool {
        !self.left().is_zero()
    }

    /// How long what we know may still be used.
    pub(super) fn left(&self) -> Duration {
        match self.confirmed.load(Ordering::SeqCst) {
            0 => Duration::ZERO,
            _confirmed if self.clock.ahead().abs_diff(self.ahead.load(Ordering::SeqCst)) > DRIFT => Duration::ZERO,
            _confirmed => self.span.saturating_sub(self.age()),
        }
    }

    /// How old our knowledge is.
    pub(super) fn age(&self) -> Duration {
        self.clock.uptime().since(Uptime::from_nanos(self.confirmed.load(Ordering::SeqCst)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_runs_from_the_start_of_the_read() {
        let clock = Clock::system();
        let lease = Lease::new(Arc::clone(&clock), Span::from_seconds(2));
        assert!(!lease.is_fresh(), "nothing was read yet");
        let now = clock.uptime().as_nanos();
        lease.renew(Uptime::from_nanos(now - 3_000_000_000));
        assert!(!lease.is_fresh(), "a read that took three seconds confirms nothing");
        lease.renew(Uptime::from_nanos(now));
        assert!(lease.is_fresh());
        assert!(lease.left() <= Duration::from_secs(2), "it ends when it ends, whoever looks when");
    }

    #[test]
    fn a_lease_is_over_when_somebody_sets_the_clock() {
        for seconds in [300, -300] {
            let clock = Clock::system();
            let lease = Lease::new(Arc::clone(&clock), Span::from_seconds(10));
            lease.renew(clock.uptime());
            clock.shift(Span::from_millis(200));
            assert!(lease.is_fresh(), "clocks are steered a little all the time");
            clock.shift(Span::from_seconds(seconds));
            assert!(!lease.is_fresh());
            lease.renew(clock.uptime());
            assert!(lease.is_fresh());
        }
    }
}
