//! Sessions whose engineers nobody vouches for any more: the key of their sign-in was withdrawn, or the configuration
//! counts them out.
use crate::audit::Event;
use crate::domain::engineer::Engineer;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::session::Session;
use crate::store::{Write, engineers, sessions};

use super::actor::EngineerActor;
use super::ending::{self, Ending};
use super::engineers::may_do_support;
use super::{Access, AccessError};

/// Ends every session whose engineer is in no allowed group, or began it with a token that is signed by a key which the
/// issuer has withdrawn; returns how many. To be called at start and whenever the keys of the staff's issuer change.
///
/// # Errors
/// When the store cannot be written: then none has ended.
pub async fn uphold(access: &Access) -> Result<usize, AccessError> {
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let mut told: Vec<Event> = Vec::new();
    for session in sessions::unended(&mut tx, sessions::Of::Everybody).await? {
        if let Some((cause, by)) = disowned(access, &mut tx, &session).await? {
            told.push(ending::end(access, &mut tx, &session, Ending { cause: &cause, by, at: now }).await?);
        }
    }
    let count = told.len();
    let Some(last) = told.pop() else { return Ok(count) };
    for event in &told {
        tx.event(event).await?;
    }
    let sequence = tx.commit(&last).await?;
    access.feed.announce(sequence).await;
    Ok(count)
}

/// Why nobody vouches for the engineer of a session, if so.
async fn disowned(
    access: &Access,
    tx: &mut Write,
    session: &Session,
) -> Result<Option<(Code, &'static str)>, AccessError> {
    let keys = access.staff_keys.of(&session.engineer, &access.staff);
    if session.signed_by.as_ref().is_some_and(|key| keys.holds(key) == Some(false)) {
        return Ok(Some((Code::SessionEnded, "staff-keys")));
    }
    let engineer = engineers::find(tx, &session.engineer).await?;
    let in_allowed_group = engineer.is_some_and(|engineer| may_do_support(&engineer, &access.staff).is_ok());
    Ok((!in_allowed_group).then_some((Code::PolicyDenied, "staff.allowed_groups")))
}

/// Whether the engineer who acts, as they are inside the transaction that relies on it, still does support, and the key
/// that signed their token is still the issuer's: whatever changes that later finds what is begun here.
///
/// # Errors
/// `policy-denied`, `unauthenticated`.
pub(super) fn still_vouched_for(access: &Access, who: &EngineerActor, present: &Engineer) -> Result<(), Refusal> {
    may_do_support(present, &access.staff)?;
    let keys = access.staff_keys.of(&present.id, &access.staff);
    let withdrawn = |key: &String| keys.holds(key) != Some(true);
    if who.signed_by.as_ref().is_some_and(withdrawn) { Err(Code::Unauthenticated.into()) } else { Ok(()) }
}
