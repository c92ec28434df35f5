//! Being done with a case, which ends the consent for it.
use serde_json::json;

use crate::audit::{Decision, Event, Kind};
use crate::domain::grant::{Grant, Standing};
use crate::domain::id::SupportRequestId;
use crate::domain::refusal::Code;
use crate::domain::support_request::{Resolution, SupportRequest};
use crate::domain::text::Prose;
use crate::domain::time::Timestamp;
use crate::store::{Write, sessions, support_requests};

use super::{Matter, Shown, already_resolved, event};
use crate::access::ending::{self, Ending, end_all};
use crate::access::permission::{engineer, vouched_engineer};
use crate::access::{Access, AccessError, Actor, record};

/// Resolves a case: revokes its grant, ends the sessions on it, and returns when nothing of it can pass any more. The
/// customer reads the summary.
///
/// # Errors
/// `not-found`; `conflict` when it is resolved already; by policy.
pub async fn resolve(
    access: &Access,
    actor: &Actor,
    id: &SupportRequestId,
    summary: Prose,
) -> Result<Shown, AccessError> {
    let who = engineer(actor)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let engineer = vouched_engineer(access, &mut tx, who).await?;
    let (Matter { mut case, grant, .. }, allowed) = Matter::to_work(access, &mut tx, &engineer, id, now).await?;

    let resolution = Resolution { at: now, by: format!("engineer:{}", engineer.id), summary: summary.into() };
    let facts = json!({ "grant": record::grant_facts(&grant), "summary": resolution.summary });
    let decision = record::decided_with(allowed.decision(), facts)?;
    let told = end(access, &mut tx, &mut case, &grant, resolution, decision).await?;
    let shown = Shown::of(&mut tx, case).await?;
    let sequence = tx.commit(&Event { engineer: Some(engineer.id), ..told }).await?;
    access.feed.announce(sequence).await;
    Ok(shown)
}

/// Ends a case and the consent for it, whoever wants it; the event that tells of it is the caller's to commit.
pub(in crate::access) async fn end(
    access: &Access,
    tx: &mut Write,
    case: &mut SupportRequest,
    grant: &Grant,
    resolution: Resolution,
    decision: Decision,
) -> Result<Event, AccessError> {
    let (at, by) = (resolution.at, resolution.by.clone());
    case.resolve(resolution).map_err(already_resolved(&case.id.clone()))?;
    support_requests::update(tx, case).await?;
    withdraw(access, tx, grant, &by, at).await?;
    Ok(Event { decision: Some(decision), ..event(case, Kind::SupportResolved, at) })
}

/// Revokes the grant of a case and ends the sessions on it, unless it is over already.
async fn withdraw(access: &Access, tx: &mut Write, grant: &Grant, by: &str, at: Timestamp) -> Result<(), AccessError> {
    match grant.standing(at) {
        Standing::NotYet | Standing::Live => {}
        Standing::Ended | Standing::Revoked => return Ok(()),
    }
    let ending = Ending { cause: &Code::GrantRevoked, by, at };
    end_all(access, tx, sessions::Of::Grant(&grant.id), ending).await?;
    let facts = json!({ "by": by, "grant": record::grant_facts(grant) });
    let revoked = ending::revoke(tx, grant.clone(), by, record::by_rule(access, &facts)?, at).await?;
    tx.event(&revoked).await?;
    Ok(())
}
