//! Who may follow what happens, as it happens.
use crate::domain::action::ControlAction;
use crate::domain::id::{EngineerId, MemberKey, WorkspaceId};
use crate::domain::refusal::Code;
use crate::policy::Terms;
use crate::store::workspaces;

use super::permission::{Asked, engineer, member_of, refused};
use super::{Access, AccessError, Actor};

/// The member who follows what happens to their workspace: who may read about support access. To be asked again from time
/// to time, for as long as they look on.
///
/// # Errors
/// `not-found` for another tenant's workspace; by policy.
pub async fn of_workspace(access: &Access, actor: &Actor, workspace: &WorkspaceId) -> Result<MemberKey, AccessError> {
    let who = member_of(actor, workspace)?;
    let workspace = workspaces::find(&mut *access.store.read().await?, workspace).await?.ok_or(Code::NotFound)?;
    let action = ControlAction::ReadSupportAccess;
    let asked = Asked { action, terms: Terms::default(), workspace: &workspace, now: access.clock.now() };
    asked.by(who, &access.engine.current()).map_err(refused)?;
    Ok(who.member.key())
}

/// The engineer who follows what is about them.
///
/// # Errors
/// `policy-denied` for anybody else.
pub fn of_engineer(actor: &Actor) -> Result<EngineerId, AccessError> {
    Ok(engineer(actor)?.engineer.id.clone())
}
