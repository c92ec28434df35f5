//! Access requests: an engineer asks for access, a member of the workspace answers.
//!
//! * here: what an engineer asks with, and reading.
//! * `create`, `answer`, `withdraw`: one action each.
//! * `extension`: a request to extend the grant that the engineer is inside on.
//! * `closing`: how a request comes to its end; `lapse`: when that happens by itself, or with the right to ask or to answer.
//! * `by_mail`: the link in a mail, by which one member answers one request.
mod answer;
mod by_mail;
mod closing;
mod create;
mod extension;
mod lapse;
mod withdraw;

use crate::domain::access_request::AccessRequest;
use crate::domain::action::ControlAction;
use crate::domain::grant::Access as Reach;
use crate::domain::id::{AccessRequestId, GrantId, MemberId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::text::{Justification, Label};
use crate::domain::time::Span;
use crate::store::access_requests::{self, Among, Listed};
use crate::store::workspaces;

use super::permission::{Overseer, engineer};
use super::{Access, AccessError, Actor, Page, PageRequest};

pub use answer::{approve, decline};
pub use by_mail::{Opened, open};
pub use create::create;
pub(super) use lapse::{overdue, unanswerable, unasked};
pub use withdraw::withdraw;

/// What an engineer asks for.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Where.
    pub workspace: WorkspaceId,
    /// The member who must answer; none: any member who may.
    pub subject: Option<MemberId>,
    /// How far.
    pub access: Reach,
    /// How long, counted from the approval, or from the end of the grant that is extended.
    pub duration: Span,
    /// Why.
    pub reason: Justification,
    /// The case.
    pub ticket: Option<Label>,
    /// What for.
    pub purpose: Option<Label>,
    /// The grant that shall last so much longer; none: a new one is asked for.
    pub extends: Option<GrantId>,
}

/// A request as both sides see it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The request.
    pub request: AccessRequest,
    /// The engineer's name.
    pub engineer_name: String,
    /// The engineer's e-mail address.
    pub engineer_email: String,
}

impl From<Listed> for Shown {
    fn from(listed: Listed) -> Self {
        let Listed { request, engineer_name, engineer_email } = listed;
        Self { request, engineer_name, engineer_email }
    }
}

/// Lists the requests of the engineer who asks, newest first.
///
/// # Errors
/// As every function of this room.
pub async fn list(access: &Access, actor: &Actor, page: &PageRequest) -> Result<Page<Shown>, AccessError> {
    let who = engineer(actor)?;
    page_of(access, Among::Engineer(&who.engineer.id), page).await
}

/// Reads one, for the engineer who asked.
///
/// # Errors
/// `not-found`, for another engineer's too.
pub async fn get(access: &Access, actor: &Actor, id: &AccessRequestId) -> Result<Shown, AccessError> {
    let who = engineer(actor)?;
    let found = access_requests::find_listed(&mut *access.store.read().await?, id).await?;
    let own = found.filter(|found| found.request.engineer == who.engineer.id);
    Ok(own.ok_or(Code::NotFound)?.into())
}

/// Lists the requests to a workspace, newest first. Members who may read, and operators.
///
/// # Errors
/// `not-found` for another tenant's workspace; by policy.
pub async fn list_for_members(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    page: &PageRequest,
) -> Result<Page<Shown>, AccessError> {
    let overseer = Overseer::of(actor, workspace)?;
    let workspace = workspaces::find(&mut *access.store.read().await?, workspace).await?.ok_or(Code::NotFound)?;
    overseer.may(access, ControlAction::ReadSupportAccess, None, &workspace, access.clock.now())?;
    page_of(access, Among::Workspace(&workspace.id), page).await
}

async fn page_of(access: &Access, among: Among<'_>, page: &PageRequest) -> Result<Page<Shown>, AccessError> {
    let after: Option<AccessRequestId> = page.after()?;
    let limit = page.limit();
    let mut read = access.store.read().await?;
    let found = access_requests::list(&mut read, among, after.as_ref(), limit.saturating_add(1)).await?;
    Ok(Page::cut(found.into_iter().map(Shown::from).collect(), limit, |shown| shown.request.id.to_string()))
}
