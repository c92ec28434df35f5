//! Ends connections that go on for too long with what they are about: silence, a head that does not come to its end, no
//! further request, requests that are broken off.
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::config::Limits;
use crate::domain::time::{Clock, Uptime};

use super::pulse::{Phase, Pulse};

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Its client has nothing to ask for.
    Idle,
    /// Its client does not say what it wants.
    Slow,
    /// Its client breaks off what it asks for.
    Abused,
}

/// Resolves when a connection should end. It is to be polled whenever the connection is, and after it.
pub(super) struct Watch {
    pulse: Arc<Pulse>,
    clock: Arc<Clock>,
    limits: Limits,
    phase: Phase,
    /// When that began.
    since: Uptime,
    /// Wakes no later than the phase may end.
    timer: Pin<Box<Sleep>>,
    /// When it was set, and for how long.
    set: (Uptime, Duration),
}

impl Watch {
    /// Of a connection that begins now.
    pub(super) fn new(pulse: &Arc<Pulse>, clock: &Arc<Clock>, limits: &Limits) -> Self {
        let (since, longest) = (clock.uptime(), limits.head_time);
        Self {
            pulse: Arc::clone(pulse),
            clock: Arc::clone(clock),
            limits: limits.clone(),
            phase: Phase::Silent,
            since,
            timer: Box::pin(sleep(longest)),
            set: (since, longest),
        }
    }

    /// How long a phase may take, and why the connection ends then; none: as long as it likes.
    fn longest(&self, phase: Phase) -> Option<(Duration, End)> {
        match phase {
            Phase::Busy => None,
            Phase::Silent | Phase::Head(_) => Some((self.limits.head_time, End::Slow)),
            Phase::Idle(_) => Some((self.limits.idle, End::Idle)),
        }
    }

    /// Has the timer wake after `wait` at the latest. Mostly it is set for earlier: setting it costs more than waking.
    fn wake_within(&mut self, wait: Duration, now: Uptime) {
        let (set, wakes_after) = self.set;
        if wakes_after.saturating_sub(now.since(set)) > wait {
            self.set_timer(wait, now);
        }
    }

    fn set_timer(&mut self, wait: Duration, now: Uptime) {
        self.timer.set(sleep(wait));
        self.set = (now, wait);
    }
}

impl Future for Watch {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        if self.pulse.is_abused(self.limits.h2_resets) {
            return Poll::Ready(End::Abused);
        }
        loop {
            let phase = self.pulse.phase();
            if phase == self.phase && phase == Phase::Busy {
                // Streams of HTTP/2 end without a word: it looks again from time to time.
                ready!(self.timer.as_mut().poll(cx));
                let (now, wait) = (self.clock.uptime(), self.limits.idle);
                self.set_timer(wait, now);
                continue;
            }
            let now = self.clock.uptime();
            if phase != self.phase {
                (self.phase, self.since) = (phase, now);
            }
            let Some((longest, end)) = self.longest(phase) else { continue };
            let left = longest.saturating_sub(now.since(self.since));
            if left.is_zero() {
                return Poll::Ready(end);
            }
            self.wake_within(left, now);
            ready!(self.timer.as_mut().poll(cx));
            self.set_timer(left, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(pulse: &Arc<Pulse>) -> Watch {
        let (head_time, idle) = (Duration::from_millis(40), Duration::from_millis(80));
        Watch::new(pulse, &Clock::system(), &Limits { head_time, idle, h2_resets: 3, ..Limits::default() })
    }

    #[tokio::test]
    async fn silence_ends_a_connection() {
        assert_eq!(watch(&Arc::default()).await, End::Slow);
    }

    #[tokio::test]
    async fn a_request_may_take_its_time_and_the_pause_after_it_may_not() {
        let pulse: Arc<Pulse> = Arc::default();
        let mut watch = watch(&pulse);
        pulse.begin(true);
        let longer = Duration::from_millis(200);
        assert!(tokio::time::timeout(longer, &mut watch).await.is_err(), "it is answered yet");
        pulse.end(false);
        assert_eq!(watch.await, End::Idle);
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_to_its_end_ends_a_connection_that_was_served() {
        let pulse: Arc<Pulse> = Arc::default();
        let mut watch = watch(&pulse);
        pulse.begin(false);
        pulse.end(false);
        assert!(futures_util::poll!(&mut watch).is_pending());
        pulse.hear();
        assert_eq!(watch.await, End::Slow);
    }

    #[tokio::test]
    async fn breaking_off_one_request_after_the_other_ends_it() {
        let pulse: Arc<Pulse> = Arc::default();
        for _ in 0..4 {
            pulse.begin(true);
            pulse.end(true);
        }
        assert_eq!(watch(&pulse).await, End::Abused);
    }
}
