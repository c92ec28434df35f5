//! No guardrail without a case, and no case that would pass without its guardrail.
use std::collections::BTreeSet;

use cedar_policy::{Effect, PolicyId};

use super::*;
use crate::policy::files::{self, Source};
use crate::policy::load;
use crate::policy::slices::Slices;
use crate::policy::vocabulary::Vocabulary;
use case::{Case, Decision};

/// Forbids of a profile that only repeat what the absence of a permit says; they are there for permits that are added
/// later.
fn for_later_permits(profile: Profile) -> [&'static str; 3] {
    let own = match profile {
        Profile::Lambdatest | Profile::Tsa => "administrators-only",
        Profile::Segment => "owners-only",
        Profile::Salesforce | Profile::Bizible => "own-or-administered",
    };
    ["no-login-as", "no-consent-inside", own]
}

const OPEN: &str = "@id(\"open\") permit (principal, action, resource);";

fn all_cases(profile: Profile) -> Vec<Case> {
    [GUARDRAILS, of(profile)].iter().flat_map(|(_, text)| case::read(text).unwrap()).collect()
}

fn built_in(profile: Profile) -> Bundle {
    built_in_and(profile, None)
}

fn built_in_and(profile: Profile, more: Option<Source>) -> Bundle {
    let sources = files::base().into_iter().chain([files::profile(profile)]).chain(more);
    load::check(&sources.collect::<Vec<_>>()).unwrap()
}

fn without(bundle: &Bundle, id: &str) -> Bundle {
    let mut bundle = bundle.clone();
    let mut policies = bundle.policies.whole().clone();
    policies.remove_static(PolicyId::new(id)).unwrap();
    bundle.policies = Slices::new(policies);
    bundle
}

fn ids(bundle: &Bundle, effect: Effect) -> BTreeSet<String> {
    let policies = bundle.policies.whole().policies().filter(|policy| policy.effect() == effect);
    policies.map(|policy| policy.id().to_string()).collect()
}

#[test]
fn every_built_in_case_comes_as_expected() {
    for profile in Profile::ALL {
        let report = run_builtin_tests(&built_in(profile), Some(profile)).unwrap();
        assert!(report.all_passed() && report.cases.len() > 100, "{profile}: {report}");
    }
}

#[test]
fn every_policy_leads_in_a_case_of_its_own() {
    for profile in Profile::ALL {
        let bundle = built_in(profile);
        let shown = |decision| {
            let cases = all_cases(profile).into_iter().filter(move |case| case.expected.decision == decision);
            cases.filter_map(|case| case.expected.policy).collect::<BTreeSet<_>>()
        };
        assert_eq!(ids(&bundle, Effect::Forbid), shown(Decision::Deny), "{profile}");
        assert_eq!(ids(&bundle, Effect::Permit), shown(Decision::Allow), "{profile}");
    }
}

#[test]
fn every_case_of_a_refusal_names_code_and_policy() {
    let cases = Profile::ALL.into_iter().flat_map(all_cases);
    for case in cases.filter(|case| case.expected.decision == Decision::Deny) {
        assert!(case.expected.code.is_some() && case.expected.policy.is_some(), "{}", case.name);
    }
}

#[test]
fn without_any_one_policy_some_case_fails() {
    for profile in Profile::ALL {
        let bundle = built_in(profile);
        for id in ids(&bundle, Effect::Forbid).union(&ids(&bundle, Effect::Permit)) {
            let mutant = without(&bundle, id);
            let report = run_builtin_tests(&mutant, Some(profile)).unwrap();
            assert!(!report.all_passed(), "{profile}: nobody misses `{id}`");
        }
    }
}

#[test]
fn permits_that_are_added_later_open_nothing_until_a_guardrail_falls() {
    let denied = |bundle: &Bundle, case: &Case| play::play(bundle, case).unwrap().decision == Decision::Deny;
    for profile in Profile::ALL {
        let opened = built_in_and(profile, Some(Source::new("open.cedar", OPEN)));
        let cases: Vec<_> =
            all_cases(profile).into_iter().filter(|case| case.expected.decision == Decision::Deny).collect();
        assert!(cases.iter().all(|case| denied(&opened, case)), "{profile}");
        for id in for_later_permits(profile) {
            let mutant = without(&opened, id);
            assert!(cases.iter().any(|case| !denied(&mutant, case)), "{profile}: nobody misses `{id}`");
        }
    }
}

/// Requests of the data plane are not checked against the schema one by one, so it is shown here that they fit.
#[test]
fn every_question_fits_the_schema() {
    let words = Vocabulary::get().unwrap();
    for case in Profile::ALL.into_iter().flat_map(all_cases) {
        testing::with_request(&case, |request, _| {
            let (context, action) = (request.context().unwrap(), request.action().unwrap());
            assert!(context.validate(&words.schema, action).is_ok(), "{}: {request}", case.name);
        });
    }
}

#[test]
fn malformed_cases_are_told_with_their_number_and_name() {
    for (text, told) in [
        ("{}", "not a list of cases"),
        (r#"[{"name":"a","action":"Read"}]"#, "case 1 (`a`): missing field `decision`"),
        (r#"[{"name":"a","action":"Raed","decision":"deny"}]"#, "`Raed` is no action"),
        (r#"[{"name":"a","action":"Read","decision":"deny","grnat":{}}]"#, "unknown field `grnat`"),
        (r#"[{"name":"a","action":"Read","decision":"deny","grant":{"acess":"full"}}]"#, "unknown field `acess`"),
        (r#"[{"name":"a","action":"Read","decision":"deny","at":"soon"}]"#, "`soon` is not a time"),
    ] {
        let error = case::read(text).expect_err(text);
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn a_case_that_comes_otherwise_is_told_with_what_came() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.json");
    fs::write(&path, r#"[{"name":"shut","action":"Read","decision":"deny","code":"read-only"}]"#).unwrap();
    let report = run_tests(&Bundle::builtin().unwrap(), dir.path()).unwrap();
    let told = report.to_string();
    assert!(told.contains("decision: expected deny, got allow by within-consent"), "{told}");
    assert!(told.contains("code: expected read-only, got none") && told.ends_with("0 passed, 1 failed\n"), "{told}");
    assert!(run_tests(&Bundle::builtin().unwrap(), &dir.path().join("gone.json")).is_err());
}
