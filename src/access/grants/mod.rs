//! Grants: consent, given, moved and taken back by members.
//!
//! * here: what a grant is asked for with, and reading.
//! * `create`, `change`, `revoke`: one action each.
//! * `window`: from when and until when, and the limits of that. `offered`: what a grant may name.
pub(super) mod change;
mod create;
mod offered;
mod revoke;
pub(super) mod window;

use crate::domain::action::ControlAction;
use crate::domain::grant::{Access as Reach, Grant};
use crate::domain::id::{EngineerId, GrantId, WorkspaceId};
use crate::domain::path_pattern::PathPattern;
use crate::domain::refusal::Code;
use crate::domain::text::Label;
use crate::domain::time::{Span, Timestamp};
use crate::store::{StoreError, grants, workspaces};

use super::permission::Overseer;
use super::{Access, AccessError, Actor, Page, PageRequest};

pub use change::change;
pub use create::create;
pub(super) use create::{Act, consented, event, keep};
pub use revoke::revoke;
pub(super) use window::stricter;

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
    let overseer = Overseer::of(actor, workspace)?;
    let after: Option<GrantId> = page.after()?;
    let mut read = access.store.read().await?;
    let workspace = workspaces::find(&mut read, workspace).await?.ok_or(Code::NotFound)?;
    overseer.may(access, ControlAction::ReadSupportAccess, None, &workspace, access.clock.now())?;
    let limit = page.limit();
    let found = grants::list(&mut read, &workspace.id, after.as_ref(), limit.saturating_add(1)).await?;
    Ok(Page::cut(found, limit, |grant| grant.id.to_string()))
}

/// Reads one.
///
/// # Errors
/// `not-found`, for another tenant's too.
pub async fn get(access: &Access, actor: &Actor, workspace: &WorkspaceId, id: &GrantId) -> Result<Grant, AccessError> {
    let overseer = Overseer::of(actor, workspace)?;
    let mut read = access.store.read().await?;
    let workspace = workspaces::find(&mut read, workspace).await?.ok_or(Code::NotFound)?;
    overseer.may(access, ControlAction::ReadSupportAccess, None, &workspace, access.clock.now())?;
    grants::find(&mut read, &workspace.id, id).await?.ok_or(Code::NotFound.into())
}

/// How many grants are live, over all workspaces: a number for operators' metrics, which names nobody.
///
/// # Errors
/// When the store cannot be read.
pub async fn count_live(access: &Access) -> Result<i64, StoreError> {
    let mut read = access.store.read().await?;
    grants::count_live(&mut read, access.clock.now()).await
}
