//! The trail of one workspace, for its members: a list, an export with its proof, and records as they are written.
//!
//! Policies decide who reads (`ReadTrail`), on the member and the workspace as they are now.
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::audit::{Form, Found, Journal, Query, Reader, WorkspaceExport};
use crate::domain::action::ControlAction;
use crate::domain::id::WorkspaceId;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Uptime;
use crate::policy::Terms;
use crate::store::{members, workspaces};

use super::actor::MemberActor;
use super::permission::{Asked, member_of, refused};
use super::{Access, AccessError, Actor, Page, PageRequest};

/// How long an export waits for a checkpoint over what is recorded when it is asked for.
const SEALED: Duration = Duration::from_secs(2);
/// How often to look whether it is there.
const LOOK: Duration = Duration::from_millis(20);
/// How often somebody who follows is told of what is new.
const PULSE: Duration = Duration::from_millis(250);
/// How often it is looked whether whoever follows still may, though nothing is new.
const STILL: Duration = Duration::from_secs(2);
/// How many records are handed to somebody who follows at once.
const BATCH: usize = 100;

/// Lists a workspace's records, newest first. Members who may.
///
/// # Errors
/// `not-found` for another tenant's workspace; by policy; `audit-unavailable` when the trail cannot be read.
pub async fn list(
    access: &Access,
    journal: &Journal,
    actor: &Actor,
    workspace: &WorkspaceId,
    query: Query,
    page: &PageRequest,
) -> Result<Page<Found>, AccessError> {
    let before: Option<u64> = page.after()?;
    may_read(access, actor, workspace).await?;
    let (reader, workspace, limit) = (journal.reader(), workspace.clone(), page.limit());
    let more = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let found = from_disk(move || reader.newest(&workspace, &query, before, more)).await?;
    Ok(Page::cut(found, limit, |found| found.seq.to_string()))
}

/// Everything of a workspace up to a checkpoint over what is recorded now, behind its proof. Members who may read.
///
/// # Errors
/// As [`list`]; `audit-unavailable` when no checkpoint covers a record of the workspace.
pub async fn export(
    access: &Access,
    journal: &Journal,
    actor: &Actor,
    workspace: &WorkspaceId,
    form: Form,
) -> Result<WorkspaceExport, AccessError> {
    may_read(access, actor, workspace).await?;
    sealed(journal, workspace).await;
    let (reader, workspace) = (journal.reader(), workspace.clone());
    let export = from_disk(move || Ok(reader.export(&workspace, form))).await?;
    let none = "no signed checkpoint covers a record of this workspace yet";
    export.ok_or_else(|| Refusal::because(Code::AuditUnavailable, none).next("try again in some seconds").into())
}

/// Waits for a checkpoint over what is recorded of the workspace now, but not long: an older one proves less, not nothing.
pub(super) async fn sealed(journal: &Journal, workspace: &WorkspaceId) {
    let reader = journal.reader();
    let count = reader.count(workspace);
    if reader.covered(workspace) >= count {
        return;
    }
    journal.ask_for_checkpoint();
    let covered = async {
        while reader.covered(workspace) < count {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(SEALED, covered).await.is_err() {
        tracing::warn!(%workspace, "no checkpoint was signed in time: an export ends at the one before");
    }
}

/// Somebody who follows a workspace's records as they reach the disk.
#[derive(Debug)]
pub struct Follower {
    access: Arc<Access>,
    reader: Reader,
    actor: Actor,
    workspace: WorkspaceId,
    query: Query,
    /// The last record that was looked at.
    after: u64,
    /// When it was last seen that they may.
    allowed_at: Uptime,
}

impl Follower {
    /// Begins behind the record `after`, or with the next one that is written. Members who may read.
    ///
    /// # Errors
    /// As [`list`].
    pub async fn begin(
        access: &Arc<Access>,
        journal: &Journal,
        actor: Actor,
        workspace: WorkspaceId,
        query: Query,
        after: Option<u64>,
    ) -> Result<Self, AccessError> {
        may_read(access, &actor, &workspace).await?;
        let (reader, access) = (journal.reader(), Arc::clone(access));
        let count = reader.count(&workspace);
        let after = after.unwrap_or(count);
        if after > count {
            let told = format!("the trail of this workspace has no record {after}: the last one is {count}");
            return Err(Refusal::because(Code::BadRequest, told).next("follow without `Last-Event-ID`").into());
        }
        let allowed_at = access.clock.uptime();
        Ok(Self { access, reader, actor, workspace, query, after, allowed_at })
    }

    /// Waits for records, and tells them. Whether the member may read is looked at before each answer, and every other
    /// second while there is none.
    ///
    /// # Errors
    /// As [`list`]: from then on there is nothing to follow.
    pub async fn next(&mut self) -> Result<Vec<Found>, AccessError> {
        loop {
            let upto = self.reader.count(&self.workspace);
            let now = self.access.clock.uptime();
            if upto > self.after || now.since(self.allowed_at) >= STILL {
                may_read(&self.access, &self.actor, &self.workspace).await?;
                self.allowed_at = now;
            }
            if upto > self.after {
                let found = self.read(upto).await?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
            tokio::time::sleep(PULSE).await;
        }
    }

    async fn read(&mut self, upto: u64) -> Result<Vec<Found>, AccessError> {
        let (reader, workspace, query) = (self.reader.clone(), self.workspace.clone(), self.query.clone());
        let range = (self.after, upto);
        let found = from_disk(move || reader.oldest(&workspace, &query, range, BATCH)).await?;
        // Fewer than asked for: all up to there were looked at.
        let full = found.len() >= BATCH;
        self.after = found.last().filter(|_| full).map_or(upto, |last| last.seq);
        Ok(found)
    }
}

/// Whether the actor may read the trail of `workspace`, as both are now.
pub(super) async fn may_read(access: &Access, actor: &Actor, workspace: &WorkspaceId) -> Result<(), AccessError> {
    let who = member_of(actor, workspace)?;
    let mut read = access.store.read().await?;
    let workspace = workspaces::find(&mut read, workspace).await?.ok_or(Code::NotFound)?;
    let member = members::find(&mut read, &who.member.key()).await?.ok_or(Code::Unauthenticated)?;
    let who = MemberActor { member, impersonated: who.impersonated };
    let now = access.clock.now();
    let asked = Asked { action: ControlAction::ReadTrail, terms: Terms::default(), workspace: &workspace, now };
    asked.by(&who, &access.engine.current()).map_err(refused)?;
    Ok(())
}

/// Reads from the trail's files, off the threads that serve.
pub(super) async fn from_disk<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, AccessError> {
    let found = tokio::task::spawn_blocking(read).await.map_err(io::Error::other).and_then(|found| found);
    found.map_err(|error| {
        tracing::error!(%error, "the trail cannot be read");
        Refusal::because(Code::AuditUnavailable, "the trail cannot be read").next("try again in a moment").into()
    })
}
