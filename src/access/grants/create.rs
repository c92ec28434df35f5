//! Giving consent.
use crate::audit::{Event, Kind};
use crate::domain::action::ControlAction;
use crate::domain::grant::{Grant, Origin};
use crate::domain::id::{GrantId, WorkspaceId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::text::{BadText, Label};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;
use crate::policy::{DecisionRecord, Terms};
use crate::store::{Change, Write, grants};

use super::{NewGrant, offered, window};
use crate::access::actor::MemberActor;
use crate::access::permission::{Asked, member_of, present_member};
use crate::access::{Access, AccessError, Actor, Idempotency, record, repeat};

/// The longest list of engineers, groups or paths.
const LIST: usize = 50;

/// A member's act of consent, of which a grant comes.
pub(in crate::access) struct Act<'a> {
    /// Who consents, as they are inside the transaction.
    pub(in crate::access) who: &'a MemberActor,
    /// Where.
    pub(in crate::access) workspace: &'a Workspace,
    /// What the policies are asked for.
    pub(in crate::access) action: ControlAction,
    /// How the grant comes to be.
    pub(in crate::access) origin: Origin,
    /// What is against it besides policies and limits.
    pub(in crate::access) objection: Option<Refusal>,
    /// When.
    pub(in crate::access) now: Timestamp,
}

/// Creates a grant whose subject is the member who acts.
///
/// # Errors
/// By policy and limits; `conflict` for a reused idempotency key.
pub async fn create(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    new: NewGrant,
    idempotency: Option<Idempotency>,
) -> Result<Grant, AccessError> {
    let who = member_of(actor, workspace)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let (who, workspace) = present_member(&mut tx, who).await?;
    let caller = format!("member:{}", who.member.key());
    if let Some(made) = repeat::made(&mut tx, &caller, idempotency.as_ref()).await? {
        return earlier(&mut tx, &workspace.id, &made).await;
    }

    let (action, origin) = (ControlAction::CreateGrant, Origin::Direct);
    let act = Act { who: &who, workspace: &workspace, action, origin, objection: None, now };
    let (grant, decision) = consented(access, act, new)?;
    let event = keep(access, &mut tx, &grant, &decision).await?;
    repeat::remember(&mut tx, &caller, idempotency, grant.id.as_str(), now).await?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(grant)
}

/// The grant that comes of a member's act, if policies, limits and `act.objection` have nothing against it. It is not kept yet.
///
/// # Errors
/// By policy and limits; `bad-request` for a window or a list that makes no sense.
pub(in crate::access) fn consented(
    access: &Access,
    act: Act<'_>,
    new: NewGrant,
) -> Result<(Grant, DecisionRecord), Refusal> {
    let Act { who, workspace, action, now, .. } = act;
    let (grant, limit) = drawn_up(access, &act, new)?;
    let asked = Asked { action, terms: Terms::of(&grant), workspace, now };
    let objections = limit.into_iter().chain(act.objection).chain(offered::objections(access, &grant));
    let decision = window::stricter(asked.by(who, &access.engine.current()), objections)?;
    Ok((grant, decision))
}

/// Keeps a grant that was consented to; the event that tells of it is the caller's to commit.
///
/// # Errors
/// `conflict` for a workspace that has too many.
pub(in crate::access) async fn keep(
    access: &Access,
    tx: &mut Write,
    grant: &Grant,
    decision: &DecisionRecord,
) -> Result<Event, AccessError> {
    if grants::open(tx, &grant.workspace, grant.created_at).await?.len() >= access.grants.open {
        return Err(enough(access.grants.open).into());
    }
    grants::insert(tx, grant).await?;
    tx.change(&Change::Grant(grant.workspace.clone(), grant.id.clone())).await?;
    event(grant, Kind::GrantCreated, decision, grant.created_at)
}

/// The refusal of one grant more than the workspace may have at a time.
fn enough(open: usize) -> Refusal {
    let (grants, next) = if open == 1 { ("grant", "revoke it first") } else { ("grants", "revoke some first") };
    Refusal::because(Code::Conflict, format!("the workspace has {open} open {grants} already")).next(next)
}

/// What a repeated call made the first time.
async fn earlier(tx: &mut Write, workspace: &WorkspaceId, made: &str) -> Result<Grant, AccessError> {
    let id: GrantId = made.parse().map_err(|_| Code::NotFound)?;
    grants::find(tx, workspace, &id).await?.ok_or(Code::NotFound.into())
}

/// The grant that the member asks for, and what the configuration has against it.
fn drawn_up(access: &Access, act: &Act<'_>, new: NewGrant) -> Result<(Grant, Option<Refusal>), Refusal> {
    let (subject, now) = (act.who.member.key(), act.now);
    let starts_at = window::start(new.starts_at, now)?;
    let (expires_at, limit) = match new.lasting {
        Some(lasting) => {
            let end = window::end(starts_at, lasting)?;
            (end, window::limit(&access.grants, window::length(starts_at, end)))
        }
        None => (None, Some(Refusal::from(Code::DurationRequired))),
    };
    let grant = Grant {
        id: GrantId::mint(now),
        workspace: subject.workspace,
        subject: subject.id,
        access: new.access,
        origin: act.origin,
        starts_at,
        expires_at,
        engineers: short("engineers", new.engineers)?,
        groups: lines("groups", short("groups", new.groups)?)?,
        organization: new.organization.map(String::from),
        ticket: new.ticket.map(String::from),
        purpose: new.purpose.map(String::from),
        scope: short("scope", new.scope)?,
        created_at: now,
        revoked_at: None,
        revoked_by: None,
        revision: 1,
    };
    Ok((grant, limit))
}

/// A list of a reasonable length: an empty one would name nobody, which is hardly meant.
fn short<T>(name: &str, list: Option<Vec<T>>) -> Result<Option<Vec<T>>, Refusal> {
    match list {
        Some(list) if list.is_empty() => {
            let refusal =
                Refusal::because(Code::BadRequest, format!("`{name}` is empty, so the grant would open nothing"));
            Err(refusal.next(format!("leave `{name}` out to restrict nothing by it")))
        }
        Some(list) if list.len() > LIST => {
            Err(Refusal::because(Code::BadRequest, format!("`{name}` has more than {LIST} entries")))
        }
        other => Ok(other),
    }
}

fn lines(name: &str, list: Option<Vec<String>>) -> Result<Option<Vec<String>>, Refusal> {
    let bad =
        |problem: BadText| Refusal::because(Code::BadRequest, format!("an entry of `{name}` is no name: {problem}"));
    let line = |text: String| text.parse::<Label>().map(String::from).map_err(bad);
    list.map(|list| list.into_iter().map(line).collect()).transpose()
}

/// The event about a grant.
pub(in crate::access) fn event(
    grant: &Grant,
    kind: Kind,
    decision: &DecisionRecord,
    at: Timestamp,
) -> Result<Event, AccessError> {
    Ok(Event {
        workspace: Some(grant.workspace.clone()),
        subject: Some(grant.subject.clone()),
        grant: Some(grant.id.clone()),
        ticket: grant.ticket.clone(),
        case: grant.case().and_then(|case| case.parse().ok()),
        decision: Some(record::decided_on(decision, grant)?),
        ..Event::new(at, kind)
    })
}
