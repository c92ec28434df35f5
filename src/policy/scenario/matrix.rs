//! Who may do what under the built-in policies: a table for reviewers, which only grows.
use crate::domain::action::{ControlAction, JudgedBy};
use crate::policy::Bundle;

use super::case::{Case, Decision, laid_over_the_world};
use super::play::play;

const REQUESTS: [&str; 6] = ["StartSession", "Read", "Write", "Delete", "LoginAs", "Consent"];

/// What differs from ada in olga's login, on a live full grant: a row each.
const ENGINEERS: [(&str, &str); 26] = [
    ("live full grant", "{}"),
    ("live read-only grant", r#"{"grant": {"access": "read_only"}}"#),
    ("no grant at all", r#"{"basis": "none"}"#),
    ("grant to come", r#"{"at": "2026-11-21T11:59:59Z"}"#),
    ("grant has ended", r#"{"at": "2026-11-24T12:00:00Z"}"#),
    ("grant is revoked", r#"{"grant": {"revoked": true}}"#),
    ("grant without an end", r#"{"grant": {"expires_at": null}}"#),
    ("grant of eight days", r#"{"grant": {"expires_at": "2026-11-29T12:00:00Z"}}"#),
    ("names this engineer", r#"{"grant": {"engineers": ["ada"]}}"#),
    ("names another engineer", r#"{"grant": {"engineers": ["bob"]}}"#),
    ("names her group", r#"{"grant": {"groups": ["support"]}}"#),
    ("names another group", r#"{"grant": {"groups": ["billing"]}}"#),
    ("names her organization", r#"{"grant": {"organization": "vendor"}}"#),
    ("names another organization", r#"{"grant": {"organization": "northwind"}}"#),
    ("path beside the scope", r#"{"covers_path": false}"#),
    ("inside another login", r#"{"chained": true}"#),
    ("forced single sign-on", r#"{"workspace": {"forced_sso": true}}"#),
    ("free plan", r#"{"workspace": {"plan": "free"}}"#),
    ("subject is admin now", r#"{"subject": {"role": "admin"}}"#),
    ("subject is member now", r#"{"subject": {"role": "member"}}"#),
    ("grant of another workspace", r#"{"grant": {"workspace": "globex"}}"#),
    ("grant of another subject", r#"{"grant": {"subject": "otto"}}"#),
    ("engineer in no group", r#"{"engineer": {"groups": []}}"#),
    ("emergency", r#"{"basis": "emergency"}"#),
    ("emergency, own approval", r#"{"basis": "emergency", "emergency": {"approved_by": "ada"}}"#),
    ("emergency, never by contract", r#"{"basis": "emergency", "workspace": {"emergency_access": "never"}}"#),
];

/// What differs from olga, owner of a workspace on the business plan, with a consent of three days: a row each.
const MEMBERS: [(&str, &str); 13] = [
    ("owner", "{}"),
    ("admin", r#"{"member": {"role": "admin"}}"#),
    ("member", r#"{"member": {"role": "member"}}"#),
    ("owner elsewhere", r#"{"member": {"workspace": "globex"}}"#),
    ("owner, somebody acts as them", r#"{"impersonated": true}"#),
    ("owner, forced single sign-on", r#"{"workspace": {"forced_sso": true}}"#),
    ("admin, forced single sign-on", r#"{"member": {"role": "admin"}, "workspace": {"forced_sso": true}}"#),
    ("owner, team plan", r#"{"workspace": {"plan": "team"}}"#),
    ("owner, free plan", r#"{"workspace": {"plan": "free"}}"#),
    ("owner, seven days", r#"{"lasts": "7d"}"#),
    ("owner, eight days", r#"{"lasts": "8d"}"#),
    ("owner, until revoked", r#"{"lasts": null}"#),
    ("owner, no time at all", r#"{"lasts": "0s"}"#),
];

/// What differs from ada, who asks olga for an hour of full access, or judges bob's emergency: a row each.
const WORK: [(&str, &str); 10] = [
    ("engineer", "{}"),
    ("engineer in no group", r#"{"engineer": {"groups": []}}"#),
    ("forced single sign-on", r#"{"workspace": {"forced_sso": true}}"#),
    ("about a member elsewhere", r#"{"work": {"subject": {"workspace": "globex"}}}"#),
    ("about nobody in particular", r#"{"work": {"subject": null}}"#),
    ("emergencies never by contract", r#"{"workspace": {"emergency_access": "never"}}"#),
    ("own emergency", r#"{"work": {"declared_by": {"id": "ada"}}}"#),
    ("emergency of nobody", r#"{"work": {"declared_by": null}}"#),
    ("last emergency not reviewed", r#"{"work": {"unreviewed": true}}"#),
    ("no time at all", r#"{"work": {"lasts": "0s"}}"#),
];

fn case(action: &str, over: &str) -> Case {
    let mut over: serde_json::Value = serde_json::from_str(over).unwrap();
    over["action"] = action.into();
    laid_over_the_world(over).unwrap()
}

/// ✔, or ✘ and the leading code; · where the question makes no sense.
fn cell(bundle: &Bundle, action: &str, over: &str) -> String {
    match play(bundle, &case(action, over)) {
        Ok(outcome) if outcome.decision == Decision::Allow => "✔".to_owned(),
        Ok(outcome) => format!("✘ {}", outcome.code.unwrap_or_default()),
        Err(_) => "·".to_owned(),
    }
}

/// One line for each row and answer: the actions that have it.
fn table(actions: &[&str], rows: &[(&str, &str)]) -> String {
    let bundle = Bundle::builtin().unwrap();
    let mut lines = Vec::new();
    for (row, over) in rows {
        lines.push((*row).to_owned());
        let mut answers: Vec<(String, Vec<&str>)> = Vec::new();
        for action in actions {
            let answer = cell(&bundle, action, over);
            match answers.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, actions)) => actions.push(action),
                None => answers.push((answer, vec![action])),
            }
        }
        lines.extend(answers.into_iter().map(|(answer, actions)| format!("    {answer:<28} {}", actions.join(" "))));
    }
    lines.join("\n")
}

#[test]
fn engineers_may() {
    insta::assert_snapshot!(table(&REQUESTS, &ENGINEERS));
}

#[test]
fn members_may() {
    insta::assert_snapshot!(table(&judged_by(JudgedBy::Consent, "Member"), &MEMBERS));
}

#[test]
fn engineers_work() {
    insta::assert_snapshot!(table(&judged_by(JudgedBy::Work, "Engineer"), &WORK));
}

/// The actions that are judged so; in the schema they are for this kind of principal alone.
fn judged_by(facts: JudgedBy, principal: &str) -> Vec<&'static str> {
    let words = crate::policy::vocabulary::Vocabulary::get().unwrap();
    let actions = ControlAction::ALL.iter().filter(|action| action.judged_by() == facts).map(|action| action.name());
    let kinds = |action: &str| words.schema.principals_for_action(&words.action(action)).unwrap();
    actions.inspect(|action| assert!(kinds(action).all(|kind| kind.to_string() == principal), "{action}")).collect()
}
