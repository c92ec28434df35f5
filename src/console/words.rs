//! How pages word what the domain has: templates call these by their path.
use std::borrow::Borrow;

use crate::domain::grant::Access;
use crate::domain::refusal::Refusal;
use crate::domain::time::Span;
use crate::face::in_words;
use crate::problem::meaning;

/// How far access goes.
pub(super) fn reach(access: impl Borrow<Access>) -> &'static str {
    match access.borrow() {
        Access::ReadOnly => "read-only",
        Access::Full => "full access",
    }
}

/// A length of time.
pub(super) fn length(span: impl Borrow<Span>) -> String {
    in_words(*span.borrow())
}

/// What is told without a capital or a period, as a sentence of its own.
pub(super) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}

/// Why something is refused, as a sentence.
pub(super) fn because(refusal: &Refusal) -> String {
    sentence(if refusal.reason.is_empty() { meaning(&refusal.code).reason } else { &refusal.reason })
}

/// What to do about a refusal, as a sentence.
pub(super) fn remedy(refusal: &Refusal) -> String {
    sentence(refusal.next.as_deref().unwrap_or_else(|| meaning(&refusal.code).next))
}

/// A number of things.
pub(super) fn count(number: impl Borrow<usize>, one: &str, many: &str) -> String {
    let number = *number.borrow();
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::refusal::Code;

    #[test]
    fn what_is_told_reads_as_sentences() {
        assert_eq!(sentence("ask an owner"), "Ask an owner.");
        assert_eq!(sentence("done?"), "Done?");
        assert_eq!(because(&Code::GrantMissing.into()), "The customer has not granted access.");
        assert_eq!(remedy(&Refusal::from(Code::GrantMissing).next("wait")), "Wait.");
        assert_eq!([count(1, "grant", "grants"), count(2, "grant", "grants")], ["1 grant", "2 grants"]);
    }
}
