//! Workspaces: the directory's word on customers.
use crate::domain::id::WorkspaceId;
use crate::domain::workspace::Workspace;

use super::{Access, AccessError, Actor};

/// Creates or replaces a workspace; a flip to forced single sign-on ends its sessions and revokes its live grants, and
/// nothing revives them. Returns whether it is new. Directory keys only.
///
/// # Errors
/// As every function of this room.
pub async fn put(access: &Access, actor: &Actor, workspace: Workspace) -> Result<bool, AccessError> {
    let _ = (access, actor, workspace);
    todo!()
}

/// Reads one. Directory and operator keys.
///
/// # Errors
/// `not-found`.
pub async fn get(access: &Access, actor: &Actor, id: &WorkspaceId) -> Result<Workspace, AccessError> {
    let _ = (access, actor, id);
    todo!()
}

/// Removes one: its sessions end, its grants are revoked. Directory keys only.
///
/// # Errors
/// `not-found`.
pub async fn delete(access: &Access, actor: &Actor, id: &WorkspaceId) -> Result<(), AccessError> {
    let _ = (access, actor, id);
    todo!()
}
