//! What is recorded. Query strings, bodies, cookies and tokens never are.
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::id::{
    CaseId, EmergencyId, EngineerId, EventId, GrantId, MemberId, RequestId, SessionId, WorkspaceId,
};
use crate::domain::time::Timestamp;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A member granted access: *Support Access Granted*.
    #[serde(rename = "grant.created")]
    GrantCreated,
    /// A grant's end was moved.
    #[serde(rename = "grant.changed")]
    GrantChanged,
    /// A grant was revoked: *Support Access Revoked*.
    #[serde(rename = "grant.revoked")]
    GrantRevoked,
    /// An engineer asked for access.
    #[serde(rename = "request.created")]
    RequestCreated,
    /// A member approved an access request: a grant came of it.
    #[serde(rename = "request.approved")]
    RequestApproved,
    /// A member declined an access request.
    #[serde(rename = "request.declined")]
    RequestDeclined,
    /// An access request was taken back.
    #[serde(rename = "request.withdrawn")]
    RequestWithdrawn,
    /// Nobody answered an access request in time, or nobody could any more.
    #[serde(rename = "request.lapsed")]
    RequestLapsed,
    /// An engineer entered: *Support Login*.
    #[serde(rename = "session.started")]
    SessionStarted,
    /// A session's end was moved, or its engineer got a new token for it.
    #[serde(rename = "session.renewed")]
    SessionRenewed,
    /// An engineer signed in by browser.
    #[serde(rename = "sign_in.started")]
    SignInStarted,
    /// The identity provider vouched for an engineer again.
    #[serde(rename = "sign_in.verified")]
    SignInVerified,
    /// An engineer signed out, or was signed out.
    #[serde(rename = "sign_in.ended")]
    SignInEnded,
    /// A session ended.
    #[serde(rename = "session.ended")]
    SessionEnded,
    /// A member reported a session that they did not expect.
    #[serde(rename = "session.reported")]
    SessionReported,
    /// An engineer was refused a session.
    #[serde(rename = "session.refused")]
    SessionRefused,
    /// A request passed.
    #[serde(rename = "access.permitted")]
    AccessPermitted,
    /// A request was refused.
    #[serde(rename = "access.refused")]
    AccessRefused,
    /// A permitted request came to its end.
    #[serde(rename = "access.completed")]
    AccessCompleted,
    /// The directory changed a workspace.
    #[serde(rename = "workspace.changed")]
    WorkspaceChanged,
    /// The directory changed a member.
    #[serde(rename = "member.changed")]
    MemberChanged,
    /// The directory changed an engineer.
    #[serde(rename = "engineer.changed")]
    EngineerChanged,
    /// Other policies decide from here on: those on disk were changed.
    #[serde(rename = "policy.reloaded")]
    PolicyReloaded,
    /// An API key was made.
    #[serde(rename = "token.created")]
    TokenCreated,
    /// An API key was revoked.
    #[serde(rename = "token.revoked")]
    TokenRevoked,
}

impl Kind {
    /// Whether this is an event of the control plane: those are recorded once each.
    #[must_use]
    pub const fn is_control(self) -> bool {
        match self {
            Self::AccessPermitted | Self::AccessRefused | Self::AccessCompleted => false,
            Self::GrantCreated
            | Self::GrantChanged
            | Self::GrantRevoked
            | Self::RequestCreated
            | Self::RequestApproved
            | Self::RequestDeclined
            | Self::RequestWithdrawn
            | Self::RequestLapsed
            | Self::SessionStarted
            | Self::SessionRenewed
            | Self::SessionEnded
            | Self::SessionReported
            | Self::SessionRefused
            | Self::SignInStarted
            | Self::SignInVerified
            | Self::SignInEnded
            | Self::WorkspaceChanged
            | Self::MemberChanged
            | Self::EngineerChanged
            | Self::PolicyReloaded
            | Self::TokenCreated
            | Self::TokenRevoked => true,
        }
    }
}

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
