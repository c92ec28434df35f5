//! What the API shows: a request as it stands now, the same to both sides.
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::access_requests::Shown;
use crate::domain::access_request::{Closing, How, State};
use crate::domain::grant::Access;
use crate::domain::id::{AccessRequestId, EngineerId, GrantId, MemberId, WorkspaceId};
use crate::domain::time::{Span, Timestamp};

/// An access request.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api::v1) struct RequestShown {
    id: AccessRequestId,
    workspace: WorkspaceId,
    engineer: Asker,
    /// The member who must answer; absent: any member who may.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<MemberId>,
    state: State,
    access: Access,
    duration: Span,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    /// The grant that shall last `duration` longer; absent: a new one is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    extends: Option<GrantId>,
    created_at: Timestamp,
    lapses_at: Timestamp,
    #[serde(flatten)]
    end: EndShown,
}

/// The engineer who asks, as members see them.
#[derive(Debug, Serialize, ToSchema)]
struct Asker {
    id: EngineerId,
    name: String,
    email: String,
}

/// How a request came to its end; nothing before.
#[derive(Debug, Default, Serialize, ToSchema)]
struct EndShown {
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<String>,
    /// What the member who declined said.
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    /// The grant that came of an approval, or that it extended.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<GrantId>,
}

impl RequestShown {
    /// `shown` as it stands at `now`.
    pub(in crate::api::v1) fn new(shown: Shown, now: Timestamp) -> Self {
        let Shown { request, engineer_name: name, engineer_email: email } = shown;
        Self {
            state: request.state(now),
            id: request.id,
            workspace: request.workspace,
            engineer: Asker { id: request.engineer, name, email },
            subject: request.subject,
            access: request.access,
            duration: request.duration,
            reason: request.reason,
            ticket: request.ticket,
            purpose: request.purpose,
            extends: request.extends,
            created_at: request.created_at,
            lapses_at: request.lapses_at,
            end: request.closing.map(EndShown::from).unwrap_or_default(),
        }
    }
}

impl From<Closing> for EndShown {
    fn from(closing: Closing) -> Self {
        let Closing { at, by, how } = closing;
        let (comment, grant) = match how {
            How::Approved(grant) => (None, Some(grant)),
            How::Declined(comment) => (comment, None),
            How::Withdrawn | How::Lapsed => (None, None),
        };
        Self { closed_at: Some(at), closed_by: Some(by), comment, grant }
    }
}
