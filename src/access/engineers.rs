//! Engineers: the directory's word on support staff.
use crate::domain::engineer::Engineer;
use crate::domain::id::EngineerId;

use super::{Access, AccessError, Actor};

/// Switches an engineer off or on; switching off ends their sessions. Works before their first sign-in too. Returns
/// whether it is new. Directory keys only.
///
/// # Errors
/// As every function of this room.
pub async fn put(access: &Access, actor: &Actor, id: &EngineerId, disabled: bool) -> Result<bool, AccessError> {
    let _ = (access, actor, id, disabled);
    todo!()
}

/// Reads one. Directory and operator keys.
///
/// # Errors
/// `not-found`.
pub async fn get(access: &Access, actor: &Actor, id: &EngineerId) -> Result<Engineer, AccessError> {
    let _ = (access, actor, id);
    todo!()
}

/// Forgets one: their sessions end. A later sign-in makes them known again. Directory keys only.
///
/// # Errors
/// `not-found`.
pub async fn delete(access: &Access, actor: &Actor, id: &EngineerId) -> Result<(), AccessError> {
    let _ = (access, actor, id);
    todo!()
}
