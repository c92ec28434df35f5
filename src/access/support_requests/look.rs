//! Reading: members see the cases of their workspace, engineers those that they may work on.
use tokio::fs::File;

use crate::domain::action::ControlAction;
use crate::domain::attachment::Attachment;
use crate::domain::grant::Access as Reach;
use crate::domain::id::{AttachmentId, SupportRequestId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::support_request::SupportRequest;
use crate::domain::time::{Span, Timestamp};
use crate::policy::Terms;
use crate::store::support_requests::Among;
use crate::store::{Connection, support_requests, workspaces};

use super::{Matter, Shown};
use crate::access::permission::{Asked, Viewer, engineer, member_of, refused};
use crate::access::{Access, AccessError, Actor, Page, PageRequest};

/// How many cases are looked at for one page: an engineer may not see most of them.
const LOOKED_AT: usize = 1000;

/// How many are read at once.
const BATCH: u32 = 50;

/// Lists the cases of a workspace, newest first.
///
/// # Errors
/// `not-found` for another tenant's workspace; by policy.
pub async fn list(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    page: &PageRequest,
) -> Result<Page<Shown>, AccessError> {
    let viewer = Viewer::of(actor, workspace)?;
    let after: Option<SupportRequestId> = page.after()?;
    let mut read = access.store.read().await?;
    let now = access.clock.now();
    let workspace = workspaces::find(&mut read, workspace).await?.ok_or(Code::NotFound)?;
    if let Viewer::Member(who) = viewer {
        let action = ControlAction::ReadSupportAccess;
        let asked = Asked { action, terms: Terms::default(), workspace: &workspace, now };
        asked.by(who, &access.engine.current()).map_err(refused)?;
    }
    Search { access, viewer, among: Among::Workspace(&workspace.id), now }.page(&mut read, after, page.limit()).await
}

/// Lists the cases of all workspaces that the engineer may work on, newest first.
///
/// # Errors
/// As every function of this room.
pub async fn list_all(access: &Access, actor: &Actor, page: &PageRequest) -> Result<Page<Shown>, AccessError> {
    let viewer = Viewer::Engineer(engineer(actor)?);
    let after: Option<SupportRequestId> = page.after()?;
    let mut read = access.store.read().await?;
    Search { access, viewer, among: Among::All, now: access.clock.now() }.page(&mut read, after, page.limit()).await
}

/// Lists the cases of all workspaces that the engineer may work on and that nobody has resolved, newest first.
///
/// # Errors
/// As every function of this room.
pub async fn queue(access: &Access, actor: &Actor, page: &PageRequest) -> Result<Page<Shown>, AccessError> {
    let viewer = Viewer::Engineer(engineer(actor)?);
    let after: Option<SupportRequestId> = page.after()?;
    let mut read = access.store.read().await?;
    Search { access, viewer, among: Among::Unresolved, now: access.clock.now() }
        .page(&mut read, after, page.limit())
        .await
}

/// Reads one of any workspace, for an engineer who may work on it.
///
/// # Errors
/// `not-found`, for one that they must not see too.
pub async fn find(access: &Access, actor: &Actor, id: &SupportRequestId) -> Result<Shown, AccessError> {
    let viewer = Viewer::Engineer(engineer(actor)?);
    let mut read = access.store.read().await?;
    let case = support_requests::find(&mut read, id).await?.ok_or(Code::NotFound)?;
    let search = Search { access, viewer, among: Among::Workspace(&case.workspace.clone()), now: access.clock.now() };
    if search.shows(&mut read, &case).await? { Shown::of(&mut read, case).await } else { Err(Code::NotFound.into()) }
}

/// Reads one.
///
/// # Errors
/// `not-found`, for one that the caller must not see too; by policy.
pub async fn get(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &SupportRequestId,
) -> Result<Shown, AccessError> {
    let mut read = access.store.read().await?;
    let case = visible(access, &mut read, actor, workspace, id).await?;
    Shown::of(&mut read, case).await
}

/// An attachment, and its file.
///
/// # Errors
/// The same.
pub async fn attachment(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &SupportRequestId,
    attachment: &AttachmentId,
) -> Result<(Attachment, File), AccessError> {
    let mut read = access.store.read().await?;
    let case = visible(access, &mut read, actor, workspace, id).await?;
    drop(read);
    let found = case.attachments.into_iter().find(|known| known.id == *attachment).ok_or(Code::NotFound)?;
    let file = access.attachments.read(&found.id).await?;
    Ok((found, file))
}

/// Whether the member may submit a request at all: asked before anything of it is taken.
///
/// # Errors
/// `not-found` for another tenant's workspace; by policy.
pub async fn may_open(access: &Access, actor: &Actor, workspace: &WorkspaceId) -> Result<(), AccessError> {
    let who = member_of(actor, workspace)?;
    let mut read = access.store.read().await?;
    let now = access.clock.now();
    let workspace = workspaces::find(&mut read, workspace).await?.ok_or(Code::NotFound)?;
    let bundle = access.engine.current();
    let shortest = access.support_requests.default.min(Span::from_seconds(60));
    let asked = |reach| Asked {
        action: ControlAction::OpenSupportRequest,
        terms: Terms { access: Some(reach), lasts: Some(shortest), subject: Some(&who.member.id), ..Terms::default() },
        workspace: &workspace,
        now,
    };
    let least = asked(Reach::ReadOnly).by(who, &bundle);
    least.or_else(|_| asked(Reach::Full).by(who, &bundle)).map(drop).map_err(refused)
}

/// The case, if it is one of that workspace and the caller may see it.
async fn visible(
    access: &Access,
    connection: &mut Connection,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &SupportRequestId,
) -> Result<SupportRequest, AccessError> {
    let viewer = Viewer::of(actor, workspace)?;
    let now = access.clock.now();
    let workspace = workspaces::find(connection, workspace).await?.ok_or(Code::NotFound)?;
    if let Viewer::Member(who) = viewer {
        let action = ControlAction::ReadSupportAccess;
        let asked = Asked { action, terms: Terms::default(), workspace: &workspace, now };
        asked.by(who, &access.engine.current()).map_err(refused)?;
    }
    let found = support_requests::find(connection, id).await?.filter(|case| case.workspace == workspace.id);
    let search = Search { access, viewer, among: Among::Workspace(&workspace.id), now };
    let case = found.ok_or(Code::NotFound)?;
    if search.shows(connection, &case).await? { Ok(case) } else { Err(Code::NotFound.into()) }
}

/// Who looks for cases, and among which.
struct Search<'a> {
    access: &'a Access,
    viewer: Viewer<'a>,
    among: Among<'a>,
    now: Timestamp,
}

impl Search<'_> {
    /// Whether they may see this one. What a member may see was asked for the workspace as a whole.
    async fn shows(&self, connection: &mut Connection, case: &SupportRequest) -> Result<bool, AccessError> {
        match self.viewer {
            Viewer::Member(_) => Ok(true),
            Viewer::Engineer(who) => {
                let matter = Matter::of(connection, case.clone()).await?;
                Ok(matter.is_some_and(|matter| matter.may_work(self.access, &who.engineer, self.now).is_ok()))
            }
        }
    }

    /// One page. It may be short although more follow, where most are not for the caller to see.
    async fn page(
        &self,
        connection: &mut Connection,
        mut after: Option<SupportRequestId>,
        limit: u32,
    ) -> Result<Page<Shown>, AccessError> {
        let (limit, mut items, mut looked_at) = (usize::try_from(limit).unwrap_or(usize::MAX), Vec::new(), 0);
        loop {
            let batch = support_requests::list(connection, self.among, after.as_ref(), BATCH).await?;
            if batch.is_empty() {
                return Ok(Page { items, next: None });
            }
            for case in batch {
                if items.len() == limit || looked_at == LOOKED_AT {
                    return Ok(Page { items, next: after.map(String::from) });
                }
                after = Some(case.id.clone());
                looked_at += 1;
                if self.shows(connection, &case).await? {
                    items.push(Shown::of(connection, case).await?);
                }
            }
        }
    }
}
