//! Grants: consent, given, moved and taken back by members.
use crate::domain::grant::{Access as Reach, Grant};
use crate::domain::id::{EngineerId, GrantId, WorkspaceId};
use crate::domain::path_pattern::PathPattern;
use crate::domain::text::Label;
use crate::domain::time::{Span, Timestamp};

use super::{Access, AccessError, Actor, Idempotency, Page, PageRequest};

/// How long a grant shall last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// So long from its start.
    For(Span),
    /// Until this moment.
    Until(Timestamp),
    /// Until somebody revokes it.
    UntilRevoked,
}

/// What a member asks for.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// When it begins; none: now.
    pub starts_at: Option<Timestamp>,
    /// How long; none: not said, which is refused with `duration-required`.
    pub lasting: Option<Lasting>,
    /// How far.
    pub access: Reach,
    /// Named engineers.
    pub engineers: Option<Vec<EngineerId>>,
    /// Named groups.
    pub groups: Option<Vec<String>>,
    /// The named organization.
    pub organization: Option<Label>,
    /// The case.
    pub ticket: Option<Label>,
    /// What for.
    pub purpose: Option<Label>,
    /// The paths that it opens.
    pub scope: Option<Vec<PathPattern>>,
}

/// What came of a revoke, once nothing of the grant can pass any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// When it was revoked; an earlier revoke keeps its time.
    pub revoked_at: Timestamp,
    /// Sessions that ended by it.
    pub sessions_ended: u64,
    /// Exchanges and streams that were cut.
    pub streams_cut: u64,
}

/// Creates a grant whose subject is the member who acts.
///
/// # Errors
/// By policy and limits; `conflict` for a reused idempotency key.
pub async fn create(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    new: NewGrant,
    idempotency: Option<Idempotency>,
) -> Result<Grant, AccessError> {
    let _ = (access, actor, workspace, new, idempotency);
    todo!()
}

/// Lists a workspace's grants, newest first. Members who may read, and operators.
///
/// # Errors
/// `not-found` for another tenant's workspace.
pub async fn list(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    page: &PageRequest,
) -> Result<Page<Grant>, AccessError> {
    let _ = (access, actor, workspace, page);
    todo!()
}

/// Reads one.
///
/// # Errors
/// `not-found`, for another tenant's too.
pub async fn get(access: &Access, actor: &Actor, workspace: &WorkspaceId, id: &GrantId) -> Result<Grant, AccessError> {
    let _ = (access, actor, workspace, id);
    todo!()
}

/// Moves a grant's end: a duration counts from its start. Later is `ExtendGrant`, earlier `ShortenGrant`.
///
/// # Errors
/// `conflict` for a grant that is over or revoked; by policy and limits.
pub async fn change(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &GrantId,
    lasting: Lasting,
) -> Result<Grant, AccessError> {
    let _ = (access, actor, workspace, id, lasting);
    todo!()
}

/// Revokes a grant, ends its sessions, and returns when nothing of it can pass any more. Revoking twice is fine.
///
/// # Errors
/// `not-found`; by policy.
pub async fn revoke(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &GrantId,
) -> Result<Revoked, AccessError> {
    let _ = (access, actor, workspace, id);
    todo!()
}
