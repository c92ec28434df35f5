//! How an access request is shown that waits for an answer.
use crate::access::access_requests::Shown;
use crate::api::answer::durations;
use crate::domain::grant::Access;
use crate::domain::id::AccessRequestId;
use crate::domain::member::Member;
use crate::domain::time::{Span, Timestamp};
use crate::face::{Moment, in_words};

/// An engineer asks for access.
#[derive(Debug)]
pub(in crate::support_access) struct Asking {
    pub(in crate::support_access) id: AccessRequestId,
    pub(in crate::support_access) name: String,
    pub(in crate::support_access) email: String,
    pub(in crate::support_access) reason: String,
    pub(in crate::support_access) ticket: Option<String>,
    pub(in crate::support_access) purpose: Option<String>,
    pub(in crate::support_access) full: bool,
    pub(in crate::support_access) lasts: String,
    /// Durations to choose from, and how they read; the one that was asked for comes first.
    pub(in crate::support_access) durations: Vec<(Span, String)>,
    pub(in crate::support_access) asked: Moment,
    pub(in crate::support_access) lapses: Moment,
    /// Who alone can answer, where that is somebody else than the viewer.
    pub(in crate::support_access) another: Option<String>,
}

impl Asking {
    /// Whether the viewer can answer it.
    pub(in crate::support_access) const fn is_for_the_viewer(&self) -> bool {
        self.another.is_none()
    }

    /// `shown` for `viewer` at `now`.
    pub(in crate::support_access) fn new(shown: Shown, viewer: &Member, now: Timestamp) -> Self {
        let Shown { request, engineer_name: name, engineer_email: email } = shown;
        Self {
            id: request.id,
            name,
            email,
            reason: request.reason,
            ticket: request.ticket,
            purpose: request.purpose,
            full: request.access == Access::Full,
            lasts: in_words(request.duration),
            durations: durations(request.duration),
            asked: Moment::from(request.created_at, now),
            lapses: Moment::at(request.lapses_at),
            another: request.subject.filter(|subject| *subject != viewer.id).map(|subject| subject.to_string()),
        }
    }
}
