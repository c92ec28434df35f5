//! Taking consent back.
use serde_json::json;

use crate::domain::action::ControlAction;
use crate::domain::id::{GrantId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::store::{grants, sessions};

use super::Revoked;
use crate::access::ending::{self, Ending, end_all};
use crate::access::permission::Overseer;
use crate::access::{Access, AccessError, Actor, record};

/// Revokes a grant, ends its sessions, and returns when nothing of it can pass any more. Revoking twice is fine.
///
/// # Errors
/// `not-found`; by policy.
pub async fn revoke(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &GrantId,
) -> Result<Revoked, AccessError> {
    let began = access.clock.uptime();
    let overseer = Overseer::of(actor, workspace)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let (overseer, workspace) = overseer.present(&mut tx, workspace).await?;
    let grant = grants::find(&mut tx, &workspace.id, id).await?.ok_or(Code::NotFound)?;
    let decision = overseer.may(access, ControlAction::RevokeGrant, Some(&grant.subject), &workspace, now)?;
    if let Some(revoked_at) = grant.revoked_at {
        drop(tx);
        // Whoever revoked it first may still be waiting: this answer means the same as theirs.
        access.feed.announce(access.store.latest_change().await?).await;
        return Ok(Revoked { revoked_at, sessions_ended: 0, streams_cut: 0 });
    }

    let by = overseer.name();
    let cause = Ending { cause: &Code::GrantRevoked, by: &by, at: now };
    let sessions_ended = end_all(access, &mut tx, sessions::Of::Grant(&grant.id), cause).await?;
    let decision = match decision {
        Some(decision) => record::decided_on(&decision, &grant)?,
        None => record::by_rule(access, &json!({ "by": by, "grant": record::grant_facts(&grant) }))?,
    };
    let event = ending::revoke(&mut tx, grant, &by, decision, now).await?;
    let sequence = tx.commit(&event).await?;
    let ack = access.feed.announce(sequence).await;
    access.metrics.revocation_seconds.observe(access.clock.uptime().since(began).as_secs_f64());
    Ok(Revoked { revoked_at: now, sessions_ended, streams_cut: ack.streams_cut })
}
