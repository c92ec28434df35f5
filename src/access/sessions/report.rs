//! Not expected: a member reports a session.
use serde_json::json;

use crate::audit::{Event, Kind};
use crate::domain::action::ControlAction;
use crate::domain::id::{SessionId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::policy::Terms;
use crate::store::emergencies::Of;
use crate::store::{Write, grants, sessions};

use crate::access::ending::{self, Ending, about, end_all};
use crate::access::permission::{Asked, member_of, present_member, refused};
use crate::access::{Access, AccessError, Actor, emergencies, record};

/// What came of a report, once nothing of the workspace's grants can pass any more.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The session, which has ended.
    pub session: Session,
    /// When it was reported.
    pub reported_at: Timestamp,
    /// How many sessions ended by it.
    pub sessions_ended: u64,
    /// How many grants were revoked.
    pub grants_revoked: u64,
}

/// Ends a session that a member did not expect, revokes every open grant of the workspace, ends its emergencies, and alerts
/// the vendor's security team. Members who may: shutting the door is allowed from anywhere. A session that has ended can be reported, too.
///
/// # Errors
/// `not-found`; by policy.
pub async fn report(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &SessionId,
) -> Result<Reported, AccessError> {
    let who = member_of(actor, workspace)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let (who, workspace) = present_member(&mut tx, who).await?;
    let session = sessions::find(&mut tx, id).await?;
    let session = session.filter(|session| session.workspace == workspace.id).ok_or(Code::NotFound)?;
    let terms = Terms::about(&session.subject);
    let asked = Asked { action: ControlAction::ReportSession, terms, workspace: &workspace, now };
    asked.by(&who, &access.engine.current()).map_err(refused)?;

    let by = who.member.id.as_str();
    let ended = end_reported(access, &mut tx, &session, Ending { cause: &Code::SessionEnded, by, at: now }).await?;
    let (revoked, with_them) = freeze(access, &mut tx, &workspace.id, by, now).await?;
    let over = Ending { cause: &Code::EmergencyEnded, by, at: now };
    emergencies::end_all(access, &mut tx, Of::Workspace(&workspace.id), over).await?;
    let sessions_ended = ended.saturating_add(with_them);
    let facts = json!({ "by": by, "sessions_ended": sessions_ended, "grants_revoked": revoked });
    let decision = record::by_rule(access, &facts)?;
    let event = Event { decision: Some(decision), ..about(&session, Kind::SessionReported, now) };
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    let session = sessions::find(&mut *access.store.read().await?, id).await?.unwrap_or(session);
    Ok(Reported { session, reported_at: now, sessions_ended, grants_revoked: revoked })
}

/// Ends the session, unless it has ended; returns how many ended by that.
async fn end_reported(
    access: &Access,
    tx: &mut Write,
    session: &Session,
    ending: Ending<'_>,
) -> Result<u64, AccessError> {
    if session.ended.is_some() {
        return Ok(0);
    }
    let event = ending::end(access, tx, session, ending).await?;
    tx.event(&event).await?;
    Ok(1)
}

/// Revokes every open grant; returns how many, and how many sessions ended with them.
async fn freeze(
    access: &Access,
    tx: &mut Write,
    workspace: &WorkspaceId,
    by: &str,
    now: Timestamp,
) -> Result<(u64, u64), AccessError> {
    let (mut revoked, mut ended) = (0, 0);
    for grant in grants::open(tx, workspace, now).await? {
        let cause = Ending { cause: &Code::GrantRevoked, by, at: now };
        ended += end_all(access, tx, sessions::Of::Grant(&grant.id), cause).await?;
        let facts = json!({ "by": by, "reported": true, "grant": record::grant_facts(&grant) });
        let event = ending::revoke(tx, grant, by, record::by_rule(access, &facts)?, now).await?;
        tx.event(&event).await?;
        revoked += 1;
    }
    Ok((revoked, ended))
}
