//! Members: the directory's word on a customer's users.
use crate::domain::id::MemberKey;
use crate::domain::member::Member;

use super::{Access, AccessError, Actor};

/// Creates or replaces a member; returns whether it is new. Directory keys only.
///
/// # Errors
/// `not-found` without such a workspace.
pub async fn put(access: &Access, actor: &Actor, member: Member) -> Result<bool, AccessError> {
    let _ = (access, actor, member);
    todo!()
}

/// Reads one. Directory and operator keys.
///
/// # Errors
/// `not-found`.
pub async fn get(access: &Access, actor: &Actor, key: &MemberKey) -> Result<Member, AccessError> {
    let _ = (access, actor, key);
    todo!()
}

/// Removes one: their tokens are refused from then on, their grants have no effect. Directory keys only.
///
/// # Errors
/// `not-found`.
pub async fn delete(access: &Access, actor: &Actor, key: &MemberKey) -> Result<(), AccessError> {
    let _ = (access, actor, key);
    todo!()
}
