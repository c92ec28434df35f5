//! Finding workspaces, a page at a time: all that belongs to them is read at once for the whole page.
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::access_request::AccessRequest;
use crate::domain::emergency::Declaration;
use crate::domain::engineer::Engineer;
use crate::domain::grant::Grant;
use crate::domain::id::{MemberKey, WorkspaceId};
use crate::domain::member::Member;
use crate::domain::refusal::Code;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;
use crate::store::{Connection, access_requests, emergencies, grants, members, sessions, workspaces};

use super::WaysIn;
use super::judge::{Judge, Use, keeps_out};
use crate::access::permission::engineer;
use crate::access::{Access, AccessError, Actor, Page, PageRequest};

/// How many workspaces are looked at for one page: an engineer may not know of most of them.
const LOOKED_AT: usize = 1000;
/// The longest text that is looked for, in characters.
const LONGEST: usize = 100;

/// Looks for workspaces by the beginning of their id or of a word of their name; an empty text finds all. By name; a page may
/// be short although more follow. Engineers only.
///
/// # Errors
/// `policy-denied` for anybody else.
pub async fn search(
    access: &Access,
    actor: &Actor,
    text: &str,
    page: &PageRequest,
) -> Result<Page<WaysIn>, AccessError> {
    let who = &engineer(actor)?.engineer;
    let text: String = text.trim().chars().take(LONGEST).collect();
    let mut after: Option<WorkspaceId> = page.after()?;
    let mut read = access.store.read().await?;
    let own = Own::of(&mut read, who, access.clock.now()).await?;
    // One more than is shown tells whether more follow.
    let batch_size = page.limit().saturating_add(1);
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let (mut items, mut looked_at) = (Vec::new(), 0);
    loop {
        let batch = workspaces::search(&mut read, &text, after.as_ref(), batch_size).await?;
        let is_last = batch.len() <= limit;
        for ways in own.ways(access, &mut read, who, batch).await? {
            if items.len() == limit || looked_at == LOOKED_AT {
                return Ok(Page { items, next: after.map(String::from) });
            }
            after = Some(ways.workspace.id.clone());
            looked_at += 1;
            if may_know(&ways) {
                items.push(ways);
            }
        }
        if is_last {
            return Ok(Page { items, next: None });
        }
    }
}

/// How the engineer may enter this workspace. Engineers only.
///
/// # Errors
/// `not-found`, for one that they may not know of too.
pub async fn of(access: &Access, actor: &Actor, workspace: &WorkspaceId) -> Result<WaysIn, AccessError> {
    let who = &engineer(actor)?.engineer;
    let mut read = access.store.read().await?;
    let own = Own::of(&mut read, who, access.clock.now()).await?;
    let workspace = workspaces::find(&mut read, workspace).await?.ok_or(Code::NotFound)?;
    let ways = own.ways(access, &mut read, who, vec![workspace]).await?.pop();
    Ok(ways.filter(may_know).ok_or(Code::NotFound)?)
}

/// Whether the engineer may know of it.
fn may_know(ways: &WaysIn) -> bool {
    let shut = |refusal: &Option<_>| refusal.as_ref().is_some_and(keeps_out);
    ways.concerns_them() || !(shut(&ways.no_request) && shut(&ways.no_emergency))
}

/// What one engineer has in all workspaces.
struct Own {
    sessions: Vec<Session>,
    requests: Vec<AccessRequest>,
    emergencies: Vec<Declaration>,
    owes_review: bool,
    now: Timestamp,
}

impl Own {
    async fn of(read: &mut Connection, who: &Engineer, now: Timestamp) -> Result<Self, AccessError> {
        let mut sessions = sessions::unended(read, sessions::Of::Engineer(&who.id)).await?;
        sessions.retain(|session| now < session.expires_at);
        let mut requests = access_requests::unanswered(read, access_requests::Of::Engineer(&who.id)).await?;
        requests.retain(|request| now < request.lapses_at);
        let emergencies = emergencies::open(read, emergencies::Of::Engineer(&who.id), now).await?;
        let owes_review = emergencies::owes_review(read, &who.id).await?;
        Ok(Self { sessions, requests, emergencies, owes_review, now })
    }

    /// How the engineer may enter each of these workspaces.
    async fn ways(
        &self,
        access: &Access,
        read: &mut Connection,
        who: &Engineer,
        workspaces: Vec<Workspace>,
    ) -> Result<Vec<WaysIn>, AccessError> {
        let ids: Vec<_> = workspaces.iter().map(|workspace| workspace.id.clone()).collect();
        let open = grants::open_in(read, &ids, self.now).await?;
        let subjects: BTreeSet<_> = open.iter().map(key).collect();
        let subjects = members::find_all(read, &subjects).await?;
        let subjects: BTreeMap<_, _> = subjects.into_iter().map(|member| (member.key(), member)).collect();
        let bundle = access.engine.current();
        let judge = Judge { bundle: &bundle, engineer: who, now: self.now };
        Ok(workspaces.into_iter().map(|workspace| self.into(judge, workspace, &open, &subjects)).collect())
    }

    fn into(
        &self,
        judge: Judge<'_>,
        workspace: Workspace,
        open: &[Grant],
        subjects: &BTreeMap<MemberKey, Member>,
    ) -> WaysIn {
        let here = |id: &WorkspaceId| *id == workspace.id;
        let (mut now, mut later, mut cases, mut others) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for grant in open.iter().filter(|grant| here(&grant.workspace)) {
            // A grant has no effect while its subject is gone.
            let used = subjects.get(&key(grant)).map(|subject| judge.lent(&workspace, grant.clone(), subject.clone()));
            match used {
                Some(Use::Now(lent)) => now.push(lent),
                Some(Use::Later(lent)) => later.push(lent),
                Some(Use::Case) => cases.extend(grant.case().map(str::to_owned)),
                Some(Use::None) | None => others += 1,
            }
        }
        WaysIn {
            at: self.now,
            sessions: self.sessions.iter().filter(|it| here(&it.workspace)).cloned().collect(),
            grants: now,
            later,
            cases,
            others,
            waiting: self.requests.iter().filter(|it| here(&it.workspace)).cloned().collect(),
            emergencies: self.emergencies.iter().filter(|it| here(&it.workspace)).cloned().collect(),
            no_request: judge.request(&workspace),
            no_emergency: judge.emergency(&workspace, self.owes_review),
            workspace,
        }
    }
}

fn key(grant: &Grant) -> MemberKey {
    MemberKey { workspace: grant.workspace.clone(), id: grant.subject.clone() }
}
