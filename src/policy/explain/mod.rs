//! `policy explain`: what was decided, by which policies, on which facts, and the smallest change that would permit it.
//!
//! Nothing is decided here: every answer comes through the doors of `decide`, for the facts as they are and for facts as
//! they might be.
//!
//! * `situation`: facts as the trail keeps them, or as a case of `policy test`, ready to be decided again.
//! * `change`: what might be otherwise, in plain words. `search`: the smallest set of changes that permits.
//! * `text`: the explanation for people.
mod change;
mod search;
mod situation;
#[cfg(test)]
mod tests;
mod text;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::refusal::{Code, Refusal};
use crate::problem::meaning;

use super::bundle::{Bundle, Rule};
use super::question::DecisionRecord;
use super::scenario::Decided;

pub use situation::{BadFacts, Situation};

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Permitted.
    Allow,
    /// Refused.
    Deny,
}

impl Answer {
    const fn of(decided: &Decided) -> Self {
        if decided.is_ok() { Self::Allow } else { Self::Deny }
    }
}

/// What kind of answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Ground {
    /// A policy permits it, and none forbids it.
    #[serde(rename = "permitted")]
    Permitted,
    /// A policy forbids it, whatever else permits.
    #[serde(rename = "forbidden")]
    Forbidden,
    /// No policy forbids it, and none permits it either.
    #[serde(rename = "not permitted")]
    NotPermitted,
    /// A policy could not be evaluated, so nothing passes.
    #[serde(rename = "not evaluated")]
    NotEvaluated,
    /// It was refused before any policy was asked.
    #[serde(rename = "not asked")]
    NotAsked,
}

/// One policy that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Said {
    /// Its `@id`.
    pub id: String,
    /// `permit` or `forbid`; none for a policy that the bundle no longer has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// File and line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// `permits`, `forbids` or `failed`.
    pub verdict: String,
}

/// One reading of the request: a request passes only when each is permitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadingSaid {
    /// The path, decoded.
    pub path: String,
    /// What the request does, read so.
    pub effect: String,
    /// The path's names, read so.
    pub labels: Vec<String>,
    /// What the policies say to it.
    pub decision: Answer,
    /// The code of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Explanation {
    /// Yes or no.
    pub decision: Answer,
    /// The leading code of a refusal.
    pub code: Option<String>,
    /// Why.
    pub reason: String,
    /// What to do next.
    pub next: Option<String>,
    /// The other causes that applied.
    pub also: Vec<String>,
    /// What kind of answer it is.
    pub forbidden_or_not_permitted: Ground,
    /// The policies that decided.
    pub policies: Vec<Said>,
    /// The smallest changes that would permit it: each list is one way, all of it together. Empty: nothing that is tried
    /// would, or it is permitted already.
    pub would_permit: Vec<Vec<String>>,
    /// Every reading of the request; empty for an act that is no request.
    pub readings: Vec<ReadingSaid>,
    /// The facts that decided.
    #[schema(value_type = Object)]
    pub facts: Value,
    /// The digest of the policies that were asked.
    pub bundle: String,
}

impl Explanation {
    /// The explanation of a refusal that no policy was asked about.
    #[must_use]
    pub fn refused(bundle: &Bundle, refusal: &Refusal) -> Self {
        Self {
            decision: Answer::Deny,
            code: Some(refusal.code.to_string()),
            reason: reason(refusal),
            next: Some(next(refusal)),
            also: refusal.also.iter().map(ToString::to_string).collect(),
            forbidden_or_not_permitted: Ground::NotAsked,
            policies: Vec::new(),
            would_permit: Vec::new(),
            readings: Vec::new(),
            facts: Value::Object(serde_json::Map::new()),
            bundle: bundle.id().to_string(),
        }
    }
}

/// Explains what `bundle` says to a request in all its `readings`, the canonical one first, or to one act.
///
/// # Errors
/// When the facts make no question: what is missing.
pub fn explain(bundle: &Bundle, readings: &[Situation]) -> Result<Explanation, BadFacts> {
    let decided: Vec<Decided> = readings.iter().map(|reading| reading.decide(bundle)).collect::<Result<_, _>>()?;
    let leading = decided.iter().find(|decided| decided.is_err()).or(decided.first()).ok_or(BadFacts::Nothing)?;
    let said = readings.iter().zip(&decided).filter_map(|(reading, decided)| reading.said(decided));
    let mut explanation = match leading {
        Ok(decision) => permitted(bundle, decision),
        Err(refused) => denied(bundle, &refused.refusal, &refused.decision),
    };
    explanation.readings = said.collect();
    let searched = match explanation.forbidden_or_not_permitted {
        Ground::Forbidden | Ground::NotPermitted => true,
        // Whatever is changed, a policy that fails may fail again.
        Ground::Permitted | Ground::NotEvaluated | Ground::NotAsked => false,
    };
    if searched {
        explanation.would_permit = search::smallest(bundle, readings);
    }
    Ok(explanation)
}

fn permitted(bundle: &Bundle, decision: &DecisionRecord) -> Explanation {
    Explanation {
        decision: Answer::Allow,
        code: None,
        reason: "a policy permits it, and none forbids it".to_owned(),
        next: None,
        also: Vec::new(),
        forbidden_or_not_permitted: Ground::Permitted,
        policies: said(bundle, decision),
        would_permit: Vec::new(),
        readings: Vec::new(),
        facts: facts(decision),
        bundle: decision.bundle.to_string(),
    }
}

fn denied(bundle: &Bundle, refusal: &Refusal, decision: &DecisionRecord) -> Explanation {
    let failed = refusal.code == Code::PolicyError || refusal.also.contains(&Code::PolicyError);
    let ground = match (failed, decision.policies.is_empty()) {
        (true, _) => Ground::NotEvaluated,
        (false, true) => Ground::NotPermitted,
        (false, false) => Ground::Forbidden,
    };
    let mut explanation = Explanation::refused(bundle, refusal);
    explanation.forbidden_or_not_permitted = ground;
    explanation.policies = said(bundle, decision);
    explanation.facts = facts(decision);
    explanation
}

fn said(bundle: &Bundle, decision: &DecisionRecord) -> Vec<Said> {
    let one = |id: &std::sync::Arc<str>| {
        let rule: Option<&Rule> = bundle.rule_named(id);
        // A permit stands beside a refusal only when it failed; a forbid that failed is named by the recorded error.
        let verdict = match (rule.map(|rule| rule.permits), decision.allow) {
            (Some(true), true) => "permits",
            (Some(false), false) if !decision.facts.contains(&format!("`{id}`")) => "forbids",
            (Some(_) | None, _) => "failed",
        };
        Said {
            id: id.to_string(),
            effect: rule.map(|rule| if rule.permits { "permit" } else { "forbid" }.to_owned()),
            place: rule.map(|rule| rule.place.clone()),
            verdict: verdict.to_owned(),
        }
    };
    decision.policies.iter().map(one).collect()
}

fn facts(decision: &DecisionRecord) -> Value {
    serde_json::from_str(&decision.facts).unwrap_or_else(|_| Value::String(decision.facts.clone()))
}

fn reason(refusal: &Refusal) -> String {
    if refusal.reason.is_empty() { meaning(&refusal.code).reason.to_owned() } else { refusal.reason.clone() }
}

fn next(refusal: &Refusal) -> String {
    refusal.next.clone().unwrap_or_else(|| meaning(&refusal.code).next.to_owned())
}
