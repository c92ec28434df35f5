//! The table.
use crate::measure::Figures;

/// How much longer things may take with many than with few.
const FLAT: f64 = 1.5;

/// What a figure must be.
enum Goal {
    /// At most so much, with many.
    AtMost(f64),
    /// At most [`FLAT`] times what it is with few.
    Flat,
    /// Printed only.
    None,
}

/// Prints the table; whether every goal is met.
pub(crate) fn print(few: &Figures, many: &Figures) -> bool {
    let sizes = [few, many].map(|of| format!("{} grants, {} sessions", of.size.grants, of.size.sessions));
    println!("\n| | goal | {} | {} | |\n|---|---|--:|--:|---|", sizes[0], sizes[1]);
    let rows = [
        ("start until it serves, ms", Goal::AtMost(2_000.0), few.start, many.start),
        ("memory after the start, MB", Goal::AtMost(300.0), few.at_rest, many.at_rest),
        ("memory of each session that made a request, kB", Goal::AtMost(4.0), few.each, many.each),
        ("decision on a session's first request, mean, µs", Goal::Flat, few.first, many.first),
        ("decision on a later one, mean, µs", Goal::Flat, few.later, many.later),
        ("request, p50, µs", Goal::Flat, few.request.0, many.request.0),
        ("request, p99, µs", Goal::None, few.request.1, many.request.1),
        ("revoke, p50, ms", Goal::Flat, few.revoke.0, many.revoke.0),
        ("revoke, longest, ms", Goal::AtMost(1_000.0), few.revoke.1, many.revoke.1),
        ("metrics, ms", Goal::None, few.scrape, many.scrape),
    ];
    // All rows are printed, also those after a miss.
    let missed = rows.into_iter().filter(|(what, goal, few, many)| !row(what, goal, *few, *many));
    missed.count() == 0
}

fn row(what: &str, goal: &Goal, few: f64, many: f64) -> bool {
    let (goal, met) = match goal {
        Goal::AtMost(most) => (format!("≤ {most}"), many <= *most),
        Goal::Flat => (format!("≤ {FLAT} ×"), many <= FLAT * few),
        Goal::None => (String::new(), true),
    };
    println!("| {what} | {goal} | {few:.1} | {many:.1} | {} |", if met { "" } else { "missed" });
    met
}
