//! Until when what we know may be used without being confirmed (promise 3). A lease runs from the START of the last
//! good read of the change feed, on the clock that counts suspend.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::domain::time::{Clock, Span, Uptime};

/// The lease of this node.
#[derive(Debug)]
pub(super) struct Lease {
    clock: Arc<Clock>,
    span: Duration,
    /// The start of the last good read, in nanoseconds since boot.
    confirmed: AtomicU64,
}

impl Lease {
    /// A lease that has not begun: nothing is fresh before the first good read.
    pub(super) fn new(clock: Arc<Clock>, span: Span) -> Self {
        Self { clock, span: span.to_std(), confirmed: AtomicU64::new(0) }
    }

    /// How often to read, so that one missed read does not end the lease.
    pub(super) fn interval(&self) -> Duration {
        self.span / 4
    }

    /// A good read began at `start`.
    pub(super) fn renew(&self, start: Uptime) {
        self.confirmed.fetch_max(start.as_nanos(), Ordering::SeqCst);
    }

    pub(super) fn is_fresh(&self) -> bool {
        !self.left().is_zero()
    }

    /// How long what we know may still be used.
    pub(super) fn left(&self) -> Duration {
        match self.confirmed.load(Ordering::SeqCst) {
            0 => Duration::ZERO,
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
}
