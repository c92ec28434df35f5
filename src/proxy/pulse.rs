//! How a connection is: what it does at this moment, and so how long it may go on doing that.
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What a connection is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// No request has come yet.
    Silent,
    /// So many requests have begun, and not all of them are over.
    Busy,
    /// Between two requests; so many have come.
    Idle(u32),
    /// The head of the next request has begun to come, after so many.
    Head(u32),
}

/// What is known of a connection, by whoever touches it: its bytes, its requests, their answers.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Requests so far.
    begun: AtomicU32,
    /// Those of them that are not over.
    open: AtomicU32,
    /// Those that the client broke off.
    broken: AtomicU32,
    /// Whether bytes have come since the latest request began, or was over.
    heard: AtomicBool,
    http2: AtomicBool,
}

impl Pulse {
    /// A request has come.
    pub(super) fn begin(&self, http2: bool) {
        self.http2.store(http2, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.heard.store(false, Ordering::Relaxed);
    }

    /// A request is over.
    pub(super) fn end(&self, broken: bool) {
        if broken {
            self.broken.fetch_add(1, Ordering::Relaxed);
        }
        self.heard.store(false, Ordering::Relaxed);
        self.open.fetch_sub(1, Ordering::Release);
    }

    /// Bytes have come.
    pub(super) fn hear(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    /// What the connection is about. In HTTP/2 bytes are no sign of a head: there are pings.
    pub(super) fn phase(&self) -> Phase {
        let begun = self.begun.load(Ordering::Relaxed);
        if begun == 0 {
            Phase::Silent
        } else if self.open.load(Ordering::Acquire) > 0 {
            Phase::Busy
        } else if self.heard.load(Ordering::Relaxed) && !self.http2.load(Ordering::Relaxed) {
            Phase::Head(begun)
        } else {
            Phase::Idle(begun)
        }
    }

    /// Whether the client breaks off most of what it begins, and has done so more than `most` times: that is no reader,
    /// but somebody who wants work done for nothing (CVE-2023-44487).
    pub(super) fn is_abused(&self, most: u32) -> bool {
        let broken = self.broken.load(Ordering::Relaxed);
        broken > most && broken > self.begun.load(Ordering::Relaxed) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_silent_then_busy_then_idle_then_hears_of_the_next_head() {
        let pulse = Pulse::default();
        pulse.hear();
        assert_eq!(pulse.phase(), Phase::Silent, "of the first one too");
        pulse.begin(false);
        pulse.hear();
        assert_eq!(pulse.phase(), Phase::Busy);
        pulse.end(false);
        assert_eq!(pulse.phase(), Phase::Idle(1));
        pulse.hear();
        assert_eq!(pulse.phase(), Phase::Head(1));
        pulse.begin(false);
        assert_eq!(pulse.phase(), Phase::Busy);
    }

    #[test]
    fn a_ping_is_no_head() {
        let pulse = Pulse::default();
        pulse.begin(true);
        pulse.end(false);
        pulse.hear();
        assert_eq!(pulse.phase(), Phase::Idle(1));
    }

    #[test]
    fn breaking_off_is_abuse_when_it_is_most_of_what_comes() {
        let pulse = Pulse::default();
        let come = |broken| {
            pulse.begin(true);
            pulse.end(broken);
        };
        (0..10).for_each(|_| come(true));
        assert!(!pulse.is_abused(10));
        come(true);
        assert!(pulse.is_abused(10));
        (0..11).for_each(|_| come(false));
        assert!(!pulse.is_abused(10), "a reader who goes back and forth");
    }
}
