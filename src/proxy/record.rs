//! No access without a durable record: what passes is in the trail before it passes.
use std::borrow::Cow;

use http::header::USER_AGENT;

use crate::audit::{AccessBy, AccessDecision, AccessEvent, AccessRequest, Appended, Draft, Kind, Told, Unavailable};
use crate::cache::Entry;
use crate::domain::effect::Effect;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::session::Basis;
use crate::policy::DecisionRecord;
use crate::request::Routed;

use super::authorize::Permitted;
use super::exchange::Arrival;
use super::gate::Gate;

/// How long a recorded user agent may be.
const LONGEST: usize = 200;

/// A request whose permit is in the trail.
pub(super) struct Recorded {
    pub(super) permitted: Permitted,
    /// Who asks for what, as the record of the end will tell it too.
    pub(super) told: Told,
    /// The record that must be safe before any byte of the answer leaves; none: it is already.
    pub(super) pending: Option<Appended>,
}

/// Records the permit. The disk may be waited for while the app answers a read; for all else it comes first.
///
/// # Errors
/// `audit-unavailable`: then nothing passes.
pub(super) async fn record(permitted: Permitted, gate: &Gate, arrival: &Arrival) -> Result<Recorded, Refusal> {
    let told = told(&permitted.entry, &permitted.routed, arrival).ok_or(Code::AuditUnavailable)?;
    let event = AccessEvent {
        at: arrival.now,
        kind: Kind::AccessPermitted,
        told: &told,
        decision: Some(decided(permitted.permit.decision())),
        response: None,
    };
    let appended = gate.journal.append(&event).await.map_err(unavailable)?;
    if strongest(&permitted.routed) == Effect::Read {
        return Ok(Recorded { permitted, told, pending: Some(appended) });
    }
    appended.durable().await.map_err(unavailable)?;
    Ok(Recorded { permitted, told, pending: None })
}

/// The refusal when the trail cannot be written.
pub(super) fn unavailable(_: Unavailable) -> Refusal {
    Code::AuditUnavailable.into()
}

/// What the trail says of a refusal; nothing when it cannot be written down.
pub(super) fn refused(
    entry: &Entry,
    routed: &Routed,
    arrival: &Arrival,
    refusal: &Refusal,
    decision: Option<&DecisionRecord>,
) -> Option<Draft> {
    let undecided =
        AccessDecision { allow: false, code: Some(refusal.code.as_str()), policies: &[], bundle: "", facts: "{}" };
    let decision = Some(decision.map_or(undecided, decided));
    let told = told(entry, routed, arrival)?;
    let event = AccessEvent { at: arrival.now, kind: Kind::AccessRefused, told: &told, decision, response: None };
    written_out(Draft::try_from(&event))
}

/// Who asks for what; nothing when it cannot be written down.
fn told(entry: &Entry, routed: &Routed, arrival: &Arrival) -> Option<Told> {
    let session = &entry.session;
    let (grant, emergency) = match &entry.basis {
        Basis::Grant(grant) => (Some(&grant.id), None),
        Basis::Emergency(emergency) => (None, Some(&emergency.id)),
    };
    written_out(Told::new(&AccessBy {
        workspace: &session.workspace,
        engineer: &session.engineer,
        subject: &session.subject,
        session: &session.id,
        grant,
        emergency,
        reason: &session.reason,
        ticket: session.ticket.as_deref(),
        request: request(routed, arrival),
    }))
}

fn written_out<T>(written: serde_json::Result<T>) -> Option<T> {
    written.inspect_err(|error| tracing::error!(%error, "what happened cannot be written as JSON")).ok()
}

fn request<'a>(routed: &'a Routed, arrival: &'a Arrival) -> AccessRequest<'a> {
    let request = &routed.request;
    let user_agent = request.headers.iter().find(|(name, _)| *name == USER_AGENT);
    AccessRequest {
        id: &arrival.id,
        method: request.method.as_str(),
        host: &request.host,
        path: &request.path.sent,
        effect: strongest(routed),
        labels: &routed.reading.labels,
        ip: request.peer,
        user_agent: user_agent.and_then(|(_, value)| value.to_str().ok()).map(shortened),
    }
}

/// The strongest effect over all readings: what must be on disk first is judged by the worst that could be meant.
pub(super) fn strongest(routed: &Routed) -> Effect {
    routed.readings().map(|reading| reading.effect).max().unwrap_or(routed.reading.effect)
}

fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST && !text.contains(char::is_control) {
        return text.into();
    }
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>().into()
}

fn decided(decision: &DecisionRecord) -> AccessDecision<'_> {
    let DecisionRecord { allow, code, policies, bundle, facts } = decision;
    AccessDecision { allow: *allow, code: code.as_deref(), policies, bundle, facts }
}
