//! The table.
use std::time::{Duration, Instant};

use crate::crowd::{Cut, Kind, STREAMS};

/// What was measured of one change.
pub(crate) struct Row {
    name: &'static str,
    took: Vec<(Kind, Duration)>,
}

impl Row {
    /// From the change to the last byte of each; `changed` says when the change was, for each.
    pub(crate) fn new(name: &'static str, cut: &[Cut], changed: impl Fn(&Cut) -> Instant) -> Self {
        let mut took: Vec<_> =
            cut.iter().map(|cut| (cut.kind, cut.at.saturating_duration_since(changed(cut)))).collect();
        took.sort_unstable_by_key(|(_, took)| *took);
        Self { name, took }
    }

    /// The longest of all.
    pub(crate) fn longest(&self) -> Duration {
        self.took.last().map_or(Duration::ZERO, |(_, took)| *took)
    }

    /// The longest of a kind.
    fn longest_of(&self, kind: Kind) -> u128 {
        self.took.iter().rev().find(|(of, _)| *of == kind).map_or(0, |(_, took)| took.as_millis())
    }

    fn percentile(&self, percent: usize) -> u128 {
        self.took[self.took.len() * percent / 100].1.as_millis()
    }
}

/// Prints them all.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "\nFrom the change to the last byte, in ms, {STREAMS} streams at once; the last four are the longest of a kind\n"
    );
    println!("| change | p50 | p99 | max | events | WebSocket | upload | download |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for row in rows {
        let kinds = Kind::ALL.map(|kind| row.longest_of(kind).to_string()).join(" | ");
        let (p50, p99, max) = (row.percentile(50), row.percentile(99), row.longest().as_millis());
        println!("| {} | {p50} | {p99} | {max} | {kinds} |", row.name);
    }
}
