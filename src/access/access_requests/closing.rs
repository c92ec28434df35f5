//! How a request comes to its end: the row, and the event that tells of it.
use serde_json::{Value, json};

use crate::audit::{Decision, Event, Kind};
use crate::domain::access_request::{AccessRequest, Closing, How, State};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::store::{Write, access_requests};

use crate::access::AccessError;

/// Writes down the end of a request; gives the request as it is then, and the event, which is the caller's to keep.
pub(super) async fn close(
    tx: &mut Write,
    request: AccessRequest,
    closing: Closing,
    decision: Decision,
) -> Result<(AccessRequest, Event), AccessError> {
    access_requests::close(tx, &request.id, &closing).await?;
    let Closing { at, by, how } = closing;
    let (kind, grant) = match &how {
        How::Approved(grant) => (Kind::RequestApproved, Some(grant.clone())),
        How::Declined(_) => (Kind::RequestDeclined, request.extends.clone()),
        How::Withdrawn => (Kind::RequestWithdrawn, request.extends.clone()),
        How::Lapsed => (Kind::RequestLapsed, request.extends.clone()),
    };
    let event = Event { grant, decision: Some(decision), ..about(&request, kind, at) };
    Ok((request.closed(at, &by, how), event))
}

/// An event about a request.
pub(super) fn about(request: &AccessRequest, kind: Kind, at: Timestamp) -> Event {
    Event {
        workspace: Some(request.workspace.clone()),
        engineer: Some(request.engineer.clone()),
        subject: request.subject.clone(),
        reason: Some(request.reason.clone()),
        ticket: request.ticket.clone(),
        grant: request.extends.clone(),
        case: Some((&request.id).into()),
        ..Event::new(at, kind)
    }
}

/// A request in full.
pub(super) fn facts(request: &AccessRequest) -> Value {
    json!({
        "id": request.id,
        "engineer": request.engineer,
        "subject": request.subject,
        "access": request.access,
        "duration": request.duration,
        "reason": request.reason,
        "ticket": request.ticket,
        "purpose": request.purpose,
        "extends": request.extends,
        "lapses_at": request.lapses_at,
    })
}

/// Whether a request still waits at `now`.
///
/// # Errors
/// `conflict`, with what became of it.
pub(super) fn waits(request: &AccessRequest, now: Timestamp) -> Result<(), Refusal> {
    let by = request.closing.as_ref().map(|closing| format!(" by `{}` at {}", closing.by, closing.at));
    let by = by.unwrap_or_default();
    let (reason, next) = match request.state(now) {
        State::Pending => return Ok(()),
        State::Approved => (format!("this request was approved{by}"), "end the access by revoking its grant"),
        State::Declined => (format!("this request was declined{by}"), "the engineer may ask again"),
        State::Withdrawn => (format!("this request was withdrawn{by}"), "there is nothing to answer any more"),
        State::Lapsed => {
            let reason = format!("nobody answered this request until {}, so it has lapsed", request.lapses_at);
            let reason = if by.is_empty() { reason } else { format!("this request has lapsed{by}") };
            (reason, "the engineer may ask again")
        }
    };
    Err(Refusal::because(Code::Conflict, reason).next(next))
}
