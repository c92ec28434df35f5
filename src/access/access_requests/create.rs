//! An engineer asks.
use serde_json::json;

use crate::audit::{Event, Kind};
use crate::domain::access_request::AccessRequest;
use crate::domain::action::ControlAction;
use crate::domain::engineer::Engineer;
use crate::domain::grant::Grant;
use crate::domain::id::{AccessRequestId, MemberId, MemberKey};
use crate::domain::member::Member;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;
use crate::policy::{ControlFacts, ControlQuestion, DecisionRecord, Principal, Terms, Work, decide_control};
use crate::store::{Write, access_requests, members, workspaces};

use super::closing::{about, facts};
use super::{NewRequest, Shown, extension};
use crate::access::actor::MemberActor;
use crate::access::grants::{change, window};
use crate::access::permission::{Asked, engineer, vouched_engineer};
use crate::access::{Access, AccessError, Actor, Idempotency, reason, record, repeat};

/// How many requests of one engineer may wait in one workspace: more would only be noise to its members.
const WAITING: i64 = 5;

/// Asks for access. Engineers only.
///
/// # Errors
/// `bad-request` for a reason that is none; `not-found` without such a workspace or member; by policy and limits;
/// `conflict` when too many wait already.
pub async fn create(
    access: &Access,
    actor: &Actor,
    new: NewRequest,
    idempotency: Option<Idempotency>,
) -> Result<Shown, AccessError> {
    let who = engineer(actor)?;
    reason::check(&access.requests, new.reason.as_str())?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let asker = vouched_engineer(access, &mut tx, who).await?;
    let caller = format!("engineer:{}", asker.id);
    if let Some(made) = repeat::made(&mut tx, &caller, idempotency.as_ref()).await? {
        return earlier(&mut tx, &made).await;
    }

    let workspace = workspaces::find(&mut tx, &new.workspace).await?.ok_or(Code::NotFound)?;
    let extended = match &new.extends {
        Some(id) => Some(extension::stood_on(&mut tx, &asker, &new, id, now).await?),
        None => None,
    };
    let lender = extended.as_ref().map(|grant| &grant.subject).or(new.subject.as_ref());
    let subject = match lender {
        Some(id) => Some(there(&mut tx, &workspace, id).await?),
        None => None,
    };
    let request = drawn_up(access, &asker, new, subject.as_ref(), now);
    let decision = permitted(access, &asker, &workspace, subject.as_ref(), (&request, extended.as_ref()))?;
    if access_requests::count_waiting(&mut tx, &asker.id, &workspace.id, now).await? >= WAITING {
        let reason = format!("{WAITING} requests of yours wait in this workspace already");
        return Err(Refusal::because(Code::Conflict, reason).next("withdraw one, or wait for an answer").into());
    }

    access_requests::insert(&mut tx, &request).await?;
    repeat::remember(&mut tx, &caller, idempotency, request.id.as_str(), now).await?;
    let decision = record::decided_with(&decision, json!({ "request": facts(&request) }))?;
    tx.commit(&Event { decision: Some(decision), ..about(&request, Kind::RequestCreated, now) }).await?;
    Ok(Shown { request, engineer_name: asker.name, engineer_email: asker.email.to_string() })
}

/// What a repeated call made the first time.
async fn earlier(tx: &mut Write, made: &str) -> Result<Shown, AccessError> {
    let id: AccessRequestId = made.parse().map_err(|_| Code::NotFound)?;
    Ok(access_requests::find_listed(tx, &id).await?.ok_or(Code::NotFound)?.into())
}

/// The member who shall answer.
async fn there(tx: &mut Write, workspace: &Workspace, id: &MemberId) -> Result<Member, AccessError> {
    let key = MemberKey { workspace: workspace.id.clone(), id: id.clone() };
    let missing = || {
        Refusal::because(Code::NotFound, format!("subject: there is no member `{id}` in this workspace"))
            .next("leave `subject` out to ask every member who may answer")
    };
    Ok(members::find(tx, &key).await?.ok_or_else(missing)?)
}

fn drawn_up(
    access: &Access,
    asker: &Engineer,
    new: NewRequest,
    subject: Option<&Member>,
    now: Timestamp,
) -> AccessRequest {
    AccessRequest {
        id: AccessRequestId::mint(now),
        workspace: new.workspace,
        engineer: asker.id.clone(),
        subject: subject.map(|member| member.id.clone()),
        access: new.access,
        duration: new.duration,
        reason: new.reason.into(),
        ticket: new.ticket.map(String::from),
        purpose: new.purpose.map(String::from),
        extends: new.extends,
        created_at: now,
        lapses_at: now.plus(access.requests.lapse),
        closing: None,
    }
}

/// Whether the engineer may ask for that, and whether anybody could give it: what no grant may be is not asked for.
fn permitted(
    access: &Access,
    asker: &Engineer,
    workspace: &Workspace,
    subject: Option<&Member>,
    (request, extended): (&AccessRequest, Option<&Grant>),
) -> Result<DecisionRecord, Refusal> {
    let bundle = access.engine.current();
    let (reach, lasts, now) = (Some(request.access), Some(request.duration), request.created_at);
    let work = Work {
        access: reach,
        lasts,
        reason: Some(&request.reason),
        ticket: request.ticket.as_deref(),
        subject,
        ..Work::default()
    };
    let question = ControlQuestion {
        principal: Principal::Engineer(asker),
        action: ControlAction::RequestAccess,
        workspace,
        now,
        facts: ControlFacts::Work(work),
    };
    let decision = decide_control(&bundle, &question);
    let giver = subject.map(|member| MemberActor { member: member.clone(), impersonated: false });
    let cannot_give = match extended {
        Some(grant) => giver.and_then(|giver| {
            let end = extension::end(grant, request.duration);
            change::permitted(access, &giver, workspace, grant, end, now).err()
        }),
        None => giver.and_then(|giver| {
            let purpose = request.purpose.as_deref();
            let terms = Terms { access: reach, lasts, purpose, ..Terms::about(&giver.member.id) };
            let giving = Asked { action: ControlAction::ApproveRequest, terms, workspace, now };
            giving.by(&giver, &bundle).err().map(|refused| refused.refusal)
        }),
    };
    let objections = [window::limit(&access.grants, lasts), cannot_give];
    window::stricter(decision, objections.into_iter().flatten())
}
