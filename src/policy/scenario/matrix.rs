//! Who may do what under the built-in policies: a table for reviewers, which only grows.
use crate::domain::action::ControlAction;
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
    let actions: Vec<&str> = ControlAction::ALL.iter().map(|action| action.name()).collect();
    let actions: Vec<&str> = actions.into_iter().filter(|action| case_is_a_members(action)).collect();
    insta::assert_snapshot!(table(&actions, &MEMBERS));
}

/// Whether the schema has a member for its principal; every other action stands in the table of engineers.
fn case_is_a_members(action: &str) -> bool {
    let words = crate::policy::vocabulary::Vocabulary::get().unwrap();
    let mut principals = words.schema.principals_for_action(&words.action(action)).unwrap();
    let member = principals.any(|kind| kind.to_string() == "Member");
    assert!(member || REQUESTS.contains(&action), "`{action}` is in neither table");
    member
}
