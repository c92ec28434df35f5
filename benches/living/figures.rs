//! The table.
use std::time::Duration;

/// What was measured of one change.
pub(crate) struct Row {
    name: &'static str,
    events: Vec<Duration>,
    socket: Vec<Duration>,
}

impl Row {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, events: Vec::new(), socket: Vec::new() }
    }

    /// Adds a round: from the change to the last byte.
    pub(crate) fn add(&mut self, events: Duration, socket: Duration) {
        self.events.push(events);
        self.socket.push(socket);
    }

    /// The longest of all.
    pub(crate) fn longest(&self) -> Duration {
        self.events.iter().chain(&self.socket).max().copied().unwrap_or_default()
    }
}

/// Prints them all.
pub(crate) fn print(rows: &[Row], rounds: usize) {
    println!("\nFrom the change to the last byte, in ms, {rounds} rounds each\n");
    println!("| change | events p50 | max | WebSocket p50 | max |");
    println!("|---|--:|--:|--:|--:|");
    for row in rows {
        let ((events, events_max), (socket, socket_max)) = (summary(&row.events), summary(&row.socket));
        println!("| {} | {events} | {events_max} | {socket} | {socket_max} |", row.name);
    }
}

/// The median and the longest, in milliseconds.
fn summary(measured: &[Duration]) -> (u128, u128) {
    let mut sorted: Vec<_> = measured.iter().map(Duration::as_millis).collect();
    sorted.sort_unstable();
    (sorted[sorted.len() / 2], sorted[sorted.len() - 1])
}
