//! What the API shows: a grant as it stands now, and what came of a revoke.
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::grants::Revoked;
use crate::domain::grant::{Access, Grant, Origin, Standing};
use crate::domain::id::{EngineerId, GrantId, MemberId, WorkspaceId};
use crate::domain::path_pattern::PathPattern;
use crate::domain::time::Timestamp;

/// A grant as the API shows it (contract, section 4).
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api::v1) struct GrantShown {
    id: GrantId,
    workspace: WorkspaceId,
    subject: MemberId,
    access: Access,
    origin: Origin,
    standing: Standing,
    starts_at: Timestamp,
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engineers: Option<Vec<EngineerId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Vec<PathPattern>>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_by: Option<String>,
}

impl GrantShown {
    /// `grant` as it stands at `now`.
    pub(in crate::api::v1) fn new(grant: Grant, now: Timestamp) -> Self {
        Self {
            standing: grant.standing(now),
            id: grant.id,
            workspace: grant.workspace,
            subject: grant.subject,
            access: grant.access,
            origin: grant.origin,
            starts_at: grant.starts_at,
            expires_at: grant.expires_at,
            engineers: grant.engineers,
            groups: grant.groups,
            organization: grant.organization,
            ticket: grant.ticket,
            purpose: grant.purpose,
            scope: grant.scope,
            created_at: grant.created_at,
            revoked_at: grant.revoked_at,
            revoked_by: grant.revoked_by,
        }
    }
}

/// What came of a revoke.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api::v1) struct RevokedShown {
    revoked_at: Timestamp,
    sessions_ended: u64,
    streams_cut: u64,
}

impl From<Revoked> for RevokedShown {
    fn from(revoked: Revoked) -> Self {
        let Revoked { revoked_at, sessions_ended, streams_cut } = revoked;
        Self { revoked_at, sessions_ended, streams_cut }
    }
}
