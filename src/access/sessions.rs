//! Sessions: an engineer enters, and is shown out.
use crate::domain::id::{GrantId, SessionId, WorkspaceId};
use crate::domain::session::Session;
use crate::domain::text::{Justification, Label};
use crate::identity::{SecretHash, SessionToken};

use super::{Access, AccessError, Actor, Idempotency, Page, PageRequest};

/// What an engineer asks for.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Where.
    pub workspace: WorkspaceId,
    /// On which grant; none: the only one that fits.
    pub grant: Option<GrantId>,
    /// Why.
    pub reason: Justification,
    /// The case.
    pub ticket: Option<Label>,
}

/// A session that has begun.
#[derive(Debug)]
pub struct Started {
    /// The session.
    pub session: Session,
    /// Its token, for its engineer alone.
    pub token: SessionToken,
}

/// A session as members and operators see it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The session.
    pub session: Session,
    /// The engineer's name and e-mail address.
    pub engineer_name: String,
    /// The engineer's e-mail address.
    pub engineer_email: String,
}

/// Begins a session. Engineers only.
///
/// # Errors
/// Without a fitting grant: the code of the nearest. Several fit: `choose-grant`. A repeated call (same idempotency
/// key) gives the same session with a new token.
pub async fn start(
    access: &Access,
    actor: &Actor,
    new: NewSession,
    idempotency: Option<Idempotency>,
) -> Result<Started, AccessError> {
    let _ = (access, actor, new, idempotency);
    todo!()
}

/// The session of a token, for the engineer who holds it; ended ones too, for 24 hours.
///
/// # Errors
/// `no-session`.
pub async fn current(access: &Access, actor: &Actor, token: &SecretHash) -> Result<Session, AccessError> {
    let _ = (access, actor, token);
    todo!()
}

/// Moves a session's absolute end to the longest that is allowed from now, never past its grant. Its engineer only.
///
/// # Errors
/// `not-found`; the session's cause when it has ended; by policy.
pub async fn renew(access: &Access, actor: &Actor, id: &SessionId) -> Result<Session, AccessError> {
    let _ = (access, actor, id);
    todo!()
}

/// Ends a session: its engineer, or an operator. Ending twice is fine.
///
/// # Errors
/// `not-found`.
pub async fn end(access: &Access, actor: &Actor, id: &SessionId) -> Result<Session, AccessError> {
    let _ = (access, actor, id);
    todo!()
}

/// Lists the sessions of a workspace, newest first, ended ones of the last 24 hours too. Members who may read, operators.
///
/// # Errors
/// `not-found`; by policy.
pub async fn list(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    page: &PageRequest,
) -> Result<Page<Shown>, AccessError> {
    let _ = (access, actor, workspace, page);
    todo!()
}

/// Ends a session of a workspace: a member who may, or an operator.
///
/// # Errors
/// `not-found`; by policy.
pub async fn end_for_member(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &SessionId,
) -> Result<Session, AccessError> {
    let _ = (access, actor, workspace, id);
    todo!()
}
