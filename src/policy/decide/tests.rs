//! What the door does when policies fail, are many, or are swapped.
use super::*;
use crate::config::Profile;
use crate::domain::refusal::Code;
use crate::policy::files::{self, Source};
use crate::policy::scenario::testing::{case, control, request};
use crate::policy::{Engine, load};

fn built_in_and(text: &str) -> Bundle {
    let own = [Source::new("own.cedar", text)];
    load::check(&files::base().into_iter().chain([files::profile(Profile::Segment)]).chain(own).collect::<Vec<_>>())
        .unwrap()
}

/// Adds two times the largest number whenever the path is long: an overflow.
const FAILING: &str = "@id(\"fails\") forbid (principal is Engineer, action == Action::\"Read\", resource) \
    when { context.http.path == \"/boom\" && 9223372036854775807 + 9223372036854775807 == 0 };";

#[test]
fn a_policy_that_fails_denies() {
    let bundle = built_in_and(FAILING);
    let fine = case(r#"{"action":"Read"}"#);
    assert!(request(&bundle, &fine).is_ok());
    let failing = case(r#"{"action":"Read","http":{"path":"/boom"}}"#);
    let refused = request(&bundle, &failing).expect_err("the forbid fails");
    assert_eq!(refused.refusal.code, Code::PolicyError);
    assert_eq!(refused.refusal.policy.as_deref(), Some("fails"));
    assert!(!refused.decision.allow && refused.decision.policies.iter().any(|id| &**id == "fails"));
    let facts: serde_json::Value = serde_json::from_str(&refused.decision.facts).unwrap();
    assert!(facts["errors"][0].as_str().unwrap().contains("overflow"), "{facts}");
}

#[test]
fn a_failure_beside_a_refusal_is_told_beside_it() {
    let bundle = built_in_and(FAILING);
    let failing = case(r#"{"action":"Read","http":{"path":"/boom"},"grant":{"revoked":true}}"#);
    let refusal = request(&bundle, &failing).expect_err("revoked").refusal;
    assert_eq!((refusal.code, refusal.also), (Code::GrantRevoked, vec![Code::PolicyError]));
}

#[test]
fn where_no_policy_says_yes_the_answer_is_no() {
    let permit = "@id(\"ours\") permit (principal is Engineer, action == Action::\"Read\", resource);";
    let own = [Source::new("own.cedar", permit)];
    let bundle = load::check(&files::base().into_iter().chain(own).collect::<Vec<_>>()).unwrap();
    assert!(request(&bundle, &case(r#"{"action":"Read"}"#)).is_ok());
    let refusal = request(&bundle, &case(r#"{"action":"Write"}"#)).expect_err("not permitted").refusal;
    assert_eq!((refusal.code, refusal.policy), (Code::PolicyDenied, None));
}

#[test]
fn a_vendors_own_forbid_refuses_in_its_own_words() {
    let bundle = built_in_and(
        "@id(\"quiet-hours\") @code(\"quiet-hours\") @reason(\"not now\") @next(\"come back tomorrow\") \
         forbid (principal is Engineer, action, resource) when { resource.region == \"eu\" };",
    );
    let refusal = request(&bundle, &case(r#"{"action":"Read"}"#)).expect_err("forbidden").refusal;
    assert_eq!(refusal.code.as_str(), "quiet-hours");
    assert_eq!((refusal.reason.as_str(), refusal.next.as_deref()), ("not now", Some("come back tomorrow")));
    let revoked = case(r#"{"action":"Read","grant":{"revoked":true}}"#);
    let refusal = request(&bundle, &revoked).expect_err("both").refusal;
    assert_eq!(refusal.code, Code::GrantRevoked, "ours lead");
}

#[test]
fn an_engineer_never_does_what_members_do() {
    let bundle = built_in_and("@id(\"open\") permit (principal, action, resource);");
    let case = case(r#"{"action":"CreateGrant"}"#);
    let refused = control(&bundle, &case, |question, engineer| ControlQuestion {
        principal: crate::policy::Principal::Engineer(engineer),
        ..question
    });
    assert_eq!(refused.expect_err("the schema has no such question").refusal.code, Code::PolicyError);
}

#[test]
fn the_record_names_the_set_and_keeps_odd_texts_as_valid_json() {
    let bundle = Bundle::builtin().unwrap();
    let odd =
        case(r#"{"action":"Read","http":{"path":"/w/acme/\"}\\\u2028é"},"session":{"reason":"line\nbreak \"x\""}}"#);
    let permit = request(&bundle, &odd).unwrap();
    let decision = permit.decision();
    assert!(decision.allow && decision.code.is_none() && decision.bundle == *bundle.id());
    assert_eq!(*decision.policies, ["within-consent".into()]);
    let facts: serde_json::Value = serde_json::from_str(&decision.facts).unwrap();
    assert_eq!(facts["http"]["path"], "/w/acme/\"}\\\u{2028}é");
    assert_eq!(facts["session"]["reason"], "line\nbreak \"x\"");
}

#[test]
fn an_engine_decides_by_the_set_that_it_was_last_given() {
    let engine = Engine::new(Bundle::builtin().unwrap());
    let before = engine.current();
    engine.replace(built_in_and(FAILING));
    assert_ne!(before.id(), engine.current().id());
}
