//! Who acts, and how a genuine token becomes an actor.
use std::collections::BTreeSet;

use crate::domain::engineer::Engineer;
use crate::domain::id::{ApiKeyId, Email, EngineerId, MemberId, WorkspaceId};
use crate::domain::member::{Member, Role};
use crate::domain::time::Timestamp;
use crate::identity::ApiKey;

use super::{Access, AccessError};

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Keep the directory current.
    Directory,
    /// List, revoke, end, explain.
    Operator,
    /// Ask for decisions (AuthZEN).
    Authzen,
}

impl Scope {
    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Operator => "operator",
            Self::Authzen => "authzen",
        }
    }
}

/// Who acts.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A member, by the customer's own token.
    Member(MemberActor),
    /// An engineer, by a staff token.
    Engineer(EngineerActor),
    /// A machine of the vendor's, by an API key.
    Key(KeyActor),
}

/// A member who acts.
#[derive(Debug, Clone)]
pub struct MemberActor {
    /// Who.
    pub member: Member,
    /// Whether somebody else acts in their login: they may read, never consent.
    pub impersonated: bool,
}

/// An engineer who acts.
#[derive(Debug, Clone)]
pub struct EngineerActor {
    /// Who.
    pub engineer: Engineer,
    /// When they last proved a second factor, if the token says.
    pub mfa_at: Option<Timestamp>,
}

/// A machine that acts.
#[derive(Debug, Clone)]
pub struct KeyActor {
    /// Which key.
    pub id: ApiKeyId,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
}

/// What a genuine customer token says of its caller.
#[derive(Debug, Clone)]
pub struct MemberClaims {
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub id: MemberId,
    /// Their e-mail address.
    pub email: Email,
    /// What they may do.
    pub role: Role,
    /// When the token was made: the directory's later word wins.
    pub issued_at: Timestamp,
    /// Whether it has `act`, or came with a session cookie of ours.
    pub impersonated: bool,
}

/// What a genuine staff token says of its caller.
#[derive(Debug, Clone)]
pub struct EngineerClaims {
    /// Who.
    pub id: EngineerId,
    /// Their e-mail address.
    pub email: Email,
    /// Their name.
    pub name: String,
    /// Their groups.
    pub groups: BTreeSet<String>,
    /// Their organization; empty without one.
    pub organization: String,
    /// When they last proved a second factor.
    pub mfa_at: Option<Timestamp>,
}

impl Access {
    /// The member of a genuine token: created or updated from its claims, unless the directory was written after it.
    ///
    /// # Errors
    /// `not-found` without such a workspace, `unauthenticated` for a member whom the directory deleted.
    pub async fn member(&self, claims: MemberClaims) -> Result<Actor, AccessError> {
        let _ = claims;
        todo!()
    }

    /// The engineer of a genuine token: created or updated from its claims (a change of groups or organization works
    /// on live sessions at once).
    ///
    /// # Errors
    /// `policy-denied` for an engineer whom the directory disabled.
    pub async fn engineer(&self, claims: EngineerClaims) -> Result<Actor, AccessError> {
        let _ = claims;
        todo!()
    }

    /// The owner of an API key.
    ///
    /// # Errors
    /// `unauthenticated` for a key that is unknown or revoked.
    pub async fn key(&self, key: &ApiKey) -> Result<Actor, AccessError> {
        let _ = key;
        todo!()
    }
}
