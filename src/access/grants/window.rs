//! From when and until when a grant opens a workspace, and the limits of that.
use crate::config;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::{Span, Timestamp};
use crate::policy::{Allowed, DecisionRecord, Refused};

use super::Lasting;

/// How far the clocks of a customer and ours may differ: a start that has just passed means now.
const TOLERANCE: Span = Span::from_seconds(60);

/// How far ahead a grant may begin.
const AHEAD: Span = Span::from_seconds(90 * 24 * 60 * 60);

/// When a grant begins.
pub(super) fn start(asked: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Refusal> {
    let start = asked.unwrap_or(now);
    if now.since(start) > TOLERANCE {
        Err(Refusal::because(Code::BadRequest, "`starts_at` has passed").next("leave it out to begin now"))
    } else if start.since(now) > AHEAD {
        Err(Refusal::because(Code::BadRequest, "`starts_at` is more than 90 days ahead")
            .next("choose an earlier start"))
    } else {
        Ok(start.max(now))
    }
}

/// When a grant that begins at `start` ends; none: when it is revoked.
pub(super) fn end(start: Timestamp, lasting: Lasting) -> Result<Option<Timestamp>, Refusal> {
    let end = match lasting {
        Lasting::For(span) => start.plus(span),
        Lasting::Until(end) => end,
        Lasting::UntilRevoked => return Ok(None),
    };
    if end > start {
        Ok(Some(end))
    } else {
        Err(Refusal::because(Code::BadRequest, "a grant ends after it begins").next("choose a later end"))
    }
}

/// How long that is in all; none: until revoked.
pub(super) fn length(start: Timestamp, end: Option<Timestamp>) -> Option<Span> {
    end.map(|end| end.since(start))
}

/// What the configuration has against a grant of that length.
pub(in crate::access) fn limit(limits: &config::Grants, lasts: Option<Span>) -> Option<Refusal> {
    match lasts {
        Some(lasts) if lasts > limits.max => {
            let max = limits.max;
            let refusal = Refusal::because(Code::DurationTooLong, format!("a grant lasts `{max}` in all at most"));
            Some(refusal.next(format!("choose a duration up to `{max}`, counted from the grant's start")))
        }
        None if !limits.until_revoked => Some(Refusal::from(Code::DurationRequired)),
        Some(_) | None => None,
    }
}

/// The stricter of the policies and of what we have against it ourselves: all must agree, and of their codes the first
/// in order leads.
pub(in crate::access) fn stricter(
    decision: Result<Allowed, Box<Refused>>,
    ours: impl IntoIterator<Item = Refusal>,
) -> Result<DecisionRecord, Refusal> {
    match (decision, ours.into_iter().reduce(merged)) {
        (Ok(allowed), None) => Ok(allowed.decision().clone()),
        (Ok(_), Some(refusal)) => Err(refusal),
        (Err(refused), None) => Err(refused.refusal),
        (Err(refused), Some(refusal)) => Err(merged(refused.refusal, refusal)),
    }
}

fn merged(one: Refusal, other: Refusal) -> Refusal {
    let (mut leads, follows) = if other.code < one.code { (other, one) } else { (one, other) };
    leads.also.push(follows.code);
    leads.also.extend(follows.also);
    leads.also.retain(|code| *code != leads.code);
    leads.also.sort();
    leads.also.dedup();
    leads
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn limits() -> config::Grants {
        let day = Span::from_seconds(86_400);
        config::Grants {
            presets: vec![day],
            default: Some(day),
            max: Span::from_seconds(7 * 86_400),
            recommend_min: day,
            until_revoked: false,
            open: 200,
            purposes: Vec::new(),
            remind_before: day,
            review_unused: day,
            review_long: day,
        }
    }

    #[test]
    fn a_start_that_has_just_passed_is_now_and_an_older_one_is_refused() {
        assert_eq!(start(None, NOW), Ok(NOW));
        assert_eq!(start(Some(NOW.plus(Span::from_seconds(-60))), NOW), Ok(NOW));
        assert!(start(Some(NOW.plus(Span::from_seconds(-61))), NOW).is_err());
        assert!(start(Some(NOW.plus(AHEAD)), NOW).is_ok());
        assert!(start(Some(NOW.plus(Span::from_seconds(90 * 86_400 + 1))), NOW).is_err());
    }

    #[test]
    fn seven_days_are_fine_and_a_millisecond_more_is_too_long() {
        let week = Span::from_seconds(7 * 86_400);
        assert_eq!(limit(&limits(), Some(week)), None);
        let longer = limit(&limits(), Some(Span::from_millis(week.as_millis() + 1)));
        assert_eq!(longer.map(|refusal| refusal.code), Some(Code::DurationTooLong));
    }

    #[test]
    fn without_an_end_a_grant_is_refused_unless_the_vendor_offers_it() {
        assert_eq!(limit(&limits(), None).map(|refusal| refusal.code), Some(Code::DurationRequired));
        assert_eq!(limit(&config::Grants { until_revoked: true, ..limits() }, None), None);
    }

    #[test]
    fn of_two_refusals_the_first_in_order_leads_and_no_code_stands_twice() {
        let policy = Refusal { also: vec![Code::DurationTooLong], ..Refusal::from(Code::NotOwner) };
        let both = merged(policy, Refusal::from(Code::DurationTooLong));
        assert_eq!((both.code, both.also), (Code::NotOwner, vec![Code::DurationTooLong]));
        let both = merged(Refusal::from(Code::PolicyDenied), Refusal::from(Code::DurationTooLong));
        assert_eq!((both.code, both.also), (Code::DurationTooLong, vec![Code::PolicyDenied]));
    }

    proptest! {
        #[test]
        fn a_window_that_passes_is_neither_empty_nor_too_long(offset in -200_000_000_i64..9_000_000_000, span in any::<i64>()) {
            let asked = Timestamp::from_millis(NOW.as_millis() + offset);
            let Ok(begins) = start(Some(asked), NOW) else { return Ok(()) };
            prop_assert!(begins >= NOW);
            let Ok(ends) = end(begins, Lasting::For(Span::from_millis(span))) else { return Ok(()) };
            let lasts = length(begins, ends);
            if limit(&limits(), lasts).is_none() {
                prop_assert!(lasts.is_some_and(|lasts| lasts > Span::ZERO && lasts <= limits().max));
            }
        }
    }
}
