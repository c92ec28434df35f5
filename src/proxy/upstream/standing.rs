//! Whether an origin gets requests. Failures in a row put it out for a while, which grows; so do checks that fail, until
//! one passes. Where every origin is out, requests go there all the same: what is left to try is tried.
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// The longest that an origin is out before it is tried again.
const LONGEST: Duration = Duration::from_mins(1);

/// How an origin has done so far.
#[derive(Debug)]
pub(super) struct Standing {
    /// How many failures in a row put it out.
    limit: u32,
    /// How long it is out the first time.
    first: Duration,
    failures: AtomicU32,
    /// Since it answered last.
    ejections: AtomicU32,
    ejected: AtomicBool,
    /// Checks fail.
    failing: AtomicBool,
}

impl Standing {
    /// An origin of which nothing bad is known.
    pub(super) fn new(limit: u32, first: Duration) -> Self {
        Self {
            limit,
            first,
            failures: AtomicU32::new(0),
            ejections: AtomicU32::new(0),
            ejected: AtomicBool::new(false),
            failing: AtomicBool::new(false),
        }
    }

    /// Whether others are to be asked first.
    pub(super) fn is_out(&self) -> bool {
        self.ejected.load(Ordering::Relaxed) || self.failing.load(Ordering::Relaxed)
    }

    /// It answered. Returns whether it had been put out before.
    pub(super) fn answered(&self) -> bool {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if self.ejections.load(Ordering::Relaxed) == 0 {
            return false;
        }
        self.ejected.store(false, Ordering::Relaxed);
        self.ejections.swap(0, Ordering::Relaxed) != 0
    }

    /// It failed. Returns how long it is out, if that put it out.
    pub(super) fn failed(&self) -> Option<Duration> {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures < self.limit || self.ejected.swap(true, Ordering::Relaxed) {
            return None;
        }
        let before = self.ejections.fetch_add(1, Ordering::Relaxed);
        Some(self.first.saturating_mul(2_u32.saturating_pow(before)).min(LONGEST))
    }

    /// It is tried again: the next failure puts it out again.
    pub(super) fn try_again(&self) {
        self.failures.store(self.limit.saturating_sub(1), Ordering::Relaxed);
        self.ejected.store(false, Ordering::Relaxed);
    }

    /// A check passed. Returns whether that is news.
    pub(super) fn passed(&self) -> bool {
        self.failing.swap(false, Ordering::Relaxed)
    }

    /// So many checks in a row failed. Returns whether that puts it out.
    pub(super) fn checks_failed(&self, in_a_row: u32) -> bool {
        in_a_row >= self.limit && !self.failing.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn failures_in_a_row_put_an_origin_out_for_a_time_that_doubles_up_to_a_minute() {
        let standing = Standing::new(3, SECOND);
        assert_eq!([standing.failed(), standing.failed(), standing.failed()], [None, None, Some(SECOND)]);
        assert!(standing.is_out());
        assert_eq!(standing.failed(), None, "it is out already");
        for seconds in [2, 4, 8, 16, 32, 60, 60] {
            standing.try_again();
            assert!(!standing.is_out());
            assert_eq!(standing.failed(), Some(SECOND * seconds), "one failure is enough now");
        }
        assert!(standing.answered() && !standing.is_out());
        assert!(!standing.answered(), "that is no news any more");
        assert_eq!([standing.failed(), standing.failed(), standing.failed()], [None, None, Some(SECOND)]);
    }

    #[test]
    fn an_answer_in_between_makes_failures_count_from_the_start() {
        let standing = Standing::new(2, SECOND);
        for _ in 0..5 {
            assert_eq!(standing.failed(), None);
            assert!(!standing.answered());
        }
        assert!(!standing.is_out());
    }

    #[test]
    fn checks_that_fail_put_it_out_until_one_passes_whatever_else_it_answers() {
        let standing = Standing::new(2, SECOND);
        assert!(!standing.checks_failed(1) && standing.checks_failed(2) && !standing.checks_failed(3));
        standing.answered();
        assert!(standing.is_out());
        assert!(standing.passed() && !standing.is_out() && !standing.passed());
    }
}
