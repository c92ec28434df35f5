//! `[grants]`, `[requests]`, `[sessions]` and `[emergency]`. A default never exceeds its section's `max`.
use crate::config::reading::Complaint;
use crate::config::rights::{Emergency, Grants, Requests, Sessions};
use crate::config::section::Section;
use crate::config::values::{self, quoted};
use crate::domain::time::Span;

const HOUR: Span = Span::from_seconds(3600);
/// How many open grants a workspace may have at all: an engineer who enters has all of them tried.
const OPEN: usize = 200;
/// The word for a grant without an end.
const UNTIL_REVOKED: &str = "until-revoked";

const fn days(n: i64) -> Span {
    Span::from_seconds(n * 86_400)
}

/// A duration that is no longer than `max`.
fn up_to(max: Span) -> impl Fn(&str) -> Result<Span, Complaint> {
    move |given| match values::duration(given)? {
        span if span <= max => Ok(span),
        _ => {
            Err(Complaint::new(format!("{} is longer than `max`, {max}", quoted(given)))
                .hint("shorten it, or raise `max`"))
        }
    }
}

/// Limits of grants.
pub(super) fn grants(s: &mut Section<'_>) -> Grants {
    let max = s.parsed("max", values::duration).unwrap_or(days(7));
    let presets = s.list("presets", up_to(max)).unwrap_or_else(|| {
        let mut fitting: Vec<_> = [1, 3, 7].map(days).into_iter().map(|span| span.min(max)).collect();
        fitting.dedup();
        fitting
    });
    if presets.is_empty() {
        s.complain("presets", Complaint::new("members need at least one duration to choose"));
    }
    let until_revoked = s.flag("until_revoked").unwrap_or(false);
    Grants {
        presets,
        default: default(s, max, until_revoked),
        recommend_min: s.parsed("recommend_min", up_to(max)).unwrap_or(days(1).min(max)),
        until_revoked,
        open: open(s).unwrap_or(OPEN),
        purposes: s.list("purposes", values::name).unwrap_or_default(),
        remind_before: s.parsed("remind_before", values::duration).unwrap_or(days(1)),
        review_unused: s.parsed("review_unused", values::duration).unwrap_or(days(7)),
        review_long: s.parsed("review_long", values::duration).unwrap_or(days(30)),
        max,
    }
}

/// What an engineer's request for access needs.
pub(super) fn requests(s: &mut Section<'_>) -> Requests {
    let reason_min = s.item("reason_min").and_then(|item| {
        let number = item.integer()?;
        let fit = usize::try_from(number).ok().filter(|n| (1..=500).contains(n));
        if fit.is_none() {
            let complaint = Complaint::new(format!("`{number}` is not a number of characters from 1 to 500"));
            s.complain("reason_min", complaint.hint("10 is enough to keep `.` out"));
        }
        fit
    });
    Requests {
        reason_min: reason_min.unwrap_or(10),
        reason_words: s.list("reason_words", values::words).unwrap_or_default(),
        lapse: s.parsed("lapse", values::duration).unwrap_or(days(1)),
    }
}

/// What pages select: a duration, or none.
fn default(s: &mut Section<'_>, max: Span, until_revoked: bool) -> Option<Span> {
    let given = s.parsed("default", |given| match given {
        UNTIL_REVOKED if until_revoked => Ok(None),
        UNTIL_REVOKED => Err(Complaint::new("a grant without an end is not offered")
            .hint("set `until_revoked = true` too, or choose a duration")),
        span => up_to(max)(span).map(Some),
    });
    given.unwrap_or(Some(days(3).min(max)))
}

fn open(s: &mut Section<'_>) -> Option<usize> {
    let number = s.item("open")?.integer()?;
    let fit = usize::try_from(number).ok().filter(|n| (1..=OPEN).contains(n));
    if fit.is_none() {
        let complaint = Complaint::new(format!("`{number}` is out of range"));
        s.complain("open", complaint.hint(format!("a workspace has 1 to {OPEN} open grants")));
    }
    fit
}

/// Limits of sessions.
pub(super) fn sessions(s: &mut Section<'_>) -> Sessions {
    let max = s.parsed("max", values::duration).unwrap_or(Span::from_seconds(8 * 3600));
    Sessions { idle: s.parsed("idle", up_to(max)).unwrap_or(Span::from_seconds(1800).min(max)), max }
}

/// Limits of emergencies.
pub(super) fn emergency(s: &mut Section<'_>) -> Emergency {
    let max = s.parsed("max", values::duration).unwrap_or(HOUR);
    let approvers = s.item("approvers").and_then(|item| {
        let number = item.integer()?;
        let fit = u32::try_from(number).ok().filter(|n| *n >= 1);
        if fit.is_none() {
            let complaint = Complaint::new(format!("`{number}` is not a number of approvers"));
            s.complain("approvers", complaint.hint("at least one other engineer approves an emergency"));
        }
        fit
    });
    let codes = s.list("reason_codes", values::name);
    if codes.as_ref().is_some_and(Vec::is_empty) {
        s.complain("reason_codes", Complaint::new("an emergency needs a reason code to choose"));
    }
    let codes = codes.unwrap_or_else(|| ["outage", "data_loss", "security"].map(str::to_owned).to_vec());
    Emergency { max, approvers: approvers.unwrap_or(1), reason_codes: codes.into_iter().collect() }
}
