//! Who acts, and how a genuine token becomes an actor.
use std::collections::BTreeSet;
use std::str::FromStr;

use serde_json::json;

use crate::audit::{Event, Kind};
use crate::domain::engineer::Engineer;
use crate::domain::id::{ApiKeyId, Email, EngineerId, MemberId, SignInId, WorkspaceId};
use crate::domain::member::{Member, Role};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::identity::ApiKey;
use crate::store::members::Known;
use crate::store::{Change, api_keys, engineers, members, workspaces};

use super::engineers::{may_do_support, shut_out};
use super::permission::switched_off;
use super::{Access, AccessError, record, sign_ins};

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

/// Why a word is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope: choose `directory`, `operator` or `authzen`")]
pub struct BadScope(String);

impl FromStr for Scope {
    type Err = BadScope;
    fn from_str(word: &str) -> Result<Self, BadScope> {
        let known = [Self::Directory, Self::Operator, Self::Authzen];
        known.into_iter().find(|scope| scope.as_str() == word).ok_or_else(|| BadScope(word.to_owned()))
    }
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
    /// The thumbprint of the key that signed their token, if they presented one.
    pub signed_by: Option<String>,
    /// The sign-in by whose cookie they act; none: by a bearer token.
    pub sign_in: Option<SignInId>,
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
    /// When the token was made: a later one's word wins.
    pub issued_at: Timestamp,
    /// The thumbprint of the key that signed it.
    pub signed_by: Option<String>,
}

impl Access {
    /// The member of a genuine token: created or updated from its claims, unless the directory, or a later token, has
    /// spoken since it was made.
    ///
    /// # Errors
    /// `not-found` without such a workspace, `unauthenticated` for a member whom the directory deleted.
    pub async fn member(&self, claims: MemberClaims) -> Result<Actor, AccessError> {
        let MemberClaims { workspace, id, email, role, issued_at, impersonated } = claims;
        let told = Member { workspace, id, email, role };
        let mut read = self.store.read().await?;
        workspaces::find(&mut read, &told.workspace).await?.ok_or_else(|| unknown(&told.workspace))?;
        let known = members::known(&mut read, &told.key()).await?;
        drop(read);
        let member = match believed(known, &told, issued_at)? {
            Some(member) => member,
            None => self.told_member(told, issued_at).await?,
        };
        Ok(Actor::Member(MemberActor { member, impersonated }))
    }

    async fn told_member(&self, told: Member, issued_at: Timestamp) -> Result<Member, AccessError> {
        let mut tx = self.store.write().await?;
        let now = self.clock.now();
        workspaces::find(&mut tx, &told.workspace).await?.ok_or_else(|| unknown(&told.workspace))?;
        let known = members::known(&mut tx, &told.key()).await?;
        if let Some(member) = believed(known, &told, issued_at)? {
            return Ok(member);
        }
        members::put(&mut tx, &told, issued_at.min(now)).await?;
        tx.change(&Change::Member(told.key())).await?;
        let event = Event {
            workspace: Some(told.workspace.clone()),
            subject: Some(told.id.clone()),
            decision: Some(record::by_rule(self, &json!({ "by": "token", "member": told }))?),
            ..Event::new(now, Kind::MemberChanged)
        };
        let sequence = tx.commit(&event).await?;
        self.feed.announce(sequence).await;
        Ok(told)
    }

    /// The engineer of a genuine bearer token, who counts as verified by it.
    ///
    /// # Errors
    /// `policy-denied` for an engineer whom the directory disabled, or who is in no group or organization that does support.
    pub async fn engineer(&self, claims: EngineerClaims) -> Result<Actor, AccessError> {
        let (mfa_at, signed_by) = (claims.mfa_at, claims.signed_by.clone());
        let engineer = self.told(claims).await?;
        sign_ins::bearer_verified(self, &engineer.id).await?;
        Ok(Actor::Engineer(EngineerActor { engineer, mfa_at, signed_by, sign_in: None }))
    }

    /// The engineer of genuine claims: created or updated from them, unless a later token has spoken since they were made.
    /// A change of groups or organization works on live sessions at once.
    pub(super) async fn told(&self, claims: EngineerClaims) -> Result<Engineer, AccessError> {
        let EngineerClaims { id, email, name, groups, organization, issued_at, .. } = claims;
        let told = Engineer { id, email, name, groups, organization, disabled: false };
        let mut read = self.store.read().await?;
        let known = engineers::find(&mut read, &told.id).await?;
        let told_at = engineers::told_at(&mut read, &told.id).await?;
        drop(read);
        let engineer = match known {
            Some(known) if known.disabled => return Err(switched_off().into()),
            Some(known) if told_at > Some(issued_at) => known,
            Some(known) if known == told => {
                if told_at < Some(issued_at) {
                    self.store.told_again(&known.id, issued_at).await?;
                }
                known
            }
            Some(_) | None => self.told_engineer(told, issued_at).await?,
        };
        may_do_support(&engineer, &self.staff)?;
        Ok(engineer)
    }

    async fn told_engineer(&self, told: Engineer, issued_at: Timestamp) -> Result<Engineer, AccessError> {
        let mut tx = self.store.write().await?;
        let now = self.clock.now();
        if let Some(known) = engineers::find(&mut tx, &told.id).await? {
            if known.disabled {
                return Err(switched_off().into());
            }
            if engineers::told_at(&mut tx, &told.id).await? > Some(issued_at) {
                return Ok(known);
            }
        }
        engineers::put(&mut tx, &told).await?;
        engineers::set_told_at(&mut tx, &told.id, issued_at).await?;
        tx.change(&Change::Engineer(told.id.clone())).await?;
        if may_do_support(&told, &self.staff).is_err() {
            shut_out(self, &mut tx, &told.id, "staff.allowed_groups", now).await?;
        }
        let event = Event {
            engineer: Some(told.id.clone()),
            decision: Some(record::by_rule(self, &json!({ "by": "token", "engineer": told }))?),
            ..Event::new(now, Kind::EngineerChanged)
        };
        let sequence = tx.commit(&event).await?;
        self.feed.announce(sequence).await;
        Ok(told)
    }

    /// The owner of an API key.
    ///
    /// # Errors
    /// `unauthenticated` for a key that is unknown or revoked.
    pub async fn key(&self, key: &ApiKey) -> Result<Actor, AccessError> {
        let known = api_keys::by_hash(&mut *self.store.read().await?, &key.hash()).await?;
        let known = known.filter(|key| key.revoked_at.is_none()).ok_or(Code::Unauthenticated)?;
        // A scope of a later version gives nothing here.
        let scopes = known.scopes.iter().filter_map(|word| word.parse().ok()).collect();
        Ok(Actor::Key(KeyActor { id: known.id, name: known.name, scopes }))
    }
}

/// A genuine token names this workspace, so its bearer learns nothing new.
fn unknown(workspace: &WorkspaceId) -> Refusal {
    Refusal::because(Code::NotFound, format!("the token's workspace `{workspace}` is not in the directory"))
        .next("let the vendor's backend put it there, with a key of the scope `directory`")
}

/// Whom to believe: what is known, if the token says the same or was made before the last word on the member; none
/// when the token is to be believed. In doubt an older token never undoes a newer word.
fn believed(known: Option<Known>, told: &Member, issued_at: Timestamp) -> Result<Option<Member>, Code> {
    match known {
        Some(known) if known.deleted => Err(Code::Unauthenticated),
        Some(known) if known.member == *told || known.told_at > issued_at => Ok(Some(known.member)),
        Some(_) | None => Ok(None),
    }
}
