//! Engineers: the directory's word on support staff.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::audit::{Event, Kind};
use crate::domain::engineer::Engineer;
use crate::domain::id::EngineerId;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::store::{Change, engineers, sessions};

use super::actor::Scope;
use super::ending::{Ending, end_all};
use super::permission::scoped;
use super::{Access, AccessError, Actor, record};

/// Switches an engineer off or on; switching off ends their sessions, which answer from then on as a new one would be
/// refused: `policy-denied`. Works before their first sign-in too. Returns whether it is new. Directory keys only.
///
/// # Errors
/// As every function of this room.
pub async fn put(access: &Access, actor: &Actor, id: &EngineerId, disabled: bool) -> Result<bool, AccessError> {
    let by = format!("directory:{}", scoped(actor, &[Scope::Directory])?.name);
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let known = engineers::find(&mut tx, id).await?;
    let new = known.is_none();
    let engineer = Engineer { disabled, ..known.map_or_else(|| unseen(id), Ok)? };
    engineers::put(&mut tx, &engineer).await?;
    tx.change(&Change::Engineer(id.clone())).await?;
    if disabled {
        let ending = Ending { cause: &Code::PolicyDenied, by: &by, at: now };
        end_all(access, &mut tx, sessions::Of::Engineer(id), ending).await?;
    }
    let event = changed(access, id, &json!({ "by": by, "disabled": disabled }), now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(new)
}

/// Reads one. Directory and operator keys.
///
/// # Errors
/// `not-found`.
pub async fn get(access: &Access, actor: &Actor, id: &EngineerId) -> Result<Engineer, AccessError> {
    scoped(actor, &[Scope::Directory, Scope::Operator])?;
    let found = engineers::find(&mut *access.store.read().await?, id).await?;
    found.ok_or(Code::NotFound.into())
}

/// Forgets one: their sessions end. A later sign-in makes them known again. Directory keys only.
///
/// # Errors
/// `not-found`.
pub async fn delete(access: &Access, actor: &Actor, id: &EngineerId) -> Result<(), AccessError> {
    let by = format!("directory:{}", scoped(actor, &[Scope::Directory])?.name);
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    engineers::find(&mut tx, id).await?.ok_or(Code::NotFound)?;
    engineers::delete(&mut tx, id, now).await?;
    tx.change(&Change::Engineer(id.clone())).await?;
    let ending = Ending { cause: &Code::PolicyDenied, by: &by, at: now };
    end_all(access, &mut tx, sessions::Of::Engineer(id), ending).await?;
    let event = changed(access, id, &json!({ "by": by, "deleted": true }), now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(())
}

/// An engineer who has never signed in: the id stands for what only the identity provider knows.
fn unseen(id: &EngineerId) -> Result<Engineer, AccessError> {
    let bad = |_| Refusal::because(Code::BadRequest, "this is no engineer's id");
    Ok(Engineer {
        id: id.clone(),
        email: id.as_str().parse().map_err(bad)?,
        name: id.to_string(),
        groups: BTreeSet::new(),
        organization: String::new(),
        disabled: false,
    })
}

fn changed(access: &Access, id: &EngineerId, facts: &Value, now: Timestamp) -> Result<Event, AccessError> {
    let decision = Some(record::by_rule(access, facts)?);
    Ok(Event { engineer: Some(id.clone()), decision, ..Event::new(now, Kind::EngineerChanged) })
}
