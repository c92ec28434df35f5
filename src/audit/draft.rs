//! An event, written out but for its place in the trail. Whoever appends it does that, not the one thread that writes.
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::effect::Effect;
use crate::domain::id::{EmergencyId, EngineerId, EventId, GrantId, MemberId, RequestId, SessionId, WorkspaceId};
use crate::domain::time::Timestamp;

use super::event::{Decision, Event, Kind, RequestFacts, Response};

/// An event that is ready to be appended.
#[derive(Debug)]
pub struct Draft {
    pub(super) at: Timestamp,
    pub(super) event_id: EventId,
    pub(super) kind: Kind,
    pub(super) workspace: Option<WorkspaceId>,
    /// The members from `event_id` to `response`, without braces.
    pub(super) members: Vec<u8>,
}

/// What is recorded of a request in a session. It borrows what it tells.
#[derive(Debug)]
pub struct AccessEvent<'a> {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: Kind,
    /// Where.
    pub workspace: &'a WorkspaceId,
    /// Who.
    pub engineer: &'a EngineerId,
    /// As whom.
    pub subject: &'a MemberId,
    /// In which session.
    pub session: &'a SessionId,
    /// On which grant.
    pub grant: Option<&'a GrantId>,
    /// In which emergency.
    pub emergency: Option<&'a EmergencyId>,
    /// Why, in the engineer's words.
    pub reason: &'a str,
    /// The case.
    pub ticket: Option<&'a str>,
    /// The request.
    pub request: AccessRequest<'a>,
    /// The decision, if this event tells it.
    pub decision: Option<AccessDecision<'a>>,
    /// The answer.
    pub response: Option<Response>,
}

/// A request, as far as the trail tells: [`RequestFacts`], borrowed.
#[derive(Debug, Serialize)]
pub struct AccessRequest<'a> {
    /// Its id.
    pub id: &'a RequestId,
    /// Its method.
    pub method: &'a str,
    /// Its host.
    pub host: &'a str,
    /// Its canonical path, byte for byte as sent upstream, without query.
    pub path: &'a str,
    /// What it does.
    pub effect: Effect,
    /// The path's names.
    pub labels: &'a BTreeSet<Arc<str>>,
    /// The client's address.
    pub ip: IpAddr,
    /// The client's `User-Agent`, shortened, without control characters.
    pub user_agent: Option<Cow<'a, str>>,
}

/// A decision: [`Decision`], borrowed.
#[derive(Debug, Serialize)]
pub struct AccessDecision<'a> {
    /// Whether it was permitted.
    pub allow: bool,
    /// The leading code of a refusal.
    pub code: Option<&'a str>,
    /// The ids of the policies that decided.
    pub policies: &'a [Arc<str>],
    /// The bundle's digest.
    pub bundle: &'a str,
    /// The facts: one JSON object.
    #[serde(serialize_with = "as_it_is")]
    pub facts: &'a str,
}

/// JSON within JSON, checked to be such.
fn as_it_is<S: Serializer>(json: &str, to: S) -> Result<S::Ok, S::Error> {
    let json: &RawValue = serde_json::from_str(json).map_err(serde::ser::Error::custom)?;
    json.serialize(to)
}

/// The members of a line between `node` and `workspace_seq`, in their order (contract, section 7).
#[derive(Serialize)]
struct Members<'a, R, D> {
    event_id: &'a EventId,
    kind: Kind,
    workspace: Option<&'a WorkspaceId>,
    engineer: Option<&'a EngineerId>,
    subject: Option<&'a MemberId>,
    session: Option<&'a SessionId>,
    grant: Option<&'a GrantId>,
    emergency: Option<&'a EmergencyId>,
    reason: Option<&'a str>,
    ticket: Option<&'a str>,
    request: Option<R>,
    decision: Option<D>,
    response: Option<&'a Response>,
}

impl<R: Serialize, D: Serialize> Members<'_, R, D> {
    fn write(&self) -> serde_json::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(2048);
        serde_json::to_writer(&mut out, self)?;
        // Facts are copied as they came, perhaps over several lines; in JSON a raw line break is always mere space.
        for byte in out.iter_mut().filter(|byte| matches!(**byte, b'\n' | b'\r')) {
            *byte = b' ';
        }
        out.pop();
        out.drain(..1);
        Ok(out)
    }
}

impl TryFrom<&AccessEvent<'_>> for Draft {
    type Error = serde_json::Error;
    fn try_from(event: &AccessEvent<'_>) -> serde_json::Result<Self> {
        let event_id = EventId::mint(event.at);
        let members = Members {
            event_id: &event_id,
            kind: event.kind,
            workspace: Some(event.workspace),
            engineer: Some(event.engineer),
            subject: Some(event.subject),
            session: Some(event.session),
            grant: event.grant,
            emergency: event.emergency,
            reason: Some(event.reason),
            ticket: event.ticket,
            request: Some(&event.request),
            decision: event.decision.as_ref(),
            response: event.response.as_ref(),
        };
        let members = members.write()?;
        let workspace = Some(event.workspace.clone());
        Ok(Self { at: event.at, event_id, kind: event.kind, workspace, members })
    }
}

impl TryFrom<Event> for Draft {
    type Error = serde_json::Error;
    fn try_from(event: Event) -> serde_json::Result<Self> {
        let members: Members<'_, &RequestFacts, &Decision> = Members {
            event_id: &event.event_id,
            kind: event.kind,
            workspace: event.workspace.as_ref(),
            engineer: event.engineer.as_ref(),
            subject: event.subject.as_ref(),
            session: event.session.as_ref(),
            grant: event.grant.as_ref(),
            emergency: event.emergency.as_ref(),
            reason: event.reason.as_deref(),
            ticket: event.ticket.as_deref(),
            request: event.request.as_ref(),
            decision: event.decision.as_ref(),
            response: event.response.as_ref(),
        };
        let members = members.write()?;
        Ok(Self { at: event.at, event_id: event.event_id, kind: event.kind, workspace: event.workspace, members })
    }
}
