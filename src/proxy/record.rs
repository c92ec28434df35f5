//! No access without a durable record: what passes is in the trail before it passes.
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::audit::{Appended, Decision, Event, Kind, RequestFacts, Unavailable};
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
const USER_AGENT: usize = 200;

/// A request whose permit is in the trail.
pub(super) struct Recorded {
    pub(super) permitted: Permitted,
    /// The record that must be on disk before any byte of the answer leaves; none: it is there already.
    pub(super) pending: Option<Appended>,
}

/// Records the permit. The disk may be waited for while the app answers a read; for all else it comes first.
///
/// # Errors
/// `audit-unavailable`: then nothing passes.
pub(super) async fn record(permitted: Permitted, gate: &Gate, arrival: &Arrival) -> Result<Recorded, Refusal> {
    let decision = permitted.permit.decision().clone();
    let mut event = event(Kind::AccessPermitted, &permitted.entry, &permitted.routed, arrival);
    event.decision = Some(recorded(decision)?);
    let appended = gate.journal.append(event).await.map_err(unavailable)?;
    if strongest(&permitted.routed) == Effect::Read {
        return Ok(Recorded { permitted, pending: Some(appended) });
    }
    appended.durable().await.map_err(unavailable)?;
    Ok(Recorded { permitted, pending: None })
}

/// The refusal when the trail cannot be written.
pub(super) fn unavailable(_: Unavailable) -> Refusal {
    Code::AuditUnavailable.into()
}

/// The event of a refusal.
pub(super) fn refused(
    entry: &Entry,
    routed: &Routed,
    arrival: &Arrival,
    refusal: &Refusal,
    decision: Option<DecisionRecord>,
) -> Event {
    let mut event = event(Kind::AccessRefused, entry, routed, arrival);
    let decision = decision.unwrap_or_else(|| DecisionRecord {
        allow: false,
        code: Some(refusal.code.to_string()),
        policies: [].into(),
        bundle: Arc::from(""),
        facts: "{}".to_owned(),
    });
    event.decision = recorded(decision).ok();
    event
}

/// What every event of a request says.
pub(super) fn event(kind: Kind, entry: &Entry, routed: &Routed, arrival: &Arrival) -> Event {
    let session = &entry.session;
    let mut event = Event::new(arrival.now, kind);
    event.workspace = Some(session.workspace.clone());
    event.engineer = Some(session.engineer.clone());
    event.subject = Some(session.subject.clone());
    event.session = Some(session.id.clone());
    match &entry.basis {
        Basis::Grant(grant) => event.grant = Some(grant.id.clone()),
        Basis::Emergency(emergency) => event.emergency = Some(emergency.id.clone()),
    }
    event.reason = Some(session.reason.clone());
    event.ticket.clone_from(&session.ticket);
    event.request = Some(facts(routed, arrival));
    event
}

fn facts(routed: &Routed, arrival: &Arrival) -> RequestFacts {
    let request = &routed.request;
    let user_agent = request.headers.iter().find(|(name, _)| name == http::header::USER_AGENT);
    RequestFacts {
        id: arrival.id.clone(),
        method: request.method.to_string(),
        host: request.host.clone(),
        path: request.path.sent.clone(),
        effect: strongest(routed).to_string(),
        labels: routed.reading.labels.iter().map(ToString::to_string).collect(),
        ip: request.peer.to_string(),
        user_agent: user_agent.and_then(|(_, value)| value.to_str().ok()).map(shortened),
    }
}

/// The strongest effect over all readings: what must be on disk first is judged by the worst that could be meant.
pub(super) fn strongest(routed: &Routed) -> Effect {
    routed.readings().map(|reading| reading.effect).max().unwrap_or(routed.reading.effect)
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect()
}

fn recorded(decision: DecisionRecord) -> Result<Decision, Refusal> {
    let DecisionRecord { allow, code, policies, bundle, facts } = decision;
    let facts = RawValue::from_string(facts).map_err(|_| Refusal::from(Code::Internal))?;
    Ok(Decision { allow, code, policies, bundle, facts })
}
