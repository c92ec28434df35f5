//! Why something was refused, in words for the page on which it was asked for.
use http::StatusCode;

use crate::access::AccessError;
use crate::api::error::ApiError;
use crate::domain::refusal::Refusal;
use crate::problem::meaning;

/// A refusal on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// In a few words.
    pub(super) title: &'static str,
    /// What is wrong.
    pub(super) detail: String,
    /// What to do next.
    pub(super) next: String,
    /// The stable word, for whoever is asked for help.
    pub(super) code: String,
}

impl From<&Refusal> for Trouble {
    fn from(refusal: &Refusal) -> Self {
        let meaning = meaning(&refusal.code);
        let detail = if refusal.reason.is_empty() { meaning.reason } else { &refusal.reason };
        Self {
            status: meaning.status,
            title: meaning.title,
            detail: sentence(detail),
            next: sentence(refusal.next.as_deref().unwrap_or(meaning.next)),
            code: refusal.code.to_string(),
        }
    }
}

impl From<&ApiError> for Trouble {
    fn from(error: &ApiError) -> Self {
        Self::from(error.refusal())
    }
}

impl From<AccessError> for Trouble {
    fn from(error: AccessError) -> Self {
        Self::from(&ApiError::from(error))
    }
}

/// A reason as a sentence: with a capital and a period.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use crate::domain::refusal::Code;

    use super::*;

    #[test]
    fn a_refusal_is_told_in_sentences() {
        let trouble = Trouble::from(&Refusal::because(Code::DurationTooLong, "a grant lasts `7d` at most"));
        assert_eq!([&*trouble.detail, &*trouble.next], ["A grant lasts `7d` at most.", "Choose a shorter duration."]);
        assert_eq!((trouble.status.as_u16(), &*trouble.code), (403, "duration-too-long"));
    }
}
