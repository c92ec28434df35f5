//! What is recorded. Query strings, bodies, cookies and tokens never are.
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::id::{
    CaseId, EmergencyId, EngineerId, EventId, GrantId, MemberId, RequestId, SessionId, WorkspaceId,
};
use crate::domain::time::Timestamp;

use super::kind::Kind;

/// A request, as far as the trail tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RequestFacts {
    /// Its id.
    pub id: RequestId,
    /// Its method.
    pub method: String,
    /// Its host.
    pub host: String,
    /// Its canonical path, byte for byte as sent upstream, without query.
    pub path: String,
    /// What it does.
    pub effect: String,
    /// The path's names.
    pub labels: Vec<String>,
    /// The client's address.
    pub ip: String,
    /// The client's `User-Agent`, at most 200 characters, without control characters.
    pub user_agent: Option<String>,
}

/// A decision.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decision {
    /// Whether it was permitted.
    pub allow: bool,
    /// The leading code of a refusal.
    pub code: Option<String>,
    /// The ids of the policies that decided.
    pub policies: Arc<[Arc<str>]>,
    /// The bundle's digest.
    pub bundle: Arc<str>,
    /// The facts, as one JSON object.
    pub facts: Box<RawValue>,
}

/// How an exchange came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The whole answer was sent.
    Complete,
    /// Cut by us: the access lapsed.
    Cut,
    /// The client went away.
    ClientGone,
    /// The app failed.
    UpstreamFailed,
}

impl Outcome {
    /// The word in the trail and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Cut => "cut",
            Self::ClientGone => "client_gone",
            Self::UpstreamFailed => "upstream_failed",
        }
    }
}

/// An answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Response {
    /// Its status; 0 when there was none.
    pub status: u16,
    /// Body bytes from the client.
    pub bytes_in: u64,
    /// Body bytes to the client.
    pub bytes_out: u64,
    /// From the request's arrival to the end.
    pub duration_us: u64,
    /// How it came to its end.
    pub outcome: Outcome,
}

/// One event, before the journal gives it its place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Its id.
    pub event_id: EventId,
    /// What happened.
    pub kind: Kind,
    /// Where.
    pub workspace: Option<WorkspaceId>,
    /// Who.
    pub engineer: Option<EngineerId>,
    /// As whom, or which member did it.
    pub subject: Option<MemberId>,
    /// In which session.
    pub session: Option<SessionId>,
    /// On which grant.
    pub grant: Option<GrantId>,
    /// In which emergency.
    pub emergency: Option<EmergencyId>,
    /// Why, in the engineer's words.
    pub reason: Option<String>,
    /// The case in the vendor's help desk.
    pub ticket: Option<String>,
    /// The access request or support request that it is about; written down only where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The request.
    pub request: Option<RequestFacts>,
    /// The decision.
    pub decision: Option<Decision>,
    /// The answer.
    pub response: Option<Response>,
}

impl Event {
    /// An event with nothing but its time, id and kind.
    #[must_use]
    pub fn new(at: Timestamp, kind: Kind) -> Self {
        Self {
            at,
            event_id: EventId::mint(at),
            kind,
            workspace: None,
            engineer: None,
            subject: None,
            session: None,
            grant: None,
            emergency: None,
            reason: None,
            ticket: None,
            case: None,
            request: None,
            decision: None,
            response: None,
        }
    }
}
