//! A request of the trail: what was decided then, and what the policies of now say to the same facts.
use std::io;

use crate::audit::{self, Decided};
use crate::domain::id::RequestId;
use crate::domain::refusal::{Code, Refusal};
use crate::policy::{Answer, BadFacts, Explanation, Situation, explain as by_policy};

use super::{Explained, Recorded, Sources};
use crate::access::AccessError;

/// Explains it.
pub(super) async fn explain(sources: Sources<'_>, id: &RequestId) -> Result<Explained, AccessError> {
    let found = find(sources, id).await?.ok_or_else(|| unknown(id))?;
    explained(sources, found)
}

/// What the trail says of it; none when it says nothing.
pub(super) async fn find(sources: Sources<'_>, id: &RequestId) -> Result<Option<Decided>, AccessError> {
    let (dir, wanted) = (sources.config.audit.dir.clone(), id.clone());
    let found = tokio::task::spawn_blocking(move || audit::decided(&dir, &wanted)).await;
    Ok(found.map_err(io::Error::other).and_then(|found| found).map_err(|error| unreadable(&error))?)
}

/// The explanation of what was found.
pub(super) fn explained(sources: Sources<'_>, found: Decided) -> Result<Explained, AccessError> {
    let recorded = &found.decision;
    let answered = match Situation::recorded(recorded.facts.get()) {
        Ok(situation) => Some(by_policy(sources.bundle, &[situation]).map_err(|error| broken(&error))?),
        Err(BadFacts::NotAsked) => None,
        Err(error @ (BadFacts::Nothing | BadFacts::Malformed(_))) => return Err(broken(&error).into()),
    };
    let same = |now: &Explanation| (now.decision == Answer::Allow) == recorded.allow && now.code == recorded.code;
    let same_decision = answered.as_ref().map(same);
    let same_bundle = answered.as_ref().map(|now| now.bundle == *recorded.bundle);
    let code = recorded.code.as_deref().map_or(Code::PolicyDenied, Code::from_word);
    let explanation = answered.unwrap_or_else(|| Explanation::refused(sources.bundle, &Refusal::from(code)));
    Ok(Explained {
        notes: notes(same_bundle, same_decision),
        recorded: Some(shown(&found, same_bundle, same_decision)),
        engineer: found.engineer,
        workspace: found.workspace,
        at: found.at,
        session: found.session,
        grant: found.grant,
        emergency: found.emergency,
        explanation,
    })
}

fn notes(same_bundle: Option<bool>, same_decision: Option<bool>) -> Vec<String> {
    let note = match (same_bundle, same_decision) {
        (None, _) | (_, None) => "it was refused before any policy was asked",
        (Some(true), Some(true)) => "the policies are those of then, and decide the same on the facts of then",
        (Some(false), Some(true)) => "the policies have changed since, and decide the same on the facts of then",
        (Some(false), Some(false)) => "the policies have changed since, and decide otherwise on the facts of then",
        (Some(true), Some(false)) => "the policies are those of then and decide otherwise: report this as a fault",
    };
    vec![note.to_owned()]
}

fn shown(found: &Decided, same_bundle: Option<bool>, same_decision: Option<bool>) -> Recorded {
    let decision = &found.decision;
    Recorded {
        request_id: found.request.id.clone(),
        method: found.request.method.clone(),
        path: found.request.path.clone(),
        decision: if decision.allow { Answer::Allow } else { Answer::Deny },
        code: decision.code.clone(),
        policies: decision.policies.iter().map(ToString::to_string).collect(),
        bundle: decision.bundle.to_string(),
        same_bundle,
        same_decision,
    }
}

fn unknown(id: &RequestId) -> Refusal {
    Refusal::because(Code::NotFound, format!("the trail tells of no request `{id}`")).next(
        "check the id; what was refused before its session was known, and calls of the API, stand in the log alone: \
         describe the request instead",
    )
}

fn unreadable(error: &io::Error) -> Refusal {
    tracing::error!(%error, "the trail cannot be read");
    Refusal::because(Code::AuditUnavailable, "the trail cannot be read").next("look at `audit.dir`, and try again")
}

fn broken(error: &BadFacts) -> Refusal {
    Refusal::because(Code::Internal, error.to_string())
}
