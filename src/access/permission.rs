//! Who may ask at all, and what the policies say. Roles are the policies' business: nothing here compares one.
use crate::domain::action::ControlAction;
use crate::domain::engineer::Engineer;
use crate::domain::id::{MemberId, WorkspaceId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;
use crate::policy::{
    Allowed, Bundle, ControlFacts, ControlQuestion, DecisionRecord, Principal, Refused, Terms, decide_control,
};
use crate::store::{Write, engineers, members, workspaces};

use super::actor::{Actor, EngineerActor, KeyActor, MemberActor, Scope};
use super::standing::still_vouched_for;
use super::{Access, AccessError};

/// Who may look at a workspace's support access, and end it.
pub(super) enum Overseer {
    /// A member of it.
    Member(MemberActor),
    /// A machine of the vendor's, with the scope `operator`.
    Operator(KeyActor),
}

impl Overseer {
    /// The actor as an overseer of `workspace`.
    pub(super) fn of(actor: &Actor, workspace: &WorkspaceId) -> Result<Self, AccessError> {
        match actor {
            Actor::Member(_) => member_of(actor, workspace).cloned().map(Self::Member),
            Actor::Key(_) => scoped(actor, &[Scope::Operator]).cloned().map(Self::Operator),
            Actor::Engineer(_) => Err(wrong_caller("a member of the workspace or an operator's key")),
        }
    }

    /// The overseer and the workspace, as they are inside this transaction.
    pub(super) async fn present(
        self,
        tx: &mut Write,
        workspace: &WorkspaceId,
    ) -> Result<(Self, Workspace), AccessError> {
        match self {
            Self::Member(who) => {
                let (who, workspace) = present_member(tx, &who).await?;
                Ok((Self::Member(who), workspace))
            }
            Self::Operator(key) => {
                let workspace = workspaces::find(tx, workspace).await?.ok_or(Code::NotFound)?;
                Ok((Self::Operator(key), workspace))
            }
        }
    }

    /// In words, as in `revoked_by`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Member(who) => who.member.id.to_string(),
            Self::Operator(key) => format!("operator:{}", key.name),
        }
    }

    /// Whether they may do `action`, which is `about` that member's login, if about one: a member by policy, an operator by
    /// scope. The policies' decision, if one was asked for.
    pub(super) fn may(
        &self,
        access: &Access,
        action: ControlAction,
        about: Option<&MemberId>,
        workspace: &Workspace,
        now: Timestamp,
    ) -> Result<Option<DecisionRecord>, AccessError> {
        match self {
            Self::Member(who) => {
                let terms = about.map(Terms::about).unwrap_or_default();
                let asked = Asked { action, terms, workspace, now };
                let allowed = asked.by(who, &access.engine.current()).map_err(refused)?;
                Ok(Some(allowed.decision().clone()))
            }
            Self::Operator(_) => Ok(None),
        }
    }
}

/// Who may look at the cases of a workspace.
#[derive(Clone, Copy)]
pub(super) enum Viewer<'a> {
    /// A member of it.
    Member(&'a MemberActor),
    /// An engineer, who sees what they may work on.
    Engineer(&'a EngineerActor),
}

impl<'a> Viewer<'a> {
    /// The actor as a viewer of `workspace`.
    pub(super) fn of(actor: &'a Actor, workspace: &WorkspaceId) -> Result<Self, AccessError> {
        match actor {
            Actor::Member(_) => member_of(actor, workspace).map(Self::Member),
            Actor::Engineer(who) => Ok(Self::Engineer(who)),
            Actor::Key(_) => Err(wrong_caller("a member of the workspace or an engineer")),
        }
    }
}

/// What a member wants to do.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// What.
    pub(super) action: ControlAction,
    /// What the consent gives, if it is one, and whose it is.
    pub(super) terms: Terms<'a>,
    /// Where.
    pub(super) workspace: &'a Workspace,
    /// When.
    pub(super) now: Timestamp,
}

impl Asked<'_> {
    /// What the policies say.
    pub(super) fn by(&self, who: &MemberActor, bundle: &Bundle) -> Result<Allowed, Box<Refused>> {
        let facts = ControlFacts::Consent { impersonated: who.impersonated, terms: self.terms };
        let principal = Principal::Member(&who.member);
        let Self { action, workspace, now, .. } = *self;
        decide_control(bundle, &ControlQuestion { principal, action, workspace, now, facts })
    }
}

/// The refusal, for the caller.
pub(super) fn refused(refused: Box<Refused>) -> AccessError {
    refused.refusal.into()
}

/// The member who acts, in their own workspace: another tenant's is not there for them.
pub(super) fn member_of<'a>(actor: &'a Actor, workspace: &WorkspaceId) -> Result<&'a MemberActor, AccessError> {
    match actor {
        Actor::Member(who) if who.member.workspace == *workspace => Ok(who),
        Actor::Member(_) => Err(Code::NotFound.into()),
        Actor::Engineer(_) | Actor::Key(_) => Err(wrong_caller("a member of the workspace")),
    }
}

/// The engineer who acts.
pub(super) fn engineer(actor: &Actor) -> Result<&EngineerActor, AccessError> {
    match actor {
        Actor::Engineer(who) => Ok(who),
        Actor::Member(_) | Actor::Key(_) => Err(wrong_caller("an engineer")),
    }
}

/// The key that acts, with one of these scopes.
pub(super) fn scoped<'a>(actor: &'a Actor, any_of: &[Scope]) -> Result<&'a KeyActor, AccessError> {
    let scopes: Vec<_> = any_of.iter().map(|scope| format!("`{}`", scope.as_str())).collect();
    let scopes = scopes.join(" or ");
    match actor {
        Actor::Key(key) if any_of.iter().any(|scope| key.scopes.contains(scope)) => Ok(key),
        Actor::Key(_) => Err(Refusal::because(Code::PolicyDenied, format!("this API key lacks the scope {scopes}"))
            .next("use a key with that scope: `chaperone token create` makes one")
            .into()),
        Actor::Member(_) | Actor::Engineer(_) => Err(wrong_caller(&format!("an API key with the scope {scopes}"))),
    }
}

/// The member who acts, and their workspace, as they are inside this transaction.
pub(super) async fn present_member(tx: &mut Write, who: &MemberActor) -> Result<(MemberActor, Workspace), AccessError> {
    let workspace = workspaces::find(tx, &who.member.workspace).await?.ok_or(Code::NotFound)?;
    let member = members::find(tx, &who.member.key()).await?.ok_or(Code::Unauthenticated)?;
    Ok((MemberActor { member, impersonated: who.impersonated }, workspace))
}

/// The engineer who acts, as they are inside this transaction.
pub(super) async fn present_engineer(tx: &mut Write, who: &EngineerActor) -> Result<Engineer, AccessError> {
    let engineer = engineers::find(tx, &who.engineer.id).await?.ok_or(Code::Unauthenticated)?;
    if engineer.disabled { Err(switched_off().into()) } else { Ok(engineer) }
}

/// The engineer who acts, as they are inside this transaction, if somebody still vouches for them: whatever changes that
/// later finds what is begun here.
pub(super) async fn vouched_engineer(
    access: &Access,
    tx: &mut Write,
    who: &EngineerActor,
) -> Result<Engineer, AccessError> {
    let engineer = present_engineer(tx, who).await?;
    still_vouched_for(access, who, &engineer)?;
    Ok(engineer)
}

/// The refusal of an engineer whom the directory disabled.
pub(super) fn switched_off() -> Refusal {
    Refusal::because(Code::PolicyDenied, "the vendor's directory has switched this engineer off")
        .next("ask whoever keeps the directory")
}

fn wrong_caller(wanted: &str) -> AccessError {
    Refusal::because(Code::PolicyDenied, format!("this call is for {wanted}")).next(format!("call as {wanted}")).into()
}
