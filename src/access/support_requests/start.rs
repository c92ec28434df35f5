//! Taking a case up.
use crate::audit::{Event, Kind};
use crate::domain::grant::Grant;
use crate::domain::id::SupportRequestId;
use crate::store::{Change, grants, support_requests};

use super::{Matter, Shown, already_resolved, event};
use crate::access::permission::{engineer, vouched_engineer};
use crate::access::{Access, AccessError, Actor, record};

/// Takes a case up: its grant names the engineer from then on, so that they may enter. Several may work on one case. Doing
/// it twice is fine.
///
/// # Errors
/// `not-found`; `conflict` when it is resolved; by policy.
pub async fn start(access: &Access, actor: &Actor, id: &SupportRequestId) -> Result<Shown, AccessError> {
    let who = engineer(actor)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let engineer = vouched_engineer(access, &mut tx, who).await?;
    let (Matter { mut case, grant, .. }, allowed) = Matter::to_work(access, &mut tx, &engineer, id, now).await?;
    case.start(now).map_err(already_resolved(id))?;
    if grant.engineers.iter().flatten().any(|named| *named == engineer.id) {
        return Shown::with(&mut tx, case, grant).await;
    }

    let named = grant.engineers.iter().flatten().cloned().chain([engineer.id.clone()]).collect();
    let grant = Grant { engineers: Some(named), revision: grant.revision.saturating_add(1), ..grant };
    grants::update(&mut tx, &grant).await?;
    support_requests::update(&mut tx, &case).await?;
    tx.change(&Change::Grant(grant.workspace.clone(), grant.id.clone())).await?;
    let decision = record::decided_on(allowed.decision(), &grant)?;
    let told =
        Event { engineer: Some(engineer.id), decision: Some(decision), ..event(&case, Kind::SupportStarted, now) };
    let shown = Shown::with(&mut tx, case, grant).await?;
    let sequence = tx.commit(&told).await?;
    access.feed.announce(sequence).await;
    Ok(shown)
}
