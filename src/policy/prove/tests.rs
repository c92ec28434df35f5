//! What proving rests on, without a solver.
use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Context, Entities, PolicySet, Request};

use super::invariants::Bound;
use super::names::Names;
use super::ordinary::Ordinary;
use super::query::Query;
use super::*;
use crate::config::{self, Profile};

fn policy(text: &str) -> Policy {
    Policy::parse(None, text).unwrap()
}

#[test]
fn every_kind_of_question_has_an_upper_bound_and_every_invariant_a_sentence() {
    for profile in Profile::ALL {
        let policy = config::Policy { profile: Some(profile), ..config::Policy::default() };
        assert_bounded(&Invariants::load(&policy).unwrap());
    }
    assert!(Ordinary::load().is_ok());
}

fn assert_bounded(invariants: &Invariants) {
    for kind in Vocabulary::get().unwrap().schema.request_envs() {
        let action = kind.action();
        let never = invariants.bounding(Bound::Never, action);
        let anybodys = ["forced-sso-shuts-engineers-out", "work-concerns-the-workspace", "members-stay-at-home"];
        assert!(never.iter().any(|policy| anybodys.contains(&policy.id().to_string().as_str())), "{action}");
    }
    assert!(invariants.rules().iter().all(|rule| !rule.reason.is_empty()));
}

#[test]
fn entities_are_called_by_names_of_ours_unless_the_policies_name_them() {
    let uid = |text: &str| text.parse::<EntityUid>().unwrap();
    let mut names = Names::new(BTreeSet::from([uid("Workspace::\"acme\""), uid("Team::\"support\"")]));
    assert_eq!(names.of(&uid("Workspace::\"\"")), "globex", "the policies speak of another acme");
    assert_eq!(names.of(&uid("Workspace::\"acme\"")), "acme");
    assert_eq!(names.of(&uid("Engineer::\"\"")), "ada");
    assert_eq!(names.of(&uid("Engineer::\"A\"")), "bob");
    assert_eq!(names.of(&uid("Engineer::\"\"")), "ada");
    assert!(names.is_known(&uid("Team::\"support\"")) && !names.is_known(&uid("Team::\"\"")));
}

#[test]
fn a_failing_policy_behind_conditions_fails_only_where_they_are_met() {
    let fails = policy("forbid (principal, action, resource) when { context.n + 9223372036854775807 > 0 };");
    let small = policy("forbid (principal, action, resource) unless { context.n < 5 };");
    let Query::Failing(narrowed) = Query::Failing(fails).narrowed([&small]).unwrap() else {
        panic!("another question")
    };
    let errors = |n: i64| {
        let context = Context::from_json_value(serde_json::json!({ "n": n }), None).unwrap();
        let one = || "A::\"x\"".parse().unwrap();
        let request = Request::new(one(), one(), one(), context, None).unwrap();
        let set = PolicySet::from_policies([narrowed.clone()]).unwrap();
        Authorizer::new().is_authorized(&request, &set, &Entities::empty()).diagnostics().errors().count()
    };
    assert_eq!((errors(1), errors(0), errors(7)), (1, 0, 0));
}
