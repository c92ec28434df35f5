//! A member: a customer's user in one workspace.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{Email, MemberId, MemberKey, WorkspaceId};

/// What a member may do in their workspace; what that means for support access is the policies' business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Owns the workspace.
    Owner,
    /// Administers it.
    Admin,
    /// Works in it.
    Member,
}

impl Role {
    /// The word in the API, in claims and in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}

/// A customer's user in one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Member {
    /// The workspace they belong to.
    #[serde(skip)]
    pub workspace: WorkspaceId,
    /// Their id inside it.
    pub id: MemberId,
    /// Their e-mail address.
    pub email: Email,
    /// What they may do.
    pub role: Role,
}

impl Member {
    /// The key under which the whole system knows them.
    #[must_use]
    pub fn key(&self) -> MemberKey {
        MemberKey { workspace: self.workspace.clone(), id: self.id.clone() }
    }
}
