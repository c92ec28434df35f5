//! Why a request passes or not: one that is described, by the state of now; or one of the trail, by its facts of then.
//!
//! * `described`: the request is read and decided as the proxy does it, and a session begins as `sessions` has it.
//! * `recorded`: what the trail says of it, and what the policies of now say to the same facts.
//! * `own`: what of that an engineer is told of a request of their own.
mod described;
mod own;
mod recorded;

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::Config;
use crate::domain::id::{EmergencyId, EngineerId, GrantId, MemberId, RequestId, SessionId, WorkspaceId};
use crate::domain::time::Timestamp;
use crate::policy::{Answer, Bundle, Explanation};
use crate::store::Store;

use super::actor::Scope;
use super::permission::scoped;
use super::{AccessError, Actor};

pub use own::{Own, explain_own};

/// What is to be explained.
#[derive(Debug, Clone)]
pub enum Question {
    /// A request that somebody describes.
    Described(Described),
    /// A request of the trail.
    Recorded(RequestId),
}

/// A request, described.
#[derive(Debug, Clone)]
pub struct Described {
    /// Who asks.
    pub engineer: EngineerId,
    /// Where.
    pub workspace: WorkspaceId,
    /// As whom; none: whoever granted.
    pub subject: Option<MemberId>,
    /// The method.
    pub method: String,
    /// The path, as a browser would send it, or a whole URL.
    pub path: String,
    /// When; none: now.
    pub at: Option<Timestamp>,
}

/// The explanation of one request.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explained {
    /// Who asks.
    pub engineer: Option<EngineerId>,
    /// Where.
    pub workspace: Option<WorkspaceId>,
    /// When.
    pub at: Timestamp,
    /// The session that the request belongs to; none: it would have to begin first.
    pub session: Option<SessionId>,
    /// The grant that it stands on; none: there is none to stand on.
    pub grant: Option<GrantId>,
    /// The emergency that it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyId>,
    /// How session and grant were chosen, and what else is worth knowing.
    pub notes: Vec<String>,
    /// What the trail says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Recorded>,
    /// What is decided, and why.
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// What the trail says of a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recorded {
    /// Its id.
    pub request_id: RequestId,
    /// Its method.
    pub method: String,
    /// Its canonical path.
    pub path: String,
    /// What was decided then.
    pub decision: Answer,
    /// The code of a refusal.
    pub code: Option<String>,
    /// The policies that decided then.
    pub policies: Vec<String>,
    /// The digest of the policies of then; empty when none was asked.
    pub bundle: String,
    /// Whether the policies of now are the same; none when no policy was asked.
    pub same_bundle: Option<bool>,
    /// Whether they decide the same now, on the facts of then; none when no policy was asked.
    pub same_decision: Option<bool>,
}

/// What is needed to explain.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Where state is kept.
    pub store: &'a Store,
    /// The policies of now.
    pub bundle: &'a Bundle,
    /// Routes, limits, and where the trail is.
    pub config: &'a Config,
    /// The time.
    pub now: Timestamp,
}

/// Explains, for an operator's key.
///
/// # Errors
/// As [`explain`]; `policy-denied` for anybody else.
pub async fn explain_to(actor: &Actor, sources: Sources<'_>, question: Question) -> Result<Explained, AccessError> {
    scoped(actor, &[Scope::Operator])?;
    explain(sources, question).await
}

/// Explains.
///
/// # Errors
/// `not-found` for an engineer, workspace, member or request that nobody knows; `bad-request` for what is no request.
pub async fn explain(sources: Sources<'_>, question: Question) -> Result<Explained, AccessError> {
    match question {
        Question::Described(described) => described::explain(sources, described).await,
        Question::Recorded(id) => recorded::explain(sources, &id).await,
    }
}
