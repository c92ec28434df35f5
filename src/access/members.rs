//! Members: the directory's word on a customer's users.
use serde_json::{Value, json};

use crate::audit::{Event, Kind};
use crate::domain::id::MemberKey;
use crate::domain::member::Member;
use crate::domain::refusal::Code;
use crate::domain::time::Timestamp;
use crate::store::emergencies::Of as Emergencies;
use crate::store::{Change, access_requests, members, sessions, workspaces};

use super::access_requests::unanswerable;
use super::actor::Scope;
use super::ending::{Ending, end_all};
use super::permission::scoped;
use super::{Access, AccessError, Actor, emergencies, record};

/// Creates or replaces a member; returns whether it is new. Directory keys only.
///
/// A change of role ends nothing here: the policies decide on every request of a session whose subject it is.
///
/// # Errors
/// `not-found` without such a workspace.
pub async fn put(access: &Access, actor: &Actor, member: Member) -> Result<bool, AccessError> {
    let key = scoped(actor, &[Scope::Directory])?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    workspaces::find(&mut tx, &member.workspace).await?.ok_or(Code::NotFound)?;
    let new = members::find(&mut tx, &member.key()).await?.is_none();
    members::put(&mut tx, &member, now).await?;
    tx.change(&Change::Member(member.key())).await?;
    let facts = json!({ "by": format!("directory:{}", key.name), "member": member });
    let sequence = tx.commit(&changed(access, &member.key(), &facts, now)?).await?;
    access.feed.announce(sequence).await;
    Ok(new)
}

/// Reads one. Directory and operator keys.
///
/// # Errors
/// `not-found`.
pub async fn get(access: &Access, actor: &Actor, key: &MemberKey) -> Result<Member, AccessError> {
    scoped(actor, &[Scope::Directory, Scope::Operator])?;
    let mut read = access.store.read().await?;
    workspaces::find(&mut read, &key.workspace).await?.ok_or(Code::NotFound)?;
    members::find(&mut read, key).await?.ok_or(Code::NotFound.into())
}

/// Removes one: their tokens are refused from then on, their grants have no effect, and requests that only they may
/// answer lapse. Directory keys only.
///
/// # Errors
/// `not-found`.
pub async fn delete(access: &Access, actor: &Actor, key: &MemberKey) -> Result<(), AccessError> {
    let by = format!("directory:{}", scoped(actor, &[Scope::Directory])?.name);
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    members::find(&mut tx, key).await?.ok_or(Code::NotFound)?;
    members::delete(&mut tx, key, now).await?;
    tx.change(&Change::Member(key.clone())).await?;
    let without = Ending { cause: &Code::EmergencyEnded, by: &by, at: now };
    emergencies::end_all(access, &mut tx, Emergencies::Subject(key), without).await?;
    let ending = Ending { cause: &Code::GrantEnded, by: &by, at: now };
    end_all(access, &mut tx, sessions::Of::Subject(key), ending).await?;
    let asked = access_requests::Of::Subject(&key.workspace, &key.id);
    unanswerable(access, &mut tx, asked, &by, now).await?;
    let event = changed(access, key, &json!({ "by": by, "deleted": true }), now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(())
}

fn changed(access: &Access, key: &MemberKey, facts: &Value, now: Timestamp) -> Result<Event, AccessError> {
    Ok(Event {
        workspace: Some(key.workspace.clone()),
        subject: Some(key.id.clone()),
        decision: Some(record::by_rule(access, facts)?),
        ..Event::new(now, Kind::MemberChanged)
    })
}
