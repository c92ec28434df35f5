//! Entering by an emergency: its declarer alone, and not before the customer has been told.
use std::sync::Arc;

use crate::audit::{Decision, Event, Kind};
use crate::domain::emergency::{Declaration, Standing};
use crate::domain::id::EmergencyId;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::session::{Basis, BasisRef};
use crate::domain::time::Timestamp;
use crate::policy::Refused;
use crate::store::{emergencies, members, outbox, workspaces};

use super::choose::Entry;
use super::start::{again, begun, enter};
use super::{NewSession, Started};
use crate::access::emergencies::{customer_is_told, untold};
use crate::access::permission::{engineer, vouched_engineer};
use crate::access::{Access, AccessError, Actor, Idempotency, record, repeat};

/// Begins a session on an emergency.
///
/// # Errors
/// `not-found`; `conflict` before it is approved; `customer-not-told`; by policy. As for every start of a session.
pub(super) async fn start(
    access: &Access,
    actor: &Actor,
    new: NewSession,
    id: &EmergencyId,
    idempotency: Option<Idempotency>,
) -> Result<Started, AccessError> {
    let who = engineer(actor)?;
    tell_first(access, id).await?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let engineer = vouched_engineer(access, &mut tx, who).await?;
    let caller = format!("engineer:{}", engineer.id);
    if let Some(made) = repeat::made(&mut tx, &caller, idempotency.as_ref()).await? {
        return again(access, tx, &engineer, &made, now).await;
    }

    let declaration = emergencies::find(&mut tx, id).await?.filter(|it| it.workspace == new.workspace);
    let declaration = declaration.ok_or(Code::NotFound)?;
    let workspace = workspaces::find(&mut tx, &declaration.workspace).await?.ok_or(Code::NotFound)?;
    let emergency = declaration.emergency().ok_or_else(|| unapproved(&declaration, now))?;
    let basis = Basis::Emergency(Arc::new(emergency.clone()));
    let subject = members::find(&mut tx, &basis.subject_key()).await?.ok_or_else(subject_gone)?;
    let ticket = new.ticket.as_ref().map_or(declaration.incident.as_str(), |ticket| ticket.as_str());
    let entry =
        Entry { engineer: &engineer, workspace: &workspace, reason: new.reason.as_str(), ticket: Some(ticket), now };
    let decision = entry.on(&access.engine.current(), Some((BasisRef::Emergency(&emergency), &subject)));
    let decision = match decision {
        Ok(allowed) => allowed.decision().clone(),
        Err(refused) => {
            tx.commit(&turned_away(&entry, &declaration, &refused)?).await?;
            return Err(refused.refusal.into());
        }
    };
    let told_by = declaration.opening.as_ref().map(|opening| &opening.told_by).ok_or_else(untold)?;
    if !outbox::told(&mut tx, told_by).await? {
        return Err(untold());
    }
    let session = begun(access, &entry, who, &basis);
    repeat::remember(&mut tx, &caller, idempotency, session.id.as_str(), now).await?;
    enter(access, tx, who, session, record::decided(&decision)?).await
}

/// Waits until the customer has been told, where there is something to wait for. Without a transaction: others go on.
async fn tell_first(access: &Access, id: &EmergencyId) -> Result<(), AccessError> {
    let declaration = emergencies::find(&mut *access.store.read().await?, id).await?;
    let approved = declaration.filter(|it| it.standing(access.clock.now()) == Standing::Approved);
    match approved.and_then(|it| it.opening) {
        Some(opening) => customer_is_told(access, &opening).await,
        None => Ok(()),
    }
}

fn unapproved(declaration: &Declaration, now: Timestamp) -> Refusal {
    if declaration.standing(now) == Standing::Declared {
        let reason = "this emergency waits for the approval of other engineers";
        return Refusal::because(Code::Conflict, reason).next("ask a colleague to approve it");
    }
    Refusal::because(Code::EmergencyEnded, "nobody approved this emergency in time, or it was called off")
        .next("declare it anew if it still lasts")
}

fn subject_gone() -> Refusal {
    Refusal::because(Code::EmergencyEnded, "the member whose login this emergency lends is gone")
        .next("declare another one, for a member who is there")
}

fn turned_away(entry: &Entry<'_>, declaration: &Declaration, refused: &Refused) -> Result<Event, AccessError> {
    let decision = record::decided(&refused.decision)?;
    let code = Some(refused.refusal.code.to_string());
    Ok(Event {
        workspace: Some(declaration.workspace.clone()),
        engineer: Some(entry.engineer.id.clone()),
        subject: Some(declaration.subject.clone()),
        emergency: Some(declaration.id.clone()),
        reason: Some(entry.reason.to_owned()),
        ticket: entry.ticket.map(str::to_owned),
        decision: Some(Decision { allow: false, code, ..decision }),
        ..Event::new(entry.now, Kind::SessionRefused)
    })
}
