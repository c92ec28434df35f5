//! Facts as the trail keeps them, or as a case of `policy test`, ready to be decided again.
use serde_json::{Map, Value};

use crate::domain::action::ControlAction;
use crate::policy::bundle::Bundle;
use crate::policy::question::Http;
use crate::policy::scenario::{Action, BasisKind, Case, Decided, HttpFacts, decide, read_case, world};

use super::{Answer, ReadingSaid};

/// Why facts cannot be decided again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFacts {
    /// There is no question at all.
    #[error("there is nothing to explain")]
    Nothing,
    /// The record holds no facts: it was refused before any policy was asked.
    #[error("no policy was asked, so there are no facts to decide again")]
    NotAsked,
    /// They are no facts of ours.
    #[error("these are no facts of a decision: {0}")]
    Malformed(String),
}

/// One question with all its facts.
#[derive(Debug, Clone)]
pub struct Situation {
    pub(super) case: Case,
    /// Whether the facts name a subject; otherwise the case's one stands for nobody.
    pub(super) has_subject: bool,
}

impl Situation {
    /// The facts of a decision as the trail keeps them.
    ///
    /// # Errors
    /// When they hold no question, or none of ours.
    pub fn recorded(facts: &str) -> Result<Self, BadFacts> {
        let malformed = |error: serde_json::Error| BadFacts::Malformed(error.to_string());
        let facts: Map<String, Value> = serde_json::from_str(facts).map_err(malformed)?;
        if !facts.contains_key("action") {
            return Err(BadFacts::NotAsked);
        }
        let has_subject = facts.contains_key("subject");
        let mut whole = world().map_err(BadFacts::Malformed)?;
        let basis = ["grant", "emergency"].into_iter().find(|basis| facts.contains_key(*basis)).unwrap_or("none");
        whole.insert("basis".into(), basis.into());
        whole.extend(["access", "lasts", "organization", "purpose", "own"].map(|fact| (fact.to_owned(), Value::Null)));
        let mut session = Map::new();
        for (name, value) in facts {
            if ["reason", "ticket"].contains(&name.as_str()) {
                // The beginning of a session tells why itself; for a request its session does.
                session.insert(name, value);
            } else {
                whole.insert(if name == "now" { "at".to_owned() } else { name }, value);
            }
        }
        if let Some(http) = whole.get_mut("http").and_then(Value::as_object_mut) {
            http.remove("effect");
        }
        if let Some(known) = whole.get_mut("session").and_then(Value::as_object_mut) {
            known.extend(session);
        }
        let case = read_case("the facts", whole).map_err(BadFacts::Malformed)?;
        Ok(Self { case, has_subject })
    }

    /// A request of an engineer who has nothing to stand on: `start` are the recorded facts of the refused beginning of a
    /// session.
    ///
    /// # Errors
    /// As [`Situation::recorded`].
    pub fn without_basis(start: &str, http: &Http<'_>) -> Result<Self, BadFacts> {
        let mut situation = Self::recorded(start)?;
        situation.case.action = Action::Data(http.effect);
        situation.case.http = HttpFacts {
            method: http.method.to_owned(),
            host: http.host.to_owned(),
            path: http.path.to_owned(),
            labels: http.labels.clone(),
            ip: http.ip,
        };
        Ok(situation)
    }

    /// The cases of a file, as `policy test` reads it: each with its name. One case alone needs no list.
    ///
    /// # Errors
    /// When the file is not of that form.
    pub fn cases(text: &str) -> Result<Vec<(String, Self)>, BadFacts> {
        let file: Value = serde_json::from_str(text).map_err(|error| BadFacts::Malformed(error.to_string()))?;
        let cases = match file {
            Value::Array(cases) => cases,
            one => vec![one],
        };
        let one = |case: Value| {
            let case = crate::policy::scenario::laid_over_the_world(case).map_err(BadFacts::Malformed)?;
            Ok((case.name.clone(), Self { case, has_subject: true }))
        };
        cases.into_iter().map(one).collect()
    }

    /// What the policies say.
    pub(super) fn decide(&self, bundle: &Bundle) -> Result<Decided, BadFacts> {
        let no_basis = self.case.basis == BasisKind::None && matches!(self.case.action, Action::Data(_));
        if no_basis {
            // Nobody can even begin: that is what a request without anything to stand on is refused for.
            let start = Case { action: Action::Control(ControlAction::StartSession), ..self.case.clone() };
            return decide(bundle, &start).map_err(BadFacts::Malformed);
        }
        decide(bundle, &self.case).map_err(BadFacts::Malformed)
    }

    /// The reading of the request that this is, with what came of it.
    pub(super) fn said(&self, decided: &Decided) -> Option<ReadingSaid> {
        let Action::Data(effect) = self.case.action else { return None };
        let http = &self.case.http;
        Some(ReadingSaid {
            path: http.path.clone(),
            effect: effect.to_string(),
            labels: http.labels.iter().map(ToString::to_string).collect(),
            decision: Answer::of(decided),
            code: decided.as_ref().err().map(|refused| refused.refusal.code.to_string()),
        })
    }
}
