//! What an engineer is told of a request of their own: what was decided and why, and nothing of the facts behind it.
use crate::domain::id::{RequestId, SessionId, WorkspaceId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::problem::meaning;

use super::recorded::{explained, find};
use super::{Explained, Sources};
use crate::access::permission::engineer;
use crate::access::{AccessError, Actor};

/// A request of an engineer's own, and what became of it.
#[derive(Debug, Clone)]
pub struct Own {
    /// When it was made.
    pub at: Timestamp,
    /// Where.
    pub workspace: Option<WorkspaceId>,
    /// In which session.
    pub session: Option<SessionId>,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Why it was refused; none: it was permitted.
    pub refused: Option<Why>,
}

/// Why a request was refused.
#[derive(Debug, Clone)]
pub struct Why {
    /// The stable word.
    pub code: Code,
    /// What was wrong, in a sentence without a capital or a period.
    pub reason: String,
    /// What to do next.
    pub next: String,
    /// The other causes that applied.
    pub also: Vec<String>,
    /// The policies that decided then; empty when none was asked.
    pub policies: Vec<String>,
}

/// Tells an engineer why a request of their own was refused.
///
/// # Errors
/// `not-found` for a request that the trail does not tell of, and for anybody else's; `policy-denied` for others than
/// engineers; `audit-unavailable` when the trail cannot be read.
pub async fn explain_own(actor: &Actor, sources: Sources<'_>, id: &RequestId) -> Result<Own, AccessError> {
    let who = &engineer(actor)?.engineer.id;
    let found = find(sources, id).await?.filter(|found| found.engineer.as_ref() == Some(who)).ok_or_else(unknown)?;
    let (method, path) = (found.request.method.clone(), found.request.path.clone());
    let (at, workspace, session) = (found.at, found.workspace.clone(), found.session.clone());
    let refused = if found.decision.allow { None } else { Some(why(explained(sources, found)?)) };
    Ok(Own { at, workspace, session, method, path, refused })
}

/// Why it was refused then. What the policies of now say stands for it only if they decide the same.
fn why(explained: Explained) -> Why {
    let Explained { recorded, explanation, .. } = explained;
    let same = recorded.as_ref().is_some_and(|recorded| recorded.same_decision == Some(true));
    let (word, policies) = recorded.map(|recorded| (recorded.code, recorded.policies)).unwrap_or_default();
    let code = word.as_deref().map_or(Code::PolicyDenied, Code::from_word);
    let usual = meaning(&code);
    let (reason, next, also) =
        if same { (explanation.reason, explanation.next, explanation.also) } else { Default::default() };
    Why {
        reason: if reason.is_empty() { usual.reason.to_owned() } else { reason },
        next: next.unwrap_or_else(|| usual.next.to_owned()),
        code,
        also,
        policies,
    }
}

fn unknown() -> Refusal {
    Refusal::because(Code::NotFound, "the trail tells of no such request of yours").next(
        "check the id; what was refused before your session was known stands in the log alone: ask the platform team",
    )
}
