//! An event, written out but for its place in the trail. Whoever appends it does that, not the one thread that writes.
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use crate::domain::effect::Effect;
use crate::domain::id::{
    CaseId, EmergencyId, EngineerId, EventId, GrantId, MemberId, RequestId, SessionId, WorkspaceId,
};
use crate::domain::time::Timestamp;

use super::event::{Event, RequestFacts, Response};
use super::index::Tags;
use super::kind::Kind;

/// An event that is ready to be appended.
#[derive(Debug)]
pub struct Draft {
    pub(super) at: Timestamp,
    pub(super) event_id: EventId,
    pub(super) kind: Kind,
    pub(super) workspace: Option<WorkspaceId>,
    pub(super) tags: Tags,
    /// The members from `event_id` to `response`, with a comma before each.
    pub(super) members: Vec<u8>,
}

/// One record of a request in a session. It borrows what it tells.
#[derive(Debug)]
pub struct AccessEvent<'a> {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: Kind,
    /// Who asked for what.
    pub told: &'a Told,
    /// The decision, if this event tells it.
    pub decision: Option<AccessDecision<'a>>,
    /// The answer.
    pub response: Option<Response>,
}

/// Who asked for what: the part that all records of one request have in common, written out once.
#[derive(Debug)]
pub struct Told {
    workspace: WorkspaceId,
    tags: Tags,
    /// The members from `workspace` to `request`, with a comma before each.
    members: Vec<u8>,
}

/// Who asks, where and why.
#[derive(Debug, Serialize)]
pub struct AccessBy<'a> {
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
}

/// A request, as far as the trail tells: [`super::RequestFacts`], borrowed.
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

/// A decision: [`super::Decision`], borrowed.
#[derive(Debug)]
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
    pub facts: &'a str,
}

/// Which event a line tells of.
#[derive(Serialize)]
struct Which<'a> {
    event_id: &'a EventId,
    kind: Kind,
}

/// The members between `kind` and `decision`, in their order (contract, section 7), of any event.
#[derive(Serialize)]
struct By<'a> {
    workspace: Option<&'a WorkspaceId>,
    engineer: Option<&'a EngineerId>,
    subject: Option<&'a MemberId>,
    session: Option<&'a SessionId>,
    grant: Option<&'a GrantId>,
    emergency: Option<&'a EmergencyId>,
    reason: Option<&'a str>,
    ticket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<&'a CaseId>,
    request: Option<&'a RequestFacts>,
}

/// A decision but for its facts, which are JSON already and come last.
#[derive(Serialize)]
struct Verdict<'a> {
    allow: bool,
    code: Option<&'a str>,
    policies: &'a [Arc<str>],
    bundle: &'a str,
}

impl Told {
    /// Writes it out.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn new(by: &AccessBy<'_>) -> serde_json::Result<Self> {
        let mut members = Vec::with_capacity(1024);
        list(&mut members, by)?;
        let tags = Tags::of(Some(by.session.as_str()), Some(by.engineer.as_str()));
        Ok(Self { workspace: by.workspace.clone(), tags, members })
    }
}

/// Writes what was decided and answered, after all other members.
fn outcome(
    out: &mut Vec<u8>,
    decision: Option<&AccessDecision<'_>>,
    response: Option<&Response>,
) -> serde_json::Result<()> {
    out.extend_from_slice(br#","decision":"#);
    match decision {
        Some(AccessDecision { allow, code, policies, bundle, facts }) => {
            open(out, &Verdict { allow: *allow, code: *code, policies, bundle })?;
            out.extend_from_slice(br#","facts":"#);
            out.extend_from_slice(facts.as_bytes());
            out.push(b'}');
        }
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(br#","response":"#);
    serde_json::to_writer(&mut *out, &response)?;
    // Facts are copied as they came, perhaps over several lines; in JSON a raw line break is always mere space.
    if out.contains(&b'\n') || out.contains(&b'\r') {
        out.iter_mut().filter(|byte| matches!(**byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    }
    Ok(())
}

/// Writes an object that goes on: without the brace at its end.
fn open(out: &mut Vec<u8>, object: &impl Serialize) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *out, object)?;
    out.pop();
    Ok(())
}

/// Writes the members of an object that is open already, with a comma before each.
fn list(out: &mut Vec<u8>, object: &impl Serialize) -> serde_json::Result<()> {
    let start = out.len();
    open(out, object)?;
    if let Some(brace) = out.get_mut(start) {
        *brace = b',';
    }
    Ok(())
}

impl TryFrom<&AccessEvent<'_>> for Draft {
    type Error = serde_json::Error;
    fn try_from(event: &AccessEvent<'_>) -> serde_json::Result<Self> {
        let AccessEvent { at, kind, told, decision, response } = event;
        let event_id = EventId::mint(*at);
        let facts = decision.as_ref().map_or(0, |decision| decision.facts.len());
        let mut members = Vec::with_capacity(told.members.len() + facts + 512);
        list(&mut members, &Which { event_id: &event_id, kind: *kind })?;
        members.extend_from_slice(&told.members);
        outcome(&mut members, decision.as_ref(), response.as_ref())?;
        let workspace = Some(told.workspace.clone());
        Ok(Self { at: *at, event_id, kind: *kind, workspace, tags: told.tags, members })
    }
}

impl TryFrom<Event> for Draft {
    type Error = serde_json::Error;
    fn try_from(event: Event) -> serde_json::Result<Self> {
        let mut members = Vec::with_capacity(2048);
        list(&mut members, &Which { event_id: &event.event_id, kind: event.kind })?;
        let by = By {
            workspace: event.workspace.as_ref(),
            engineer: event.engineer.as_ref(),
            subject: event.subject.as_ref(),
            session: event.session.as_ref(),
            grant: event.grant.as_ref(),
            emergency: event.emergency.as_ref(),
            reason: event.reason.as_deref(),
            ticket: event.ticket.as_deref(),
            case: event.case.as_ref(),
            request: event.request.as_ref(),
        };
        list(&mut members, &by)?;
        let decision = event.decision.as_ref().map(|decision| AccessDecision {
            allow: decision.allow,
            code: decision.code.as_deref(),
            policies: &decision.policies,
            bundle: &decision.bundle,
            facts: decision.facts.get(),
        });
        outcome(&mut members, decision.as_ref(), event.response.as_ref())?;
        let session = event.session.as_ref().map(SessionId::as_str);
        let tags = Tags::of(session, event.engineer.as_ref().map(EngineerId::as_str));
        Ok(Self { at: event.at, event_id: event.event_id, kind: event.kind, workspace: event.workspace, tags, members })
    }
}
