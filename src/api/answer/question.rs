//! What a member gets to see before they answer: who asks for what, why and for how long; and the two forms.
use askama::Template;
use axum::response::Response;

use crate::access::access_requests::{Opened, Shown};
use crate::api::page;
use crate::config::Vendor;
use crate::domain::access_request::AccessRequest;
use crate::domain::grant::Access;
use crate::domain::time::Span;
use crate::face::{in_words, readable};
use crate::identity::ANSWER_PATH;

/// Shorter durations to choose from, in hours, the longest first.
const SHORTER: [i64; 6] = [168, 72, 24, 8, 4, 1];

#[derive(Template)]
#[template(path = "answer.html")]
struct Question<'a> {
    vendor: &'a Vendor,
    action: &'static str,
    token: &'a str,
    workspace: &'a str,
    /// The e-mail address of the member whose login is asked for.
    login: &'a str,
    name: &'a str,
    email: &'a str,
    request: &'a AccessRequest,
    /// Whether changing things is asked for.
    full: bool,
    lasts: String,
    /// When what they have ends now, for a request to extend that.
    ends_at: Option<String>,
    asked_at: String,
    lapses_at: String,
    /// Durations to choose from: what is sent, and how it reads; the one that was asked for comes first.
    durations: Vec<(Span, String)>,
}

/// The page.
pub(super) fn question(vendor: &Vendor, opened: &Opened, token: &str) -> Response {
    let Opened { member, workspace, shown, extends, .. } = opened;
    let Shown { request, engineer_name, engineer_email } = shown;
    let question = Question {
        vendor,
        action: ANSWER_PATH,
        token,
        workspace: &workspace.name,
        login: member.email.as_str(),
        name: engineer_name,
        email: engineer_email,
        request,
        full: request.access == Access::Full,
        lasts: in_words(request.duration),
        ends_at: extends.as_ref().and_then(|grant| grant.expires_at).map(readable),
        asked_at: readable(request.created_at),
        lapses_at: readable(request.lapses_at),
        durations: durations(request.duration),
    };
    // Writing into a text does not fail.
    page::with_own_forms(question.render().unwrap_or_default())
}

/// The duration that was asked for, then shorter ones.
pub(crate) fn durations(asked: Span) -> Vec<(Span, String)> {
    let shorter = SHORTER.into_iter().map(|hours| Span::from_seconds(hours * 3600)).filter(|span| *span < asked);
    std::iter::once(asked).chain(shorter).map(|span| (span, in_words(span))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_chosen_is_never_longer_than_what_was_asked() {
        let choices = |asked: &str| {
            let durations = durations(asked.parse().unwrap());
            durations.into_iter().map(|(span, _)| span.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(choices("3d"), "3d 1d 8h 4h 1h");
        assert_eq!(choices("90m"), "90m 1h");
        assert_eq!(choices("30m"), "30m");
    }
}
