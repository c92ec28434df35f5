//! A situation that refutes: in plain words, and as a case of `policy test` that really comes out so.
use std::collections::BTreeSet;

use cedar_policy_symcc::Env;
use serde::Serialize;
use serde_json::{Map, Value};

use super::facts::{self, Facts};
use super::names::Names;
use crate::domain::action::{ControlAction, JudgedBy};
use crate::domain::refusal::Code;
use crate::policy::bundle::Bundle;
use crate::policy::scenario::{self, Decided};

/// What refutes.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Counterexample {
    /// A question that this program puts.
    Told(Box<Told>),
    /// Facts that this program never brings together. The policies rely on that.
    Untold {
        /// Why they are no case.
        why: String,
        /// The facts, as Cedar knows them.
        situation: String,
    },
}

/// A counterexample in plain words.
#[derive(Debug, Serialize)]
pub struct Told {
    /// Who asks.
    pub who: String,
    /// What for.
    pub what: String,
    /// In which workspace.
    #[serde(rename = "where")]
    pub place: String,
    /// When.
    pub when: String,
    /// What it stands on; none for a member's act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Every fact that differs from the ordinary, and what is ordinary.
    pub unusual: Vec<String>,
    /// What decides so: ids of policies with file and line.
    pub decided_by: Vec<String>,
    /// A case of `policy test`.
    pub case: Value,
}

/// What a counterexample shows, which its case must come to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shows {
    /// It is permitted, and must not be.
    Permitted,
    /// It is refused, and must not be.
    Refused,
    /// It cannot be evaluated.
    Failing,
}

impl Counterexample {
    /// Tells what `env` shows of `bundle`; `sentence` is what it refutes.
    pub(super) fn of(bundle: &Bundle, env: &Env, shows: Shows, sentence: &str) -> Self {
        match tell(bundle, env, shows, sentence) {
            Ok(told) => Self::Told(Box::new(told)),
            Err(why) => Self::Untold { why, situation: situation(env) },
        }
    }
}

fn tell(bundle: &Bundle, env: &Env, shows: Shows, sentence: &str) -> Result<Told, String> {
    let all = bundle.policies.whole().policies();
    let literals: BTreeSet<_> = all.flat_map(cedar_policy::Policy::entity_literals).collect();
    let facts = facts::of(env, &mut Names::new(literals))?;
    let mut case =
        Map::from_iter([("name".to_owned(), sentence.into()), ("action".to_owned(), word(&facts, "/action").into())]);
    let world = Value::Object(scenario::world()?);
    let unusual = differences(&world, &Value::Object(facts.clone()));
    let mut lines = Vec::new();
    if let Value::Object(unusual) = unusual {
        let facts = unusual.into_iter().filter(|(name, _)| name != "action");
        for (name, value) in facts {
            leaves(&name, &value, part(&world, &name), &mut lines);
            case.insert(name, value);
        }
    }
    let (decision, code) = match shows {
        Shows::Permitted => ("deny", None),
        Shows::Refused => ("allow", None),
        Shows::Failing => ("deny", Some("policy-error")),
    };
    case.insert("decision".to_owned(), decision.into());
    if let Some(code) = code {
        case.insert("code".to_owned(), code.into());
    }
    let decided_by = confirm(bundle, &case, shows)?;
    Ok(Told {
        who: who(&facts),
        what: what(&facts),
        place: place(&facts),
        when: word(&facts, "/at"),
        basis: basis(&facts),
        unusual: lines,
        decided_by,
        case: case.into(),
    })
}

/// The example as Cedar writes it, without the actions.
fn situation(env: &Env) -> String {
    let text = env.to_string();
    let lines: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("Action::")).collect();
    lines.join("\n")
}

/// Decides the case as `policy test` does; returns what decided it.
fn confirm(bundle: &Bundle, case: &Facts, shows: Shows) -> Result<Vec<String>, String> {
    let case = scenario::laid_over_the_world(Value::Object(case.clone()))?;
    let decided: Decided = scenario::decide(bundle, &case)?;
    let (comes_so, policies) = match (shows, &decided) {
        (Shows::Permitted, Ok(record)) => (true, record.policies.to_vec()),
        (Shows::Refused, Err(refused)) => (true, refused.decision.policies.to_vec()),
        (Shows::Failing, Err(refused)) => (
            refused.refusal.code == Code::PolicyError,
            refused.refusal.policy.as_deref().map(Into::into).into_iter().collect(),
        ),
        (Shows::Permitted, Err(_)) | (Shows::Refused | Shows::Failing, Ok(_)) => (false, Vec::new()),
    };
    if !comes_so {
        return Err("put as this program puts such questions, they are decided otherwise".to_owned());
    }
    let told = policies.iter().map(|id| match bundle.rule_named(id) {
        Some(rule) => format!("{id} ({})", rule.place),
        None => id.to_string(),
    });
    Ok(told.collect())
}

/// What of `full` differs from `world`.
fn differences(world: &Value, full: &Value) -> Value {
    let (Value::Object(_), Value::Object(parts)) = (world, full) else { return full.clone() };
    let differing = parts.iter().filter(|(name, value)| part(world, name) != *value);
    differing.map(|(name, value)| (name.clone(), differences(part(world, name), value))).collect::<Map<_, _>>().into()
}

/// A line for each fact in `value`, with what is ordinary.
fn leaves(name: &str, value: &Value, ordinary: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(parts) => {
            for (inner, value) in parts {
                leaves(&format!("{name}.{inner}"), value, part(ordinary, inner), lines);
            }
        }
        Value::Null => lines.push(format!("no {name} (ordinarily {ordinary})")),
        value if ordinary.is_null() => lines.push(format!("{name} is {value} (ordinarily there is none)")),
        value => lines.push(format!("{name} is {value} (ordinarily {ordinary})")),
    }
}

/// The part `name` of `value`; null when there is none.
fn part<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// The fact at `pointer`, as a word.
fn word(facts: &Facts, pointer: &str) -> String {
    let mut names = pointer.trim_start_matches('/').split('/');
    let first = names.next().and_then(|name| facts.get(name));
    match names.fold(first, |value, name| value.and_then(|value| value.get(name))) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let words: Vec<_> =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), ToOwned::to_owned)).collect();
            words.join(", ")
        }
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// What the act is judged by; none: it is a request.
fn judged_by(facts: &Facts) -> Option<JudgedBy> {
    let action = word(facts, "/action");
    ControlAction::ALL.iter().find(|known| known.name() == action).map(|known| known.judged_by())
}

fn who(facts: &Facts) -> String {
    if judged_by(facts) == Some(JudgedBy::Consent) {
        let role = word(facts, "/member/role");
        return format!("{}, {role} in {}", word(facts, "/member/id"), word(facts, "/member/workspace"));
    }
    let (id, organization) = (word(facts, "/engineer/id"), word(facts, "/engineer/organization"));
    match word(facts, "/engineer/groups").as_str() {
        "" => format!("engineer {id} of {organization:?}, in no group"),
        groups => format!("engineer {id} of {organization:?}, in the groups {groups}"),
    }
}

fn what(facts: &Facts) -> String {
    let action = word(facts, "/action");
    if judged_by(facts).is_some() {
        return action;
    }
    let subject = format!("{} of {}", word(facts, "/subject/id"), word(facts, "/subject/workspace"));
    format!("{action}: {} {} as {subject}", word(facts, "/http/method"), word(facts, "/http/path"))
}

fn place(facts: &Facts) -> String {
    let forced = if word(facts, "/workspace/forced_sso") == "true" { ", with forced single sign-on" } else { "" };
    format!("workspace {} on the {} plan{forced}", word(facts, "/workspace/id"), word(facts, "/workspace/plan"))
}

fn basis(facts: &Facts) -> Option<String> {
    match judged_by(facts) {
        Some(JudgedBy::Consent | JudgedBy::Work) => return None,
        Some(JudgedBy::Start) | None => {}
    }
    let of = |name: &str| word(facts, name);
    Some(match of("/basis").as_str() {
        "grant" => {
            let (from, until) = (of("/grant/starts_at"), of("/grant/expires_at"));
            let until = if until.is_empty() { "until it is revoked".to_owned() } else { format!("until {until}") };
            let revoked = if of("/grant/revoked") == "true" { ", revoked" } else { "" };
            let (access, subject) = (of("/grant/access"), of("/grant/subject"));
            format!("a grant of {subject} in {}: {access}, from {from} {until}{revoked}", of("/grant/workspace"))
        }
        "emergency" => format!(
            "an emergency for {} in {}: declared by {}, approved by {}, until {}",
            of("/emergency/subject"),
            of("/emergency/workspace"),
            of("/emergency/declared_by"),
            of("/emergency/approved_by"),
            of("/emergency/expires_at")
        ),
        _neither => "nothing: neither a grant nor an emergency".to_owned(),
    })
}
