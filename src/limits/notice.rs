//! One line in the log for all that happens in a minute: a flood must not flood the log too.
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::domain::time::Uptime;

/// How often there is a line, at most.
const EVERY: Duration = Duration::from_mins(1);

/// What has happened since the last line, and when that was.
#[derive(Debug, Default)]
pub struct Notice {
    /// Nanoseconds of uptime; 0: never.
    last: AtomicU64,
    since: AtomicU64,
}

impl Notice {
    /// Counts; gives how often it happened since the last line, when it is time for another.
    pub fn due(&self, now: Uptime) -> Option<u64> {
        self.since.fetch_add(1, Ordering::Relaxed);
        let last = self.last.load(Ordering::Relaxed);
        if last != 0 && now.since(Uptime::from_nanos(last)) < EVERY {
            return None;
        }
        let mine = self.last.compare_exchange(last, now.as_nanos(), Ordering::Relaxed, Ordering::Relaxed);
        mine.is_ok().then(|| self.since.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_line_at_once_and_then_one_a_minute_that_counts_the_rest() {
        let notice = Notice::default();
        let at = |seconds: u64| notice.due(Uptime::from_nanos(seconds * 1_000_000_000));
        assert_eq!([at(100), at(101), at(159), at(160), at(161)], [Some(1), None, None, Some(3), None]);
    }
}
