//! Time as people say it: in UTC when nothing more is known of the reader. A browser tells it again in the reader's own time.
use std::fmt;

use crate::domain::time::{Span, Timestamp};

/// A length of time in its largest whole unit: `3 days`, `90 minutes`.
#[must_use]
pub fn in_words(span: Span) -> String {
    let text = span.to_string();
    let digits = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "d" => "day",
        "h" => "hour",
        "m" => "minute",
        "s" => "second",
        shorter => shorter,
    };
    let many = if number == "1" { "" } else { "s" };
    format!("{number} {unit}{many}")
}

/// A moment to the minute: `2026-11-22 09:05 UTC`.
#[must_use]
pub fn readable(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

/// A moment on a page: a `<time>` that says it in words, and that the browser keeps true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    at: Timestamp,
    /// The time at which it is told; none for the moment itself.
    now: Option<Timestamp>,
}

impl Moment {
    /// The moment itself: `2026-11-22 09:05 UTC`.
    #[must_use]
    pub const fn at(at: Timestamp) -> Self {
        Self { at, now: None }
    }

    /// How far from `now` it is: `in 3 days`, `5 minutes ago`.
    #[must_use]
    pub const fn from(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now: Some(now) }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, now } = *self;
        let (shows, words) = match now {
            None => ("moment", readable(at)),
            Some(now) if at > now => ("distance", format!("in {}", roughly(at.since(now)))),
            Some(now) => ("distance", format!("{} ago", roughly(now.since(at)))),
        };
        write!(f, r#"<time datetime="{at}" title="{}" data-shows="{shows}">{words}</time>"#, readable(at))
    }
}

/// Nothing in it needs escaping: it is made of digits and our own words.
impl askama::filters::HtmlSafe for Moment {}

/// A length of time in the one unit that people would choose, rounded down, but never to nothing.
fn roughly(span: Span) -> String {
    let seconds = span.as_millis() / 1000;
    let units = [(86_400, 172_800), (3_600, 7_200), (60, 60), (1, 0)];
    let (unit, _) = units.into_iter().find(|(_, least)| seconds >= *least).unwrap_or((1, 0));
    in_words(Span::from_seconds((seconds / unit).max(1) * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn lengths_and_moments_are_told_in_words() {
        let told = ["1h", "4h", "90m", "1d", "7d", "30s"].map(|span| in_words(span.parse().unwrap()));
        assert_eq!(told, ["1 hour", "4 hours", "90 minutes", "1 day", "7 days", "30 seconds"]);
        assert_eq!(readable(at("2026-11-22T09:05:59.999Z")), "2026-11-22 09:05 UTC");
    }

    #[test]
    fn a_distance_is_told_in_one_unit() {
        let told = ["0s", "59s", "60s", "119m", "2h", "47h", "48h", "7d"].map(|span| roughly(span.parse().unwrap()));
        assert_eq!(
            told,
            ["1 second", "59 seconds", "1 minute", "119 minutes", "2 hours", "47 hours", "2 days", "7 days"]
        );
    }

    #[test]
    fn a_page_tells_a_moment_for_people_and_for_programs() {
        let (now, later) = (at("2026-11-22T09:00:00Z"), at("2026-11-22T09:05:00Z"));
        let whole = r#"<time datetime="2026-11-22T09:05:00.000Z" title="2026-11-22 09:05 UTC" data-shows="distance">in 5 minutes</time>"#;
        assert_eq!(Moment::from(later, now).to_string(), whole);
        assert!(Moment::from(now, later).to_string().contains(">5 minutes ago<"));
        assert!(Moment::at(now).to_string().contains(">2026-11-22 09:00 UTC<"));
    }
}
