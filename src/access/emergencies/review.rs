//! Another engineer reviews an emergency, afterwards or while it lasts.
use crate::audit::{Event, Kind};
use crate::domain::action::ControlAction;
use crate::domain::emergency::{Declaration, Review, Standing};
use crate::domain::id::{EmergencyId, EngineerId};
use crate::domain::refusal::{Code, Refusal};
use crate::store::{emergencies, sessions};

use super::{NewReview, Scene, about, facts};
use crate::access::ending::{self, Ending};
use crate::access::permission::{engineer, refused, vouched_engineer};
use crate::access::{Access, AccessError, Actor, record};

/// Reviews one, once: from then on its declarer may declare another. A review ends an emergency that still lasts. Engineers
/// other than its declarer; under forced single sign-on too, for nothing is opened by it.
///
/// # Errors
/// `not-found`; `conflict` before it was approved, or when another review stands; by policy: `self-approval`.
pub async fn review(
    access: &Access,
    actor: &Actor,
    id: &EmergencyId,
    new: NewReview,
) -> Result<Declaration, AccessError> {
    let who = engineer(actor)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let reviewer = vouched_engineer(access, &mut tx, who).await?;
    let declaration = emergencies::find(&mut tx, id).await?.ok_or(Code::NotFound)?;
    let scene = Scene::of(&mut tx, &declaration).await?.ok_or(Code::NotFound)?;
    let allowed = scene.asked(access, &reviewer, ControlAction::ReviewEmergency, &declaration, now);
    let allowed = allowed.map_err(refused)?;
    let conflict = |reason: &str| AccessError::from(Refusal::because(Code::Conflict, reason));
    match declaration.standing(now) {
        Standing::Approved | Standing::Ended => {}
        Standing::Declared | Standing::Lapsed => {
            return Err(conflict("nobody entered by this emergency: there is nothing to review"));
        }
        Standing::Reviewed if repeats(&declaration, &reviewer.id, &new) => return Ok(declaration),
        Standing::Reviewed => return Err(conflict("this emergency has been reviewed already")),
    }

    let ended_by = format!("engineer:{}", reviewer.id);
    let ending = Ending { cause: &Code::EmergencyEnded, by: &ended_by, at: now };
    ending::end_all(access, &mut tx, sessions::Of::Emergency(id), ending).await?;
    let review = Review { by: reviewer.id.clone(), at: now, outcome: new.outcome, comment: new.comment.into() };
    let ended_at = declaration.ended_at.or(Some(now));
    let declaration = Declaration { ended_at, review: Some(review), ..declaration };
    emergencies::update(&mut tx, &declaration).await?;
    let by = reviewer.email.to_string();
    let decision = Some(record::decided_with(allowed.decision(), facts(&declaration, &by))?);
    let event = about(&declaration, Kind::EmergencyReviewed, now);
    let sequence = tx.commit(&Event { decision, ..event }).await?;
    access.feed.announce(sequence).await;
    Ok(declaration)
}

/// Whether this is the review that stands already: its answer may never have arrived.
fn repeats(declaration: &Declaration, reviewer: &EngineerId, new: &NewReview) -> bool {
    let same = |review: &Review| {
        review.by == *reviewer && review.outcome == new.outcome && review.comment == new.comment.as_str()
    };
    declaration.review.as_ref().is_some_and(same)
}
