//! Grants that somebody should look at: those that nobody uses, those that have been in force for long, and those that are
//! about to end.
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::audit::{Event, Kind};
use crate::config;
use crate::domain::grant::{Grant, Standing};
use crate::domain::id::{GrantId, WorkspaceId};
use crate::domain::time::Timestamp;
use crate::store::{Read, StoreError, grant_review, grants};

use super::{Access, AccessError, record};

/// Why a grant is listed for review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nobody has ever entered on it.
    Unused,
    /// It has been in force for long.
    Long,
}

/// A live grant that its member should look at: revoke it, or let it be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Review {
    /// Which.
    pub grant: GrantId,
    /// Why.
    pub why: Why,
    /// Since when it is in force.
    pub since: Timestamp,
}

/// Which of the workspace's `open` grants should be looked at.
pub(super) async fn review(
    read: &mut Read,
    limits: &config::Grants,
    workspace: &WorkspaceId,
    open: &[Grant],
    now: Timestamp,
) -> Result<Vec<Review>, StoreError> {
    let unused = grant_review::never_entered(read, workspace).await?;
    let live = open.iter().filter(|grant| grant.standing(now) == Standing::Live);
    let listed = live.filter_map(|grant| {
        let age = now.since(grant.starts_at);
        let why = if unused.contains(&grant.id) && age >= limits.review_unused {
            Why::Unused
        } else if age >= limits.review_long {
            Why::Long
        } else {
            return None;
        };
        Some(Review { grant: grant.id.clone(), why, since: grant.starts_at })
    });
    Ok(listed.collect())
}

/// Reminds of every grant whose end is near, once for each end.
pub(super) async fn remind(access: &Access, now: Timestamp) -> Result<(), AccessError> {
    let before = access.grants.remind_before;
    let due = grant_review::to_remind(&mut *access.store.read().await?, now, before).await?;
    for grant in due {
        remind_of(access, &grant.workspace, &grant.id).await?;
    }
    Ok(())
}

async fn remind_of(access: &Access, workspace: &WorkspaceId, id: &GrantId) -> Result<(), AccessError> {
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let Some(grant) = grants::find(&mut tx, workspace, id).await? else { return Ok(()) };
    let near = |end: &Timestamp| *end <= now.plus(access.grants.remind_before);
    let Some(end) = grant.expires_at.filter(near).filter(|_| grant.standing(now) == Standing::Live) else {
        // Somebody was faster: it is revoked, over, or ends later.
        return Ok(());
    };
    grant_review::reminded(&mut tx, id, end).await?;
    let facts = json!({ "by": "clock", "grant": record::grant_facts(&grant) });
    let event = Event {
        workspace: Some(grant.workspace),
        subject: Some(grant.subject),
        grant: Some(grant.id),
        ticket: grant.ticket,
        decision: Some(record::by_rule(access, &facts)?),
        ..Event::new(now, Kind::GrantReminded)
    };
    tx.commit(&event).await?;
    Ok(())
}
