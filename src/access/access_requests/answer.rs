//! A member answers: approves, which makes a grant, or declines.
use serde_json::json;

use crate::audit::Event;
use crate::domain::access_request::{AccessRequest, Closing, How, Narrowed, TooWide};
use crate::domain::action::ControlAction;
use crate::domain::engineer::Engineer;
use crate::domain::grant::{Access as Reach, Grant, Origin};
use crate::domain::id::{AccessRequestId, WorkspaceId};
use crate::domain::member::Member;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::text::{BadText, Justification, Label};
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::Workspace;
use crate::policy::{DecisionRecord, Terms};
use crate::store::{Connection, Write, access_requests, engineers};

use super::closing::{close, facts, waits};
use super::{Shown, extension};
use crate::access::actor::MemberActor;
use crate::access::grants::{Act, Lasting, NewGrant, consented, keep, window};
use crate::access::permission::{Asked, member_of, present_member};
use crate::access::{Access, AccessError, Actor, record};

/// Approves a request: the member lends their own login to the engineer who asked, for as long and as far as was asked, or
/// less. The time counts from now, or extends the grant that the request is about.
///
/// # Errors
/// `not-found`; `bad-request` for more than was asked; by policy and limits, as for a grant; `wrong-subject` where another
/// member is asked; `conflict` for a request that does not wait any more.
pub async fn approve(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &AccessRequestId,
    to: Narrowed,
) -> Result<Shown, AccessError> {
    let who = member_of(actor, workspace)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let (who, workspace) = present_member(&mut tx, who).await?;
    let Shown { request, engineer_name, engineer_email } = there(&mut tx, &workspace.id, id).await?;
    let (reach, duration) = request.narrowed(to).map_err(widened)?;
    let (grant, decision, granted) = if request.extends.is_some() {
        extension::extend(access, &mut tx, &who, &workspace, (&request, duration), now).await?
    } else {
        give(access, &mut tx, &who, &workspace, (&request, reach, duration), now).await?
    };
    let told = record::decided_with(&decision, json!({ "request": facts(&request) }))?;
    let closing = Closing { at: now, by: grant.subject.to_string(), how: How::Approved(grant.id) };
    let (request, event) = close(&mut tx, request, closing, told).await?;
    tx.event(&Event { subject: Some(grant.subject), ..event.clone() }).await?;
    let granted = Event { engineer: event.engineer, case: event.case, reason: event.reason, ..granted };
    let sequence = tx.commit(&granted).await?;
    access.feed.announce(sequence).await;
    Ok(Shown { request, engineer_name, engineer_email })
}

/// Makes the grant that `request` asks for, so far and so long; gives it with the decision and the event that tells of it.
async fn give(
    access: &Access,
    tx: &mut Write,
    who: &MemberActor,
    workspace: &Workspace,
    (request, reach, duration): (&AccessRequest, Reach, Span),
    now: Timestamp,
) -> Result<(Grant, DecisionRecord, Event), AccessError> {
    let (action, origin) = (ControlAction::ApproveRequest, Origin::Approval);
    let objection = another_is_asked(&who.member, request);
    let act = Act { who, workspace, action, origin, objection, now };
    let asker = engineers::find(tx, &request.engineer).await?.ok_or(Code::NotFound)?;
    let (grant, decision) = consented(access, act, wanted(request, &asker, reach, duration)?)?;
    waits(request, now)?;
    let granted = keep(access, tx, &grant, &decision).await?;
    Ok((grant, decision, granted))
}

/// Declines a request, perhaps with a comment for the engineer.
///
/// # Errors
/// `not-found`; by policy; `wrong-subject` where another member is asked; `conflict` for a request that does not wait any
/// more.
pub async fn decline(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &AccessRequestId,
    comment: Option<Justification>,
) -> Result<Shown, AccessError> {
    let who = member_of(actor, workspace)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let (who, workspace) = present_member(&mut tx, who).await?;
    let Shown { request, engineer_name, engineer_email } = there(&mut tx, &workspace.id, id).await?;
    let action = ControlAction::DeclineRequest;
    let asked = Asked { action, terms: about(&who.member, &request), workspace: &workspace, now };
    let objection = another_is_asked(&who.member, &request);
    let decision = window::stricter(asked.by(&who, &access.engine.current()), objection)?;
    waits(&request, now)?;

    let comment = comment.map(String::from);
    let told = record::decided_with(&decision, json!({ "request": facts(&request), "comment": comment }))?;
    let subject = who.member.id;
    let closing = Closing { at: now, by: subject.to_string(), how: How::Declined(comment) };
    let (request, event) = close(&mut tx, request, closing, told).await?;
    tx.commit(&Event { subject: Some(subject), ..event }).await?;
    Ok(Shown { request, engineer_name, engineer_email })
}

/// A request to that workspace.
pub(super) async fn there(
    connection: &mut Connection,
    workspace: &WorkspaceId,
    id: &AccessRequestId,
) -> Result<Shown, AccessError> {
    let found = access_requests::find_listed(connection, id).await?;
    let found = found.filter(|found| found.request.workspace == *workspace);
    Ok(found.ok_or(Code::NotFound)?.into())
}

/// Whose login the answer of `who` is about.
pub(super) fn about<'a>(who: &'a Member, request: &'a AccessRequest) -> Terms<'a> {
    Terms::about(request.subject.as_ref().unwrap_or(&who.id))
}

/// Whoever approves lends their own login, so a request for another member's is not theirs to answer.
pub(super) fn another_is_asked(who: &Member, request: &AccessRequest) -> Option<Refusal> {
    let asked = request.subject.as_ref().filter(|subject| **subject != who.id)?;
    let refusal = Refusal::because(Code::WrongSubject, format!("this request asks for the login of `{asked}`"));
    Some(refusal.next("they alone can answer it; you can still create a grant of your own"))
}

fn widened(error: TooWide) -> Refusal {
    let reason = format!("an approval may give less than was asked for, never more: {error}");
    Refusal::because(Code::BadRequest, reason)
        .next("approve it as it is or narrower; to give more, create a grant of your own")
}

/// The grant that an approval asks for: the engineer who asked is named, with the organization that they work for now; ticket
/// and purpose are theirs.
fn wanted(request: &AccessRequest, asker: &Engineer, access: Reach, duration: Span) -> Result<NewGrant, Refusal> {
    let unfit = |problem: BadText| Refusal::because(Code::Internal, format!("a line of the request: {problem}"));
    let line = |text: Option<&str>| text.map(str::parse::<Label>).transpose().map_err(unfit);
    let organization = Some(asker.organization.as_str()).filter(|name| !name.is_empty());
    Ok(NewGrant {
        starts_at: None,
        lasting: Some(Lasting::For(duration)),
        access,
        engineers: Some(vec![asker.id.clone()]),
        groups: None,
        organization: line(organization)?,
        ticket: line(request.ticket.as_deref())?,
        purpose: line(request.purpose.as_deref())?,
        scope: None,
    })
}
