//! What an engineer asks with, and what a member answers.
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::access_requests::NewRequest;
use crate::api::error::ApiError;
use crate::domain::access_request::Narrowed;
use crate::domain::grant::Access;
use crate::domain::id::{GrantId, MemberId, WorkspaceId};
use crate::domain::text::{Justification, Label};
use crate::domain::time::Span;

/// What an engineer asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "workspace": "acme", "access": "read_only", "duration": "4h", "reason": "the import of Monday hangs", "ticket": "T-1",
}))]
pub(in crate::api::v1) struct CreateRequest {
    workspace: WorkspaceId,
    /// The member who must answer; left out: any member who may.
    subject: Option<MemberId>,
    access: Access,
    /// How long, counted from the approval; with `grant`, from the end of that.
    duration: Span,
    reason: Justification,
    ticket: Option<Label>,
    purpose: Option<Label>,
    /// A grant that the engineer is inside on: it shall last `duration` longer, with the access that it has.
    grant: Option<GrantId>,
}

impl TryFrom<CreateRequest> for NewRequest {
    type Error = ApiError;

    fn try_from(body: CreateRequest) -> Result<Self, ApiError> {
        let CreateRequest { workspace, subject, access, duration, reason, ticket, purpose, grant: extends } = body;
        if duration <= Span::ZERO {
            return Err(ApiError::bad_request(format!("duration: `{duration}` is not longer than zero")));
        }
        Ok(Self { workspace, subject, access, duration, reason, ticket, purpose, extends })
    }
}

/// How a member approves: as asked, or narrower.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"duration": "1h"}))]
pub(in crate::api::v1) struct ApproveRequest {
    /// How long instead; never longer than asked.
    duration: Option<Span>,
    /// How far instead; never further than asked.
    access: Option<Access>,
}

impl From<ApproveRequest> for Narrowed {
    fn from(body: ApproveRequest) -> Self {
        Self { access: body.access, duration: body.duration }
    }
}

/// How a member declines.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"comment": "not during the audit, please ask again on Monday"}))]
pub(in crate::api::v1) struct DeclineRequest {
    /// For the engineer.
    pub(super) comment: Option<Justification>,
}
