//! Taking a case up.
use crate::audit::{Event, Kind};
use crate::domain::grant::Grant;
use crate::domain::id::SupportRequestId;
use crate::domain::refusal::Code;
use crate::store::{Change, grants, support_requests};

use super::{Matter, Shown, already_resolved, event};
use crate::access::permission::{engineer, present_engineer, refused};
use crate::access::standing::still_vouched_for;
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
    let engineer = present_engineer(&mut tx, who).await?;
    still_vouched_for(access, who, &engineer)?;
    let case = support_requests::find(&mut tx, id).await?.ok_or(Code::NotFound)?;
    let matter = Matter::of(&mut tx, case).await?.ok_or(Code::NotFound)?;
    let allowed = matter.may_work(access, &engineer, now).map_err(refused)?;
    let Matter { mut case, grant, .. } = matter;
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
