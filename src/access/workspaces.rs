//! Workspaces: the directory's word on customers.
use serde_json::{Value, json};

use crate::audit::{Event, Kind};
use crate::domain::id::WorkspaceId;
use crate::domain::refusal::Code;
use crate::domain::time::Timestamp;
use crate::domain::workspace::{EmergencyAccess, Workspace};
use crate::store::emergencies::Of as Emergencies;
use crate::store::{Change, workspaces};

use super::actor::Scope;
use super::ending::{Ending, shut};
use super::permission::scoped;
use super::{Access, AccessError, Actor, emergencies, record};

/// Creates or replaces a workspace; a flip to forced single sign-on ends its sessions and revokes its live grants, and
/// nothing revives them; so does a contract that excludes emergencies with those. Returns whether it is new. Directory keys only.
///
/// # Errors
/// As every function of this room.
pub async fn put(access: &Access, actor: &Actor, workspace: Workspace) -> Result<bool, AccessError> {
    let key = scoped(actor, &[Scope::Directory])?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let new = workspaces::find(&mut tx, &workspace.id).await?.is_none();
    workspaces::put(&mut tx, &workspace).await?;
    tx.change(&Change::Workspace(workspace.id.clone())).await?;
    if workspace.forced_sso {
        let ending = Ending { cause: &Code::ForcedSso, by: Code::ForcedSso.as_str(), at: now };
        shut(access, &mut tx, &workspace.id, ending).await?;
    }
    if workspace.emergency_access == EmergencyAccess::Never {
        let ending = Ending { cause: &Code::EmergencyNever, by: "contract", at: now };
        emergencies::end_all(access, &mut tx, Emergencies::Workspace(&workspace.id), ending).await?;
    }
    let facts = json!({ "by": format!("directory:{}", key.name), "workspace": workspace });
    let event = changed(access, &workspace.id, &facts, now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(new)
}

/// Reads one. Directory and operator keys.
///
/// # Errors
/// `not-found`.
pub async fn get(access: &Access, actor: &Actor, id: &WorkspaceId) -> Result<Workspace, AccessError> {
    scoped(actor, &[Scope::Directory, Scope::Operator])?;
    let found = workspaces::find(&mut *access.store.read().await?, id).await?;
    found.ok_or(Code::NotFound.into())
}

/// Removes one: its grants are revoked, its sessions end with `grant-ended`. Directory keys only.
///
/// # Errors
/// `not-found`.
pub async fn delete(access: &Access, actor: &Actor, id: &WorkspaceId) -> Result<(), AccessError> {
    let key = scoped(actor, &[Scope::Directory])?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    workspaces::find(&mut tx, id).await?.ok_or(Code::NotFound)?;
    let by = format!("directory:{}", key.name);
    shut(access, &mut tx, id, Ending { cause: &Code::GrantEnded, by: &by, at: now }).await?;
    workspaces::delete(&mut tx, id, now).await?;
    tx.change(&Change::Workspace(id.clone())).await?;
    let event = changed(access, id, &json!({ "by": by, "deleted": true }), now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(())
}

fn changed(access: &Access, id: &WorkspaceId, facts: &Value, now: Timestamp) -> Result<Event, AccessError> {
    let decision = Some(record::by_rule(access, facts)?);
    Ok(Event { workspace: Some(id.clone()), decision, ..Event::new(now, Kind::WorkspaceChanged) })
}
