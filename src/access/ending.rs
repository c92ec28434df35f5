//! How a session ends and a grant is revoked, whatever the cause.
use serde_json::json;

use crate::audit::{Decision, Event, Kind};
use crate::domain::grant::Grant;
use crate::domain::id::WorkspaceId;
use crate::domain::refusal::Code;
use crate::domain::session::{Ended, Session};
use crate::domain::time::Timestamp;
use crate::store::emergencies::Of as Emergencies;
use crate::store::{Change, Write, access_requests, grants, sessions};

use super::access_requests::unanswerable;
use super::{Access, AccessError, emergencies, record};

/// Why something ends.
#[derive(Clone, Copy)]
pub(super) struct Ending<'a> {
    /// The code that requests are refused with from then on.
    pub(super) cause: &'a Code,
    /// Who ends it, in words: a member's id, `operator:NAME`, `engineer:ID`, `directory:NAME`, `forced-sso`, `clock`,
    /// `tickets`, `staff-keys` or `staff.allowed_groups`.
    pub(super) by: &'a str,
    /// When.
    pub(super) at: Timestamp,
}

/// Ends a session; the event that tells of it is the caller's to commit.
pub(super) async fn end(
    access: &Access,
    tx: &mut Write,
    session: &Session,
    ending: Ending<'_>,
) -> Result<Event, AccessError> {
    let cause = ending.cause.clone();
    sessions::end(tx, &session.id, &Ended { at: ending.at, cause: cause.clone() }).await?;
    tx.change(&Change::SessionEnded(session.workspace.clone(), session.id.clone(), cause)).await?;
    let decision = record::by_rule(access, &json!({ "by": ending.by }))?;
    let decision = Decision { allow: false, code: Some(ending.cause.to_string()), ..decision };
    Ok(Event { decision: Some(decision), ..about(session, Kind::SessionEnded, ending.at) })
}

/// Ends all of these, each with its event. Returns how many.
pub(super) async fn end_all(
    access: &Access,
    tx: &mut Write,
    of: sessions::Of<'_>,
    ending: Ending<'_>,
) -> Result<u64, AccessError> {
    let mut count = 0;
    for session in sessions::unended(tx, of).await? {
        let event = end(access, tx, &session, ending).await?;
        tx.event(&event).await?;
        count += 1;
    }
    Ok(count)
}

/// Revokes a grant; the event that tells of it is the caller's to commit.
pub(super) async fn revoke(
    tx: &mut Write,
    grant: Grant,
    by: &str,
    decision: Decision,
    at: Timestamp,
) -> Result<Event, AccessError> {
    let revision = grant.revision.saturating_add(1);
    let case = grant.case().and_then(|case| case.parse().ok());
    let grant = Grant { revoked_at: Some(at), revoked_by: Some(by.to_owned()), revision, ..grant };
    grants::update(tx, &grant).await?;
    tx.change(&Change::Grant(grant.workspace.clone(), grant.id.clone())).await?;
    Ok(Event {
        workspace: Some(grant.workspace),
        subject: Some(grant.subject),
        grant: Some(grant.id),
        ticket: grant.ticket,
        case,
        decision: Some(decision),
        ..Event::new(at, Kind::GrantRevoked)
    })
}

/// Shuts a workspace: ends its sessions and emergencies, revokes its grants, live ones and those to come, and has the requests
/// lapse that wait for an answer.
pub(super) async fn shut(
    access: &Access,
    tx: &mut Write,
    workspace: &WorkspaceId,
    ending: Ending<'_>,
) -> Result<(), AccessError> {
    end_all(access, tx, sessions::Of::Workspace(workspace), ending).await?;
    emergencies::end_all(access, tx, Emergencies::Workspace(workspace), ending).await?;
    for grant in grants::open(tx, workspace, ending.at).await? {
        let facts = json!({ "by": ending.by, "grant": record::grant_facts(&grant) });
        let event = revoke(tx, grant, ending.by, record::by_rule(access, &facts)?, ending.at).await?;
        tx.event(&event).await?;
    }
    let waiting = access_requests::Of::Workspace(workspace);
    unanswerable(access, tx, waiting, ending.by, ending.at).await
}

/// An event about a session.
pub(super) fn about(session: &Session, kind: Kind, at: Timestamp) -> Event {
    Event {
        workspace: Some(session.workspace.clone()),
        engineer: Some(session.engineer.clone()),
        subject: Some(session.subject.clone()),
        session: Some(session.id.clone()),
        grant: session.basis.grant().cloned(),
        emergency: session.basis.emergency().cloned(),
        reason: Some(session.reason.clone()),
        ticket: session.ticket.clone(),
        ..Event::new(at, kind)
    }
}
