//! Giving consent.
use crate::audit::{Event, Kind};
use crate::domain::action::ControlAction;
use crate::domain::grant::{Grant, Origin};
use crate::domain::id::{GrantId, MemberKey, WorkspaceId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::text::{BadText, Label};
use crate::domain::time::Timestamp;
use crate::policy::{DecisionRecord, Terms};
use crate::store::{Change, Write, grants};

use super::{NewGrant, window};
use crate::access::permission::{Asked, member_of, present_member};
use crate::access::{Access, AccessError, Actor, Idempotency, record, repeat};

/// The longest list of engineers, groups or paths.
const LIST: usize = 50;

/// How many grants of one workspace may be live or to come at a time: an engineer who enters has all of them tried.
const OPEN: usize = 200;

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

    let (grant, limit) = drawn_up(access, who.member.key(), new, now)?;
    let asked = Asked { action: ControlAction::CreateGrant, terms: Terms::of(&grant), workspace: &workspace, now };
    let decision = window::stricter(asked.by(&who, &access.engine.current()), limit)?;
    if grants::open(&mut tx, &workspace.id, now).await?.len() >= OPEN {
        let refusal = Refusal::because(Code::Conflict, format!("the workspace has {OPEN} open grants already"));
        return Err(refusal.next("revoke some first").into());
    }

    grants::insert(&mut tx, &grant).await?;
    repeat::remember(&mut tx, &caller, idempotency, grant.id.as_str(), now).await?;
    tx.change(&Change::Grant(workspace.id, grant.id.clone())).await?;
    let sequence = tx.commit(&event(&grant, Kind::GrantCreated, &decision, now)?).await?;
    access.feed.announce(sequence).await;
    Ok(grant)
}

/// What a repeated call made the first time.
async fn earlier(tx: &mut Write, workspace: &WorkspaceId, made: &str) -> Result<Grant, AccessError> {
    let id: GrantId = made.parse().map_err(|_| Code::NotFound)?;
    grants::find(tx, workspace, &id).await?.ok_or(Code::NotFound.into())
}

/// The grant that the member asks for, and what the configuration has against it.
fn drawn_up(
    access: &Access,
    subject: MemberKey,
    new: NewGrant,
    now: Timestamp,
) -> Result<(Grant, Option<Refusal>), Refusal> {
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
        origin: Origin::Direct,
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
pub(super) fn event(grant: &Grant, kind: Kind, decision: &DecisionRecord, at: Timestamp) -> Result<Event, AccessError> {
    Ok(Event {
        workspace: Some(grant.workspace.clone()),
        subject: Some(grant.subject.clone()),
        grant: Some(grant.id.clone()),
        ticket: grant.ticket.clone(),
        decision: Some(record::decided_on(decision, grant)?),
        ..Event::new(at, kind)
    })
}
