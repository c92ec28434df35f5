//! Another engineer approves an emergency.
use crate::audit::{Event, Kind};
use crate::domain::action::ControlAction;
use crate::domain::emergency::{Approval, Declaration, Opening, Standing};
use crate::domain::id::{EmergencyId, EngineerId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::store::{Write, emergencies};

use super::{Scene, about, facts};
use crate::access::permission::{engineer, refused, vouched_engineer};
use crate::access::{Access, AccessError, Actor, record};

/// Approves one: with the last approval that is needed its clock starts, and the customer is told. Engineers other than its
/// declarer, each once: approving again changes nothing.
///
/// # Errors
/// `not-found`; `emergency-ended` when it is over; by policy: `self-approval`, `emergency-never`, `forced-sso`;
/// `emergency-unreviewed` when its declarer owes a review of another.
pub async fn approve(access: &Access, actor: &Actor, id: &EmergencyId) -> Result<Declaration, AccessError> {
    let who = engineer(actor)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let approver = vouched_engineer(access, &mut tx, who).await?;
    let declaration = emergencies::find(&mut tx, id).await?.ok_or(Code::NotFound)?;
    let scene = Scene::of(&mut tx, &declaration).await?.ok_or(Code::NotFound)?;
    let allowed = scene.asked(access, &approver, ControlAction::ApproveEmergency, &declaration, now);
    let allowed = allowed.map_err(refused)?;
    if declaration.approvals.iter().any(|approval| approval.by == approver.id) {
        return Ok(declaration);
    }
    still_waits(&mut tx, &declaration, &scene, now).await?;

    let (declaration, event) = approved(access, declaration, &approver.id, now);
    emergencies::update(&mut tx, &declaration).await?;
    let by = approver.email.to_string();
    let decision = Some(record::decided_with(allowed.decision(), facts(&declaration, &by))?);
    tx.commit(&Event { decision, ..event }).await?;
    Ok(declaration)
}

/// Whether it still waits for approval, and its declarer and subject are who they were.
async fn still_waits(
    tx: &mut Write,
    declaration: &Declaration,
    scene: &Scene,
    now: Timestamp,
) -> Result<(), AccessError> {
    let over = |reason: &str| Refusal::because(Code::EmergencyEnded, reason).next("declare it anew if it still lasts");
    match declaration.standing(now) {
        Standing::Declared => {}
        Standing::Approved => return Err(Refusal::because(Code::Conflict, "it has all the approval it needs").into()),
        Standing::Ended | Standing::Reviewed => return Err(over("this emergency is over").into()),
        Standing::Lapsed => return Err(over("nobody approved this emergency in time, or it was called off").into()),
    }
    if scene.subject.is_none() || scene.declarer.disabled {
        return Err(over("whoever declared this emergency, or the member it is about, is gone").into());
    }
    if emergencies::owes_review(tx, &declaration.declared_by).await? {
        let reason = "another emergency of the engineer who declared this one has not been reviewed";
        return Err(Refusal::because(Code::EmergencyUnreviewed, reason).next("review that one first").into());
    }
    Ok(())
}

/// The emergency with one more approval, and the event that tells of it: the last one that is needed opens it.
fn approved(access: &Access, declaration: Declaration, by: &EngineerId, now: Timestamp) -> (Declaration, Event) {
    let mut approvals = declaration.approvals.clone();
    approvals.push(Approval { by: by.clone(), at: now });
    let enough = u32::try_from(approvals.len()).is_ok_and(|count| count >= access.emergency.approvers);
    let kind = if enough { Kind::EmergencyApproved } else { Kind::EmergencySeconded };
    let event = about(&declaration, kind, now);
    let (expires_at, told_by) = (now.plus(access.emergency.max), event.event_id.clone());
    let opening = enough.then(|| Opening { by: by.clone(), at: now, expires_at, told_by });
    (Declaration { approvals, opening, ..declaration }, event)
}
