//! `[limits]`: what clients may use up.
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::limits::{Limits, Rate};
use crate::config::reading::Complaint;
use crate::config::section::{Item, Section};
use crate::config::values::{self, quoted};
use crate::domain::time::Span;

/// How short and how long a time may be.
const TIMES: (Span, Span) = (Span::from_millis(100), Span::from_seconds(86_400));
/// How large a head may be made: an HTTP/1.1 buffer is never smaller than its least.
const HEADS: (u64, u64) = (8 << 10, 1 << 20);
/// How large windows and buffers of HTTP/2 may be made: no smaller than a frame.
const WINDOWS: (u64, u64) = (16 << 10, 64 << 20);
/// Sizes of bodies.
const BODIES: (u64, u64) = (1 << 10, 1 << 50);
/// How many of something there may be.
const COUNTS: RangeInclusive<u32> = 1..=10_000_000;

/// The whole section.
pub(super) fn limits(s: &mut Section<'_>) -> Limits {
    let default = Limits::default();
    Limits {
        head: small_size(s, "head", HEADS, default.head),
        head_fields: count(s, "head_fields", 10..=1000).map_or(default.head_fields, |n| n as usize),
        head_time: time(s, "head_time", default.head_time),
        idle: time(s, "idle", default.idle),
        body: s.parsed("body", size(BODIES)),
        body_time: time(s, "body_time", default.body_time),
        body_progress: s.parsed("body_progress", size(BODIES)).unwrap_or(default.body_progress),
        write_time: time(s, "write_time", default.write_time),
        h2_streams: count(s, "h2_streams", 1..=10_000).unwrap_or(default.h2_streams),
        h2_resets: count(s, "h2_resets", COUNTS).unwrap_or(default.h2_resets),
        h2_window: small_size(s, "h2_window", WINDOWS, default.h2_window),
        h2_stream_window: small_size(s, "h2_stream_window", WINDOWS, default.h2_stream_window),
        h2_send_buffer: small_size(s, "h2_send_buffer", WINDOWS, default.h2_send_buffer),
        connections: count(s, "connections", COUNTS),
        connections_per_address: count(s, "connections_per_address", COUNTS).unwrap_or(default.connections_per_address),
        handshakes: count(s, "handshakes", COUNTS).unwrap_or(default.handshakes),
        handshake_time: time(s, "handshake_time", default.handshake_time),
        requests_per_address: rate(s, "requests_per_address", default.requests_per_address),
        requests_per_engineer: rate(s, "requests_per_engineer", default.requests_per_engineer),
        unproven_per_address: rate(s, "unproven_per_address", default.unproven_per_address),
        ops_connections: count(s, "ops_connections", COUNTS).unwrap_or(default.ops_connections),
    }
}

fn time(s: &mut Section<'_>, key: &'static str, default: Duration) -> Duration {
    let given = s.parsed(key, |given| match values::duration(given)? {
        span if (TIMES.0..=TIMES.1).contains(&span) => Ok(span),
        _ => Err(Complaint::new(format!("{} is out of range", quoted(given)))
            .hint(format!("a limit of time is from {} to {}", TIMES.0, TIMES.1))),
    });
    given.map_or(default, Span::to_std)
}

fn size((least, most): (u64, u64)) -> impl Fn(&str) -> Result<u64, Complaint> {
    move |given| match values::size(given)? {
        size if (least..=most).contains(&size) => Ok(size),
        _ => Err(Complaint::new(format!("{} is out of range", quoted(given))).hint(format!(
            "from {}KiB to {}KiB",
            least >> 10,
            most >> 10
        ))),
    }
}

fn small_size(s: &mut Section<'_>, key: &'static str, range: (u64, u64), default: u32) -> u32 {
    s.parsed(key, size(range)).and_then(|size| u32::try_from(size).ok()).unwrap_or(default)
}

fn count(s: &mut Section<'_>, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
    number(s.item(key)?, &range)
}

/// A whole number in `range`.
fn number(item: Item<'_>, range: &RangeInclusive<u32>) -> Option<u32> {
    let (reading, place) = (item.reading(), item.place().clone());
    let number = item.integer()?;
    let fit = u32::try_from(number).ok().filter(|n| range.contains(n));
    if fit.is_none() {
        let complaint = Complaint::new(format!("`{number}` is out of range"));
        reading.complain(&place, complaint.hint(format!("a whole number from {} to {}", range.start(), range.end())));
    }
    fit
}

/// Without a `burst`, that of a second.
fn rate(s: &mut Section<'_>, key: &'static str, default: Rate) -> Rate {
    let given = s.table(key, |s| {
        let per_second = s.required("per_second").and_then(|item| number(item, &COUNTS));
        let burst = s.item("burst").map_or(per_second, |item| number(item, &COUNTS));
        Some(Rate::new(per_second?, burst?))
    });
    given.unwrap_or(default)
}
