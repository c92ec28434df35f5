//! What a member sees of support access to their workspace.
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::action::ControlAction;
use crate::domain::emergency::Declaration;
use crate::domain::grant::{Access as Reach, Grant, Origin, Standing};
use crate::domain::id::{EngineerId, MemberKey, WorkspaceId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::Workspace;
use crate::policy::{Bundle, Terms};
use crate::store::{
    Read, StoreError, access_requests as rows, emergencies, engineers, grants, members, sessions, workspaces,
};

use super::actor::MemberActor;
use super::hygiene::{self, Review};
use super::permission::{Asked, member_of, refused};
use super::sessions::Shown;
use super::{Access, AccessError, Actor, access_requests};

/// How many emergencies of the past a member sees at a glance.
const EMERGENCIES: u32 = 10;

/// Where support access stands, and what may be chosen.
#[derive(Debug, Clone)]
pub struct Overview {
    /// What the workspace is called.
    pub workspace_name: String,
    /// Whether somebody could enter now.
    pub granted: bool,
    /// Why the member who asks can grant nothing, if so.
    pub excluded: Option<Refusal>,
    /// What the policies let them grant.
    pub offers: Offers,
    /// Grants that are live or still to come.
    pub grants: Vec<Grant>,
    /// The names of the engineers whom grants name, by their ids.
    pub names: BTreeMap<EngineerId, String>,
    /// Live grants that somebody should look at.
    pub review: Vec<Review>,
    /// Live sessions.
    pub sessions: Vec<Shown>,
    /// Requests of engineers that wait for an answer.
    pub waiting: Vec<access_requests::Shown>,
    /// The latest emergencies that were approved, newest first.
    pub emergencies: Vec<Declaration>,
    /// Durations to offer.
    pub presets: Vec<Span>,
    /// The one to select; none: until somebody revokes it.
    pub default: Option<Span>,
    /// The longest.
    pub max: Span,
    /// The shortest that is advised.
    pub recommend_min: Span,
    /// Whether a grant may be without an end.
    pub until_revoked: bool,
    /// What a grant may be for; empty: anything.
    pub purposes: Vec<String>,
    /// The organizations that a grant may name, by id, with their names; empty: any.
    pub organizations: BTreeMap<String, String>,
}

/// What the policies let a member grant, for as long as the vendor proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offers {
    /// Whether looking only.
    pub read_only: bool,
    /// Whether looking and changing.
    pub full: bool,
    /// Whether to any organization.
    pub any_organization: bool,
}

/// The overview of one workspace. Members who may read.
///
/// # Errors
/// `not-found` for another tenant's workspace; by policy.
pub async fn overview(access: &Access, actor: &Actor, workspace: &WorkspaceId) -> Result<Overview, AccessError> {
    let who = member_of(actor, workspace)?;
    let bundle = access.engine.current();
    let mut read = access.store.read().await?;
    let now = access.clock.now();
    let workspace = workspaces::find(&mut read, workspace).await?.ok_or(Code::NotFound)?;
    let terms = Terms::default();
    let reading = Asked { action: ControlAction::ReadSupportAccess, terms, workspace: &workspace, now };
    reading.by(who, &bundle).map_err(refused)?;

    let (offers, excluded) = offered(access, &bundle, who, reading);
    let grants = grants::open(&mut read, &workspace.id, now).await?;
    let granted = any_in_effect(&mut read, &bundle, &workspace, &grants, now).await?;
    let names = names(&mut read, &grants).await?;
    let review = hygiene::review(&mut read, &access.grants, &workspace.id, &grants, now).await?;
    let sessions = sessions::list_live(&mut read, &workspace.id, now).await?;
    let waiting = rows::list_waiting(&mut read, &workspace.id, now).await?;
    let emergencies = emergencies::opened(&mut read, &workspace.id, EMERGENCIES).await?;
    Ok(Overview {
        workspace_name: workspace.name,
        granted,
        excluded,
        offers,
        grants,
        names,
        review,
        sessions: sessions.into_iter().map(Shown::from).collect(),
        waiting: waiting.into_iter().map(access_requests::Shown::from).collect(),
        emergencies,
        presets: access.grants.presets.clone(),
        default: access.grants.default,
        max: access.grants.max,
        recommend_min: access.grants.recommend_min,
        until_revoked: access.grants.until_revoked,
        purposes: access.grants.purposes.clone(),
        organizations: access.staff.organizations.clone(),
    })
}

/// What the member could grant now; the refusal where that is nothing.
fn offered(access: &Access, bundle: &Bundle, who: &MemberActor, reading: Asked<'_>) -> (Offers, Option<Refusal>) {
    let one = access.staff.organizations.keys().next().map(String::as_str);
    let granting = |reach, organization| {
        let terms = Terms {
            access: Some(reach),
            lasts: access.grants.default,
            organization,
            purpose: access.grants.purposes.first().map(String::as_str),
            ..Terms::about(&who.member.id)
        };
        Asked { action: ControlAction::CreateGrant, terms, ..reading }.by(who, bundle)
    };
    let (look, change) = (granting(Reach::ReadOnly, one), granting(Reach::Full, one));
    let (read_only, full) = (look.is_ok(), change.is_ok());
    let any_organization = [Reach::ReadOnly, Reach::Full].into_iter().any(|reach| granting(reach, None).is_ok());
    let excluded = look.or(change).err().map(|refused| refused.refusal);
    (Offers { read_only, full, any_organization }, excluded)
}

/// The names of the engineers whom `grants` name, as far as they are known.
async fn names(read: &mut Read, grants: &[Grant]) -> Result<BTreeMap<EngineerId, String>, StoreError> {
    let ids: BTreeSet<EngineerId> = grants.iter().filter_map(|grant| grant.engineers.clone()).flatten().collect();
    let mut names = BTreeMap::new();
    for id in ids {
        if let Some(engineer) = engineers::find(read, &id).await? {
            names.insert(id, engineer.name);
        }
    }
    Ok(names)
}

/// Whether one of these is live and its subject could still give it: a grant has no effect while its subject has lost
/// the role that let them grant, or is gone (contract, section 1), nor while the workspace forces single sign-on.
async fn any_in_effect(
    read: &mut Read,
    bundle: &Bundle,
    workspace: &Workspace,
    grants: &[Grant],
    now: Timestamp,
) -> Result<bool, AccessError> {
    for grant in grants.iter().filter(|grant| grant.standing(now) == Standing::Live) {
        let key = MemberKey { workspace: grant.workspace.clone(), id: grant.subject.clone() };
        let Some(member) = members::find(read, &key).await? else { continue };
        let action = match grant.origin {
            Origin::Direct => ControlAction::CreateGrant,
            Origin::Approval => ControlAction::ApproveRequest,
            Origin::SupportRequest => ControlAction::OpenSupportRequest,
        };
        let asked = Asked { action, terms: Terms::of(grant), workspace, now };
        if asked.by(&MemberActor { member, impersonated: false }, bundle).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}
