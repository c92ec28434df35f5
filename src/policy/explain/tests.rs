//! What is explained is what is decided, and every change that is named would permit it.
use super::*;
use crate::policy::scenario::decide;

const CASES: [&str; 2] =
    [include_str!("../../../policies/tests/guardrails.json"), include_str!("../../../policies/tests/segment.json")];

fn one(case: &str) -> Explanation {
    let situation = Situation::cases(case).unwrap().remove(0).1;
    explain(&Bundle::builtin().unwrap(), &[situation]).unwrap()
}

fn ways(case: &str) -> Vec<String> {
    one(case).would_permit.iter().map(|way| way.join(" & ")).collect()
}

#[test]
fn the_facts_of_the_trail_are_decided_as_they_were() {
    let bundle = Bundle::builtin().unwrap();
    for (name, situation) in CASES.iter().flat_map(|text| Situation::cases(text).unwrap()) {
        let record = match decide(&bundle, &situation.case).unwrap() {
            Ok(decision) => decision,
            Err(refused) => refused.decision,
        };
        let again = match Situation::recorded(&record.facts).unwrap().decide(&bundle).unwrap() {
            Ok(decision) => decision,
            Err(refused) => refused.decision,
        };
        assert_eq!((record.allow, record.code, record.facts), (again.allow, again.code, again.facts), "{name}");
    }
}

#[test]
fn a_refusal_is_explained_with_the_smallest_change() {
    let case = r#"{"action": "Write", "grant": {"access": "read_only"}, "http": {"method": "POST"}}"#;
    let explanation = one(case);
    insta::assert_snapshot!(explanation.to_string().replace(&explanation.bundle, "[bundle]"));
}

#[test]
fn a_permission_names_the_policy_that_gives_it() {
    let explanation = one(r#"{"action": "Read"}"#);
    assert_eq!((explanation.decision, explanation.forbidden_or_not_permitted), (Answer::Allow, Ground::Permitted));
    assert_eq!(explanation.policies[0].id, "within-consent");
    assert_eq!(explanation.policies[0].effect.as_deref(), Some("permit"));
    assert!(explanation.would_permit.is_empty());
}

#[test]
fn each_cause_has_its_own_remedy_and_two_causes_need_two() {
    let told = |case: &str| ways(case).join("\n");
    let all = [
        told(r#"{"action": "Read", "workspace": {"forced_sso": true}}"#),
        told(r#"{"action": "Read", "chained": true}"#),
        told(r#"{"action": "Read", "covers_path": false}"#),
        told(r#"{"action": "Read", "grant": {"engineers": ["bob"], "organization": "northwind"}}"#),
        told(r#"{"action": "Read", "at": "2026-11-20T12:00:00Z"}"#),
        told(r#"{"action": "Read", "at": "2026-11-24T12:00:00Z"}"#),
        told(r#"{"action": "Read", "grant": {"revoked": true}}"#),
        told(r#"{"action": "Read", "subject": {"role": "admin"}}"#),
        told(r#"{"action": "StartSession", "basis": "none"}"#),
        told(r#"{"action": "Write", "grant": {"access": "read_only"}, "workspace": {"forced_sso": true}}"#),
        told(r#"{"action": "Read", "basis": "emergency", "workspace": {"emergency_access": "never"}}"#),
        told(r#"{"action": "CreateGrant", "lasts": "8d"}"#),
        told(r#"{"action": "CreateGrant", "member": {"role": "admin"}, "impersonated": true}"#),
        told(r#"{"action": "ReadTrail", "workspace": {"plan": "team"}}"#),
        told(r#"{"action": "StartEmergency", "work": {"unreviewed": true}}"#),
        told(r#"{"action": "ReviewEmergency", "work": {"declared_by": {"id": "ada"}}}"#),
    ];
    insta::assert_snapshot!(all.join("\n--\n"));
}

#[test]
fn what_no_policy_would_ever_permit_has_no_remedy() {
    let explanation = one(r#"{"action": "LoginAs"}"#);
    assert_eq!(explanation.forbidden_or_not_permitted, Ground::Forbidden);
    assert!(explanation.would_permit.is_empty());
    assert!(explanation.to_string().contains("no small change of the facts would permit it"));
}

#[test]
fn an_engineer_with_nothing_to_stand_on_is_told_whose_grant_would_do() {
    let bundle = Bundle::builtin().unwrap();
    let start = Situation::cases(r#"{"action": "StartSession", "basis": "none"}"#).unwrap().remove(0).1;
    let refused = start.decide(&bundle).unwrap().unwrap_err();
    let (labels, ip) = (std::collections::BTreeSet::new(), [192, 0, 2, 7].into());
    let effect = crate::domain::effect::Effect::Write;
    let http = super::super::Http { method: "POST", host: "h", path: "/w/acme/x", effect, labels: &labels, ip };
    let situation = Situation::without_basis(&refused.decision.facts, &http).unwrap();
    let explanation = explain(&bundle, &[situation]).unwrap();
    assert_eq!(explanation.code.as_deref(), Some("grant-missing"));
    let way = "an owner of `acme` grants access, full, for a time that includes 2026-11-22T12:00:00.000Z";
    assert_eq!(explanation.would_permit, [[way]]);
    assert!(!explanation.facts.to_string().contains("olga"), "nobody is invented: {}", explanation.facts);
}

#[test]
fn a_request_is_as_forbidden_as_its_worst_reading() {
    let read = Situation::cases(r#"{"action": "Read", "grant": {"access": "read_only"}}"#).unwrap().remove(0).1;
    let write = Situation::cases(r#"{"action": "Write", "grant": {"access": "read_only"}}"#).unwrap().remove(0).1;
    let explanation = explain(&Bundle::builtin().unwrap(), &[read, write]).unwrap();
    assert_eq!(explanation.code.as_deref(), Some("read-only"));
    let answers: Vec<_> = explanation.readings.iter().map(|reading| reading.decision).collect();
    assert_eq!(answers, [Answer::Allow, Answer::Deny]);
}

#[test]
fn what_is_no_decision_is_told_apart_from_what_had_none() {
    assert_eq!(Situation::recorded("{}").unwrap_err(), BadFacts::NotAsked);
    for bad in ["", "[]", r#"{"action": "Dance"}"#, r#"{"action": "Read", "now": "yesterday"}"#] {
        assert!(matches!(Situation::recorded(bad).unwrap_err(), BadFacts::Malformed(_)), "{bad}");
    }
    assert_eq!(explain(&Bundle::builtin().unwrap(), &[]).unwrap_err(), BadFacts::Nothing);
}
