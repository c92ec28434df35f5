//! An access request: an engineer asks for access, a member of the workspace answers. Pure: every change gives a new value.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::grant::Access;
use super::id::{AccessRequestId, EngineerId, GrantId, MemberId, WorkspaceId};
use super::time::{Span, Timestamp};

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for an answer.
    Pending,
    /// A member gave access.
    Approved,
    /// A member gave none.
    Declined,
    /// The engineer took it back, or may not ask any more.
    Withdrawn,
    /// Nobody answered in time, or nobody can any more.
    Lapsed,
}

impl State {
    /// The word in the API and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }
}

/// How a request came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// By whom, in words: a member's id, `engineer:ID`, `directory:NAME`, `forced-sso`, `staff.allowed_groups` or `clock`.
    pub by: String,
    /// By what.
    pub how: How,
}

/// By what a request came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// A member approved it: this grant came of it.
    Approved(GrantId),
    /// A member declined it, perhaps with a comment for the engineer.
    Declined(Option<String>),
    /// It was taken back.
    Withdrawn,
    /// It lapsed.
    Lapsed,
}

/// An engineer's request for access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequest {
    /// Its id.
    pub id: AccessRequestId,
    /// Where.
    pub workspace: WorkspaceId,
    /// Who asks.
    pub engineer: EngineerId,
    /// The member who must answer, whose login is asked for; none: any member who may.
    pub subject: Option<MemberId>,
    /// How far the access shall go.
    pub access: Access,
    /// How long it shall last, counted from the approval, or for an extension from the end of its grant.
    pub duration: Span,
    /// Why, in the engineer's words.
    pub reason: String,
    /// The case in the vendor's help desk.
    pub ticket: Option<String>,
    /// What the access is for.
    pub purpose: Option<String>,
    /// The grant that shall last so much longer; none: a new one is asked for.
    pub extends: Option<GrantId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it waits for an answer.
    pub lapses_at: Timestamp,
    /// How it came to its end; none while it waits.
    pub closing: Option<Closing>,
}

/// Less than what was asked for. What is left out stays as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Narrowed {
    /// How far instead.
    pub access: Option<Access>,
    /// How long instead.
    pub duration: Option<Span>,
}

/// Why an answer does not fit a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooWide {
    /// Full access, where looking was asked for.
    #[error("the request asks for `read_only` access")]
    Access,
    /// A longer time than was asked for.
    #[error("the request asks for `{0}`")]
    Duration(Span),
    /// Another access than that of the grant that is extended.
    #[error("an extension keeps the `{}` access of its grant", .0.as_str())]
    Extension(Access),
}

impl AccessRequest {
    /// Where it stands at `now`: one whose time is over has lapsed, whether or not that is written down.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        match &self.closing {
            Some(Closing { how: How::Approved(_), .. }) => State::Approved,
            Some(Closing { how: How::Declined(_), .. }) => State::Declined,
            Some(Closing { how: How::Withdrawn, .. }) => State::Withdrawn,
            Some(Closing { how: How::Lapsed, .. }) => State::Lapsed,
            None if self.lapses_at <= now => State::Lapsed,
            None => State::Pending,
        }
    }

    /// What an approval gives: what was asked for, or less of it.
    ///
    /// # Errors
    /// An approval never widens what was asked for: the engineer asked for what they need.
    pub fn narrowed(&self, to: Narrowed) -> Result<(Access, Span), TooWide> {
        let access = match (self.access, to.access.unwrap_or(self.access)) {
            (asked, given) if self.extends.is_some() && asked != given => return Err(TooWide::Extension(asked)),
            (Access::ReadOnly, Access::Full) => return Err(TooWide::Access),
            (Access::ReadOnly | Access::Full, access) => access,
        };
        match to.duration.unwrap_or(self.duration) {
            longer if longer > self.duration => Err(TooWide::Duration(self.duration)),
            duration => Ok((access, duration)),
        }
    }

    /// The request after its end; the same as before if it has come to one already.
    #[must_use]
    pub fn closed(self, at: Timestamp, by: &str, how: How) -> Self {
        let closing = self.closing.or_else(|| Some(Closing { at, by: by.to_owned(), how }));
        Self { closing, ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const HOUR: Span = Span::from_seconds(3600);

    fn request(access: Access, duration: Span) -> AccessRequest {
        AccessRequest {
            id: AccessRequestId::mint(NOW),
            workspace: "acme".parse().unwrap(),
            engineer: "ada".parse().unwrap(),
            subject: None,
            access,
            duration,
            reason: "the import of Monday hangs".to_owned(),
            ticket: None,
            purpose: None,
            extends: None,
            created_at: NOW,
            lapses_at: NOW.plus(HOUR),
            closing: None,
        }
    }

    #[test]
    fn a_request_waits_until_it_is_answered_or_its_time_is_over() {
        let waiting = request(Access::Full, HOUR);
        assert_eq!(waiting.state(NOW), State::Pending);
        assert_eq!(waiting.state(NOW.plus(HOUR)), State::Lapsed);
        for (how, state) in [
            (How::Approved("gr_1".parse().unwrap()), State::Approved),
            (How::Declined(None), State::Declined),
            (How::Withdrawn, State::Withdrawn),
            (How::Lapsed, State::Lapsed),
        ] {
            assert_eq!(waiting.clone().closed(NOW, "olga", how).state(NOW.plus(HOUR)), state);
        }
    }

    #[test]
    fn the_first_end_of_a_request_counts() {
        let declined = request(Access::Full, HOUR).closed(NOW, "olga", How::Declined(Some("not now".to_owned())));
        let later = declined.clone().closed(NOW.plus(HOUR), "otto", How::Approved("gr_1".parse().unwrap()));
        assert_eq!(later, declined);
    }

    #[test]
    fn an_approval_without_a_word_gives_what_was_asked_for() {
        let asked = request(Access::Full, HOUR);
        assert_eq!(asked.narrowed(Narrowed::default()), Ok((Access::Full, HOUR)));
        let looking = Narrowed { access: Some(Access::ReadOnly), duration: None };
        assert_eq!(asked.narrowed(looking), Ok((Access::ReadOnly, HOUR)));
    }

    #[test]
    fn an_extension_is_shorter_or_as_asked_and_changes_nothing_else() {
        let asked = AccessRequest { extends: Some("gr_1".parse().unwrap()), ..request(Access::Full, HOUR) };
        let half = Span::from_seconds(1800);
        assert_eq!(asked.narrowed(Narrowed { access: None, duration: Some(half) }), Ok((Access::Full, half)));
        let looking = Narrowed { access: Some(Access::ReadOnly), duration: None };
        assert_eq!(asked.narrowed(looking), Err(TooWide::Extension(Access::Full)));
    }

    fn access() -> impl Strategy<Value = Access> {
        prop_oneof![Just(Access::ReadOnly), Just(Access::Full)]
    }

    proptest! {
        #[test]
        fn an_approval_is_never_wider_than_what_was_asked(
            asked in access(),
            lasts in 1_i64..1_000_000_000_000,
            given in proptest::option::of(access()),
            duration in proptest::option::of(any::<i64>()),
        ) {
            let request = request(asked, Span::from_millis(lasts));
            let to = Narrowed { access: given, duration: duration.map(Span::from_millis) };
            match request.narrowed(to) {
                Ok((access, duration)) => {
                    prop_assert!(access == Access::ReadOnly || asked == Access::Full);
                    prop_assert!(duration <= request.duration);
                    prop_assert!(given.is_none_or(|given| given == access));
                    prop_assert!(to.duration.is_none_or(|wanted| wanted == duration));
                }
                Err(TooWide::Access) => prop_assert_eq!((asked, given), (Access::ReadOnly, Some(Access::Full))),
                Err(TooWide::Extension(_)) => prop_assert!(false, "nothing is extended"),
                Err(TooWide::Duration(_)) => prop_assert!(to.duration.is_some_and(|wanted| wanted > request.duration)),
            }
        }
    }
}
