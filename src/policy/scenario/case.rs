//! The format of cases: each is laid over the world, so that it names only what it is about.
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::action::ControlAction;
use crate::domain::effect::Effect;
use crate::domain::grant::Access;
use crate::domain::time::{Span, Timestamp};
use crate::policy::facts::{
    EmergencyFacts, EngineerFacts, GrantFacts, MemberFacts, SessionFacts, WorkFacts, WorkspaceFacts,
};

/// The base world: a business workspace, its owner olga, the engineer ada, a live full grant and an emergency.
const WORLD: &str = include_str!("../../../policies/tests/world.json");

/// One case in full.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::policy) struct Case {
    /// What it shows, as a sentence.
    pub name: String,
    pub at: Timestamp,
    pub action: Action,
    pub engineer: EngineerFacts,
    pub workspace: WorkspaceFacts,
    pub subject: MemberFacts,
    pub session: SessionFacts,
    pub last_seen_at: Timestamp,
    pub basis: BasisKind,
    pub grant: GrantFacts,
    pub emergency: EmergencyFacts,
    pub chained: bool,
    pub covers_path: bool,
    pub http: HttpFacts,
    pub member: MemberFacts,
    pub impersonated: bool,
    pub access: Option<Access>,
    pub lasts: Option<Span>,
    pub organization: Option<String>,
    pub purpose: Option<String>,
    /// Whether the act is about the member's own login; none: about nobody's.
    pub own: Option<bool>,
    pub work: WorkFacts,
    #[serde(flatten)]
    pub expected: Expected,
}

/// What the session stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::policy) enum BasisKind {
    Grant,
    Emergency,
    /// Only a session's beginning can lack a basis.
    None,
}

/// What is asked for; its effect is the action's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::policy) struct HttpFacts {
    pub method: String,
    pub host: String,
    pub path: String,
    pub labels: BTreeSet<Arc<str>>,
    pub ip: IpAddr,
}

/// What is wanted, on whichever plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::policy) enum Action {
    Data(Effect),
    Control(ControlAction),
}

const EFFECTS: [Effect; 5] = [Effect::Read, Effect::Write, Effect::Delete, Effect::LoginAs, Effect::Consent];
impl TryFrom<String> for Action {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        let data = EFFECTS.into_iter().find(|effect| effect.action() == name).map(Self::Data);
        let control = || ControlAction::ALL.iter().find(|action| action.name() == name).copied().map(Self::Control);
        data.or_else(control).ok_or_else(|| {
            let known: Vec<_> = EFFECTS
                .iter()
                .map(|e| e.action())
                .chain(ControlAction::ALL.iter().map(|action| action.name()))
                .collect();
            format!("`{name}` is no action: use one of {}", known.join(", "))
        })
    }
}

/// What should come of it.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::policy) struct Expected {
    pub decision: Decision,
    /// The leading code.
    pub code: Option<String>,
    /// The leading policy of a refusal, or one of those that permitted.
    pub policy: Option<String>,
    /// The other codes, in order.
    pub also: Option<Vec<String>>,
}

/// Permitted or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::policy) enum Decision {
    Allow,
    Deny,
}

/// What came of it.
#[derive(Debug)]
pub(in crate::policy) struct Outcome {
    pub decision: Decision,
    pub code: Option<String>,
    /// The leading policy of a refusal, or all that permitted.
    pub policies: Vec<String>,
    pub also: Vec<String>,
}

impl Expected {
    /// What came otherwise, a line each: `field: expected …, got …`.
    pub(super) fn differences(&self, outcome: &Outcome) -> Vec<String> {
        let mut lines = Vec::new();
        if self.decision != outcome.decision {
            let (want, have) = (self.decision.word(), outcome.decision.word());
            lines.push(format!("decision: expected {want}, got {have} by {}", list(&outcome.policies)));
        }
        if self.code.is_some() && self.code != outcome.code {
            let word = |code: &Option<String>| code.clone().unwrap_or_else(|| "none".to_owned());
            lines.push(format!("code: expected {}, got {}", word(&self.code), word(&outcome.code)));
        }
        if let Some(policy) = &self.policy
            && !outcome.policies.contains(policy)
        {
            lines.push(format!("policy: expected {policy}, got {}", list(&outcome.policies)));
        }
        if let Some(also) = &self.also
            && *also != outcome.also
        {
            lines.push(format!("also: expected {}, got {}", list(also), list(&outcome.also)));
        }
        lines
    }
}

impl Decision {
    fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

fn list(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// Reads a file of cases.
pub(super) fn read(text: &str) -> Result<Vec<Case>, String> {
    let world: Value = serde_json::from_str(WORLD).map_err(|error| format!("the world: {error}"))?;
    let cases: Vec<Value> = serde_json::from_str(text).map_err(|error| format!("not a list of cases: {error}"))?;
    cases.into_iter().enumerate().map(|(index, case)| read_one(&world, index, case)).collect()
}

fn read_one(world: &Value, index: usize, case: Value) -> Result<Case, String> {
    let name = case.get("name").and_then(Value::as_str).unwrap_or("without a name").to_owned();
    let told = |error: String| format!("case {} (`{name}`): {error}", index + 1);
    let known = ["name", "action", "decision", "code", "policy", "also"];
    let unknown = case.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    let unknown: Vec<_> = unknown.filter(|key| !known.contains(key) && world.get(key).is_none()).collect();
    if !unknown.is_empty() {
        return Err(told(format!("unknown field `{}`", unknown.join("`, `"))));
    }
    let mut full = world.clone();
    overlay(&mut full, case);
    serde_json::from_value(full).map_err(|error| told(error.to_string()))
}

/// What cases differ from.
pub(in crate::policy) fn world() -> Result<Map<String, Value>, String> {
    serde_json::from_str(WORLD).map_err(|error| format!("the world: {error}"))
}

/// A case from all its facts, without expectations.
pub(in crate::policy) fn read_case(name: &str, mut facts: Map<String, Value>) -> Result<Case, String> {
    facts.entry("name").or_insert_with(|| name.into());
    facts.entry("decision").or_insert_with(|| "allow".into());
    serde_json::from_value(Value::Object(facts)).map_err(|error| error.to_string())
}

/// One case as it stands in a file; what it expects may be left out.
pub(in crate::policy) fn laid_over_the_world(case: Value) -> Result<Case, String> {
    let mut case = match case {
        Value::Object(case) => case,
        other => return Err(format!("a case is an object, not `{other}`")),
    };
    case.entry("name").or_insert_with(|| "the case".into());
    case.entry("decision").or_insert_with(|| "allow".into());
    read_one(&Value::Object(world()?), 0, Value::Object(case))
}

/// Lays `over` on `base`: objects field by field, everything else as a whole.
fn overlay(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                overlay(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}
