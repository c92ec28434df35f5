//! Emergencies: entry without consent. One engineer declares it, others approve it, the customer is told, and afterwards
//! another one reviews it.
//!
//! * here: what one is declared with, reading, and the question that is put to the policies.
//! * `declare`, `approve`, `review`: one action each. `ending`: what ends one before its time.
//! * `told`: waits until the customer has been told. Entering itself is `sessions::start`'s business.
mod approve;
mod declare;
mod ending;
mod review;
mod told;

use serde_json::{Value, json};

use crate::audit::{Event, Kind};
use crate::domain::action::ControlAction;
use crate::domain::emergency::{Declaration, Outcome, Standing};
use crate::domain::engineer::Engineer;
use crate::domain::id::{EmergencyId, MemberId, MemberKey, WorkspaceId};
use crate::domain::member::Member;
use crate::domain::refusal::Code;
use crate::domain::text::{Justification, Label};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;
use crate::policy::{Allowed, ControlFacts, ControlQuestion, Principal, Refused, Work, decide_control};
use crate::store::{Connection, emergencies, engineers, members, workspaces};

use super::permission::engineer;
use super::{Access, AccessError, Actor, Page, PageRequest};

pub use approve::approve;
pub use declare::declare;
pub(super) use ending::{end_all, end_one};
pub use review::review;
pub(super) use told::{customer_is_told, untold};

/// What an engineer declares.
#[derive(Debug, Clone)]
pub struct NewEmergency {
    /// Where.
    pub workspace: WorkspaceId,
    /// As whom they want to enter.
    pub subject: MemberId,
    /// What is broken: the incident's number.
    pub incident: Label,
    /// One of the configured reason codes.
    pub reason_code: String,
    /// Why it cannot wait for consent.
    pub reason: Justification,
}

/// What an engineer found when they reviewed one.
#[derive(Debug, Clone)]
pub struct NewReview {
    /// Whether it was an emergency.
    pub outcome: Outcome,
    /// Why.
    pub comment: Justification,
}

/// Lists the actor's own emergencies, and those of others that the actor may approve or review now; newest first.
/// Engineers only. A page may be shorter than was asked for.
///
/// # Errors
/// `policy-denied` for anybody else.
pub async fn list(access: &Access, actor: &Actor, page: &PageRequest) -> Result<Page<Declaration>, AccessError> {
    let who = &engineer(actor)?.engineer;
    let after: Option<EmergencyId> = page.after()?;
    let mut read = access.store.read().await?;
    let now = access.clock.now();
    let limit = page.limit();
    let found = emergencies::list(&mut read, &who.id, after.as_ref(), limit.saturating_add(1)).await?;
    let mut page = Page::cut(found, limit, |declaration| declaration.id.to_string());
    let mut shown = Vec::with_capacity(page.items.len());
    for declaration in page.items {
        if declaration.declared_by == who.id || awaits(access, &mut read, who, &declaration, now).await? {
            shown.push(declaration);
        }
    }
    page.items = shown;
    Ok(page)
}

/// Reads one: the actor's own, or one of others that the actor may approve or review now. Engineers only.
///
/// # Errors
/// `not-found`, for one that the actor must not see too.
pub async fn get(access: &Access, actor: &Actor, id: &EmergencyId) -> Result<Declaration, AccessError> {
    let who = &engineer(actor)?.engineer;
    let mut read = access.store.read().await?;
    let now = access.clock.now();
    let declaration = emergencies::find(&mut read, id).await?.ok_or(Code::NotFound)?;
    let visible = declaration.declared_by == who.id || awaits(access, &mut read, who, &declaration, now).await?;
    if visible { Ok(declaration) } else { Err(Code::NotFound.into()) }
}

/// Whether somebody else's emergency waits for something that this engineer may do.
async fn awaits(
    access: &Access,
    read: &mut Connection,
    who: &Engineer,
    declaration: &Declaration,
    now: Timestamp,
) -> Result<bool, AccessError> {
    let action = match declaration.standing(now) {
        Standing::Declared => ControlAction::ApproveEmergency,
        Standing::Approved | Standing::Ended => ControlAction::ReviewEmergency,
        Standing::Lapsed | Standing::Reviewed => return Ok(false),
    };
    let Some(scene) = Scene::of(read, declaration).await? else { return Ok(false) };
    Ok(scene.asked(access, who, action, declaration, now).is_ok())
}

/// What an act upon an emergency is judged by, beside the emergency and whoever acts.
struct Scene {
    workspace: Workspace,
    declarer: Engineer,
    /// None when the member is gone.
    subject: Option<Member>,
}

impl Scene {
    /// As it is now; none when the workspace is gone.
    async fn of(state: &mut Connection, declaration: &Declaration) -> Result<Option<Self>, AccessError> {
        let Some(workspace) = workspaces::find(state, &declaration.workspace).await? else { return Ok(None) };
        let declarer = engineers::find_or_deleted(state, &declaration.declared_by).await?.ok_or(Code::NotFound)?;
        let subject = members::find(state, &subject_key(declaration)).await?;
        Ok(Some(Self { workspace, declarer, subject }))
    }

    /// What the policies say to an engineer's act upon an emergency.
    fn asked(
        &self,
        access: &Access,
        who: &Engineer,
        action: ControlAction,
        declaration: &Declaration,
        now: Timestamp,
    ) -> Result<Allowed, Box<Refused>> {
        let work = Work {
            lasts: Some(access.emergency.max),
            reason: Some(&declaration.reason),
            ticket: Some(&declaration.incident),
            subject: self.subject.as_ref(),
            declared_by: Some(&self.declarer),
            reason_code: Some(&declaration.reason_code),
            ..Work::default()
        };
        work_allowed(access, who, action, &self.workspace, work, now)
    }
}

/// What the policies say to an engineer's work.
fn work_allowed(
    access: &Access,
    who: &Engineer,
    action: ControlAction,
    workspace: &Workspace,
    work: Work<'_>,
    now: Timestamp,
) -> Result<Allowed, Box<Refused>> {
    let (principal, facts) = (Principal::Engineer(who), ControlFacts::Work(work));
    decide_control(&access.engine.current(), &ControlQuestion { principal, action, workspace, now, facts })
}

fn subject_key(declaration: &Declaration) -> MemberKey {
    MemberKey { workspace: declaration.workspace.clone(), id: declaration.subject.clone() }
}

/// An event about an emergency; its engineer is whoever declared it.
fn about(declaration: &Declaration, kind: Kind, at: Timestamp) -> Event {
    Event {
        workspace: Some(declaration.workspace.clone()),
        engineer: Some(declaration.declared_by.clone()),
        subject: Some(declaration.subject.clone()),
        emergency: Some(declaration.id.clone()),
        reason: Some(declaration.reason.clone()),
        ticket: Some(declaration.incident.clone()),
        ..Event::new(at, kind)
    }
}

/// An emergency in full, and who did what is told of, for the trail and for notices.
fn facts(declaration: &Declaration, by: &str) -> Value {
    let opening = declaration.opening.as_ref();
    let mut facts = json!({
        "by": by,
        "incident": declaration.incident,
        "reason_code": declaration.reason_code,
        "approvals": declaration.approvals,
        "expires_at": opening.map(|opening| opening.expires_at),
        "ended_at": declaration.ended_at,
    });
    if let (Some(review), Some(facts)) = (&declaration.review, facts.as_object_mut()) {
        facts.insert("reviewed_by".to_owned(), json!(review.by));
        facts.insert("outcome".to_owned(), json!(review.outcome));
        facts.insert("comment".to_owned(), json!(review.comment));
    }
    facts
}
