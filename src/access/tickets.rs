//! The vendor's ticket system says that a ticket was closed: what was consented to for it is over.
use serde_json::json;

use crate::audit::{Event, Kind};
use crate::domain::grant::Grant;
use crate::domain::id::{SupportRequestId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::support_request::{Resolution, SupportRequest};
use crate::domain::text::Label;
use crate::domain::time::Timestamp;
use crate::store::{Write, grants, sessions, support_requests};

use super::ending::{self, Ending, end_all};
use super::{Access, AccessError, Idempotency, record, repeat, support_requests as cases};

/// Who closes, in words.
const BY: &str = "tickets";

/// What the customer reads of a case that was closed so.
const SUMMARY: &str = "the ticket was closed";

/// What came of it, once nothing of it can pass any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Closed {
    /// Grants that were revoked.
    pub grants_revoked: u64,
    /// Support requests that were resolved.
    pub support_requests_resolved: u64,
    /// Sessions that ended by it.
    pub sessions_ended: u64,
}

/// Revokes every grant that names `ticket`, in one workspace or in all, and resolves the support request of that id. Whoever
/// calls has made sure that the ticket system says so; what it says twice under one `once` is done once.
///
/// # Errors
/// `conflict` when it says something else under the same id.
pub async fn close(
    access: &Access,
    ticket: &Label,
    workspace: Option<&WorkspaceId>,
    once: Idempotency,
) -> Result<Closed, AccessError> {
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    if repeat::made(&mut tx, BY, Some(&once)).await?.is_some() {
        drop(tx);
        // Whoever said it first may still be waiting: this answer means the same as theirs.
        access.feed.announce(access.store.latest_change().await?).await;
        return Ok(Closed::default());
    }

    let mut closed = Closed::default();
    for grant in grants::of_ticket(&mut tx, ticket.as_str(), workspace, now).await? {
        closed.sessions_ended += revoke(access, &mut tx, grant, now).await?;
        closed.grants_revoked += 1;
    }
    if let Some(case) = open_case(&mut tx, ticket, workspace).await? {
        resolve(access, &mut tx, case, now).await?;
        closed.support_requests_resolved += 1;
    }
    repeat::remember(&mut tx, BY, Some(once), ticket.as_str(), now).await?;
    let facts = json!({ "by": BY, "grants": closed.grants_revoked, "cases": closed.support_requests_resolved });
    let sequence = tx
        .commit(&Event {
            workspace: workspace.cloned(),
            ticket: Some(ticket.to_string()),
            decision: Some(record::by_rule(access, &facts)?),
            ..Event::new(now, Kind::TicketClosed)
        })
        .await?;
    access.feed.announce(sequence).await;
    Ok(closed)
}

/// Revokes a grant; returns how many sessions ended.
async fn revoke(access: &Access, tx: &mut Write, grant: Grant, at: Timestamp) -> Result<u64, AccessError> {
    let ending = Ending { cause: &Code::GrantRevoked, by: BY, at };
    let ended = end_all(access, tx, sessions::Of::Grant(&grant.id), ending).await?;
    let facts = json!({ "by": BY, "grant": record::grant_facts(&grant) });
    let event = ending::revoke(tx, grant, BY, record::by_rule(access, &facts)?, at).await?;
    tx.event(&event).await?;
    Ok(ended)
}

/// The support request that the ticket is, if it is one that is not resolved.
async fn open_case(
    tx: &mut Write,
    ticket: &Label,
    workspace: Option<&WorkspaceId>,
) -> Result<Option<SupportRequest>, AccessError> {
    let Ok(id) = ticket.as_str().parse::<SupportRequestId>() else { return Ok(None) };
    let found = support_requests::find(tx, &id).await?;
    let found = found.filter(|case| workspace.is_none_or(|workspace| case.workspace == *workspace));
    Ok(found.filter(|case| case.resolution.is_none()))
}

/// Resolves a case, whose grant is over by now.
async fn resolve(access: &Access, tx: &mut Write, mut case: SupportRequest, at: Timestamp) -> Result<(), AccessError> {
    let grant = grants::find(tx, &case.workspace, &case.grant).await?.ok_or(Code::NotFound)?;
    let resolution = Resolution { at, by: BY.to_owned(), summary: SUMMARY.to_owned() };
    let decision = record::by_rule(access, &json!({ "by": BY, "summary": SUMMARY }))?;
    let told = cases::end(access, tx, &mut case, &grant, resolution, decision).await?;
    tx.event(&told).await?;
    Ok(())
}
