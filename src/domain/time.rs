//! Time: the only place that reads a clock. Everything else is handed a [`Timestamp`] or a [`Clock`].
//!
//! Two clocks matter. Wall time ([`Timestamp`]) is what customers agree to: "until Friday 17:00". Uptime
//! ([`Uptime`]) counts suspend and is never set by anybody: leases are measured on it.
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::{KnownFormat, SchemaFormat};

use super::schema::text_schema;

/// The first moment that we handle: 1970-01-01. Policies subtract dates, so both ends stay far from overflow.
const EARLIEST: i64 = 0;
/// The last moment that we handle: 9998-12-31T23:59:59Z.
const LATEST: i64 = 253_370_764_799_000;

/// Why a text is not a time or a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {expected}")]
pub struct BadTime {
    given: String,
    expected: &'static str,
}

impl BadTime {
    fn new(given: &str, expected: &'static str) -> Self {
        Self { given: given.chars().take(80).collect(), expected }
    }
}

/// A moment of wall time in whole milliseconds, between 1970 and 9998.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Timestamp(i64);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl From<Timestamp> for std::time::SystemTime {
    fn from(at: Timestamp) -> Self {
        Self::UNIX_EPOCH + std::time::Duration::from_millis(at.0.unsigned_abs())
    }
}

text_schema!(
    Timestamp,
    "a moment in RFC 3339, in UTC",
    "2026-11-22T09:00:00.000Z",
    format = SchemaFormat::KnownFormat(KnownFormat::DateTime)
);

impl Timestamp {
    /// The moment `millis` milliseconds after 1970-01-01T00:00:00Z, clamped to the range that we handle.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(if millis < EARLIEST {
            EARLIEST
        } else if millis > LATEST {
            LATEST
        } else {
            millis
        })
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z: the unit of JWT claims.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment moved by `span`, clamped to the range that we handle.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self::from_millis(self.0.saturating_add(span.0))
    }

    /// How long after `earlier` this moment is; negative when it is before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = jiff::Timestamp::from_millisecond(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{at:.3}")
    }
}

impl FromStr for Timestamp {
    type Err = BadTime;
    fn from_str(given: &str) -> Result<Self, BadTime> {
        let bad = || BadTime::new(given, "a time such as `2026-11-22T17:00:00Z` (RFC 3339)");
        let at: jiff::Timestamp = given.parse().map_err(|_| bad())?;
        let millis = at.as_millisecond();
        if (EARLIEST..=LATEST).contains(&millis) { Ok(Self(millis)) } else { Err(bad()) }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = BadTime;
    fn try_from(given: String) -> Result<Self, BadTime> {
        given.parse()
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.to_string()
    }
}

/// A length of time in whole milliseconds. A day is 24 hours: grants are promises, not calendar entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(i64);

text_schema!(Span, "a length of time: a number with `s`, `m`, `h` or `d`, or ISO 8601 such as `PT1H`", "3d");

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// A span of `seconds` seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// For timers; a negative span is none.
    #[must_use]
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }
}

impl FromStr for Span {
    type Err = BadTime;
    fn from_str(given: &str) -> Result<Self, BadTime> {
        let bad = || BadTime::new(given, "a duration such as `7d`, `90m` or `PT1H`");
        let span: jiff::Span = given.parse().map_err(|_| bad())?;
        let relative = jiff::SpanRelativeTo::days_are_24_hours();
        let length = span.to_duration(relative).map_err(|_| bad())?;
        i64::try_from(length.as_millis()).map(Self).map_err(|_| bad())
    }
}

impl TryFrom<String> for Span {
    type Error = BadTime;
    fn try_from(given: String) -> Result<Self, BadTime> {
        given.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    /// The largest whole unit: `7d`, `90m`, `1500ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, unit) = match self.0 {
            0 => (0, "s"),
            ms if ms % 86_400_000 == 0 => (ms / 86_400_000, "d"),
            ms if ms % 3_600_000 == 0 => (ms / 3_600_000, "h"),
            ms if ms % 60_000 == 0 => (ms / 60_000, "m"),
            ms if ms % 1000 == 0 => (ms / 1000, "s"),
            ms => (ms, "ms"),
        };
        write!(f, "{n}{unit}")
    }
}

/// A reading of the clock that counts suspend and that nobody can set, in nanoseconds since boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uptime(u64);

impl Uptime {
    /// The reading as nanoseconds since boot.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// A reading given as nanoseconds since boot.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Time passed since `earlier`; none when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// The clocks of one process. Wall time never goes back: a step back revives no grant (promise 3).
#[derive(Debug)]
pub struct Clock {
    /// Added to the system's wall time; only tests set it.
    shift: AtomicI64,
    /// The latest wall time that was given out, or found in the trail.
    floor: AtomicI64,
}

impl Clock {
    /// The clocks of this machine.
    #[must_use]
    pub fn system() -> Arc<Self> {
        Arc::new(Self { shift: AtomicI64::new(0), floor: AtomicI64::new(EARLIEST) })
    }

    /// Wall time, never earlier than any time given out before nor than [`Clock::not_before`].
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let read = system_millis().saturating_add(self.shift.load(Ordering::Relaxed));
        let earlier = self.floor.fetch_max(read, Ordering::Relaxed);
        Timestamp::from_millis(earlier.max(read))
    }

    /// Says that `seen` has been: from here on `now` is never earlier. The trail's last record says so at start.
    pub fn not_before(&self, seen: Timestamp) {
        self.floor.fetch_max(seen.0, Ordering::Relaxed);
    }

    /// Moves wall time by `span`, forth or back, as a test's stand-in for an operator setting the clock.
    pub fn shift(&self, span: Span) {
        self.shift.fetch_add(span.0, Ordering::Relaxed);
    }

    /// How far wall time, as it is set now, is ahead of the time since boot, in milliseconds. It changes when somebody
    /// sets the clock. Exact to some milliseconds, and cheap.
    #[must_use]
    pub fn ahead(&self) -> i64 {
        let wall = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
        let wall = wall.tv_sec.saturating_mul(1000).saturating_add(wall.tv_nsec / 1_000_000);
        let uptime = i64::try_from(self.uptime().as_nanos() / 1_000_000).unwrap_or(i64::MAX);
        wall.saturating_add(self.shift.load(Ordering::Relaxed)).saturating_sub(uptime)
    }

    /// Time since boot, suspend included.
    #[must_use]
    pub fn uptime(&self) -> Uptime {
        let read = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(read.tv_sec).unwrap_or(0);
        let nanos = u64::try_from(read.tv_nsec).unwrap_or(0);
        Uptime(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's wall clock")]
fn system_millis() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(EARLIEST, |passed| i64::try_from(passed.as_millis()).unwrap_or(LATEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_both_spellings_and_shown_in_the_largest_unit() {
        for (given, shown) in [("7d", "7d"), ("PT1H", "1h"), ("90m", "90m"), ("24h", "1d"), ("1500ms", "1500ms")] {
            assert_eq!(given.parse::<Span>().map(|s| s.to_string()), Ok(shown.to_owned()));
        }
        for bad in ["", "7", "soon", "1 month"] {
            assert!(bad.parse::<Span>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn times_outside_the_range_are_refused() {
        assert!("9999-01-01T00:00:00Z".parse::<Timestamp>().is_err());
        assert!("1969-12-31T23:59:59Z".parse::<Timestamp>().is_err());
        let at = "2026-11-22T17:00:00+01:00".parse::<Timestamp>().map(|t| t.to_string());
        assert_eq!(at, Ok("2026-11-22T16:00:00.000Z".to_owned()));
    }

    #[test]
    fn a_clock_that_is_set_back_stands_still() {
        let clock = Clock::system();
        let before = clock.now();
        clock.shift(Span::from_seconds(-300));
        assert!(clock.now() >= before);
        clock.shift(Span::from_seconds(600));
        assert!(clock.now() >= before.plus(Span::from_seconds(299)));
    }
}
