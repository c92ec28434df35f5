//! The one door: asks Cedar, and alone makes a [`Permit`].
use crate::domain::refusal::Refusal;

use super::bundle::Bundle;
use super::control;
use super::prepared::Prepared;
use super::question::{Asked, ControlQuestion, DecisionRecord};
use super::verdict::Verdict;

/// The proof that the policies permit one data-plane request. Nothing is forwarded without it, and only
/// [`decide_access`] makes it.
#[derive(Debug)]
pub struct Permit {
    decision: DecisionRecord,
}

impl Permit {
    /// What was decided, for the trail.
    #[must_use]
    pub fn decision(&self) -> &DecisionRecord {
        &self.decision
    }
}

/// The proof that the policies permit one control-plane action.
#[derive(Debug)]
pub struct Allowed {
    decision: DecisionRecord,
}

impl Allowed {
    /// What was decided, for the trail.
    #[must_use]
    pub fn decision(&self) -> &DecisionRecord {
        &self.decision
    }
}

/// A refusal by policy.
#[derive(Debug)]
pub struct Refused {
    /// For the person.
    pub refusal: Refusal,
    /// For the trail.
    pub decision: DecisionRecord,
}

/// Decides one request of a support session.
///
/// # Errors
/// Refused when a policy forbids it, none permits it, or any policy could not be evaluated (`policy-error`).
pub fn decide_access(bundle: &Bundle, prepared: &Prepared, asked: &Asked<'_>) -> Result<Permit, Box<Refused>> {
    let known = prepared.decisions().recall(bundle, asked);
    let verdict = known.map_or_else(|| ask(bundle, prepared, asked), Verdict::permitted);
    settle(bundle, verdict, prepared.facts(asked)).map(|decision| Permit { decision })
}

/// Asks Cedar, and remembers a yes.
fn ask(bundle: &Bundle, prepared: &Prepared, asked: &Asked<'_>) -> Verdict {
    let question = prepared.in_cedar().and_then(|cedar| Ok((cedar.request(asked)?, cedar)));
    let verdict = match question {
        Ok((request, cedar)) => Verdict::of(bundle, &request, cedar.entities()),
        Err(error) => Verdict::unanswerable(error.to_string()),
    };
    if verdict.refusal.is_none() {
        prepared.decisions().keep(bundle, asked, &verdict.policies);
    }
    verdict
}

/// Decides one action in the control plane.
///
/// # Errors
/// As [`decide_access`].
pub fn decide_control(bundle: &Bundle, question: &ControlQuestion<'_>) -> Result<Allowed, Box<Refused>> {
    let verdict = match control::request(question) {
        Ok((request, entities)) => Verdict::of(bundle, &request, &entities),
        Err(error) => Verdict::unanswerable(error.to_string()),
    };
    settle(bundle, verdict, control::facts(question)).map(|decision| Allowed { decision })
}

/// Writes the decision down, either way.
fn settle(bundle: &Bundle, verdict: Verdict, facts: String) -> Result<DecisionRecord, Box<Refused>> {
    for error in &verdict.errors {
        tracing::error!(bundle = %bundle.id(), %error, "a policy could not be evaluated, so the answer is no");
    }
    let decision = DecisionRecord {
        allow: verdict.refusal.is_none(),
        code: verdict.refusal.as_ref().map(|refusal| refusal.code.to_string()),
        policies: verdict.policies,
        bundle: bundle.id().clone(),
        facts: with_errors(facts, &verdict.errors),
    };
    match verdict.refusal {
        None => Ok(decision),
        Some(refusal) => Err(Box::new(Refused { refusal, decision })),
    }
}

/// Adds what failed to the recorded facts, so that a `policy-error` can be understood from the trail alone.
fn with_errors(mut facts: String, errors: &[String]) -> String {
    if !errors.is_empty() && facts.pop().is_some() {
        facts.push_str(",\"errors\":");
        facts.push_str(&serde_json::json!(errors).to_string());
        facts.push('}');
    }
    facts
}

#[cfg(test)]
mod tests;
