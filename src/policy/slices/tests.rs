//! A slice has what can say something, and answers as the whole set does.
use std::collections::BTreeSet;

use cedar_policy::{AuthorizationError, Context, PolicyId};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::policy::Bundle;
use crate::policy::scenario::testing::{cases, with_request};

#[test]
fn a_slice_has_what_is_about_its_action_and_nothing_else() {
    let (bundle, words) = (Bundle::builtin().unwrap(), Vocabulary::get().unwrap());
    let has = |action: &str, policy: &str| {
        let about = bundle.policies.by.action.get(&words.action(action)).unwrap();
        about.policies().any(|found| found.id().to_string() == policy)
    };
    for (policy, actions) in [
        ("forced-sso", &["Read", "Write", "Delete", "LoginAs", "StartSession"][..]),
        ("grant-ended", &["Read", "Write", "Delete", "StartSession"]),
        ("read-only", &["Write", "Delete"]),
        ("start-subject", &["StartSession"]),
        ("owners", &["CreateGrant", "ExtendGrant", "ReadTrail"]),
        ("seven-days", &["CreateGrant", "ExtendGrant"]),
    ] {
        for action in ["Read", "Write", "Delete", "LoginAs", "StartSession", "CreateGrant", "ExtendGrant", "ReadTrail"]
        {
            assert_eq!(has(action, policy), actions.contains(&action), "`{policy}` about `{action}`");
        }
    }
}

#[test]
fn a_policy_that_names_somebody_is_kept_under_the_name_and_nowhere_else() {
    let slices = Slices::new(set(&[
        "permit (principal, action, resource == Workspace::\"acme\");",
        "forbid (principal == Engineer::\"ada\", action, resource is Workspace in Workspace::\"acme\");",
        "forbid (principal is Engineer in Team::\"support\", action, resource is Workspace);",
        "permit (principal is Engineer, action == Action::\"Read\", resource is Workspace);",
    ]));
    let words = Vocabulary::get().unwrap();
    let ids = |set: Option<&PolicySet>| set.map(|set| set.policies().map(|policy| policy.id().to_string()).collect());
    let of = |ids: &[&str]| Some(ids.iter().map(ToString::to_string).collect::<BTreeSet<_>>());
    assert_eq!(ids(slices.by.resource.get(&words.workspace("acme"))), of(&["0", "1"]));
    assert_eq!(ids(slices.by.principal.get(&words.team("support"))), of(&["2"]));
    assert_eq!(ids(slices.by.principal.get(&words.engineer("ada"))), None, "the resource tells more apart");
    assert_eq!(ids(slices.by.action.get(&words.action("Read"))), of(&["3"]));
    assert_eq!(ids(slices.by.action.get(&words.action("Write"))), of(&[]));
}

#[test]
fn an_action_that_the_schema_does_not_know_meets_every_policy() {
    let slices =
        Slices::new(set(&["permit (principal, action == Action::\"Dance\", resource == Workspace::\"acme\");"]));
    let words = Vocabulary::get().unwrap();
    let (ada, acme) = (words.engineer("ada"), words.workspace("acme"));
    let request = Request::new(ada, words.action("Dance"), acme, Context::empty(), None).unwrap();
    assert_eq!(slices.ask(&Authorizer::new(), &request, &Entities::empty()).decision(), Decision::Allow);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_slices_answer_as_the_whole_set_does(texts in policies(), case in cases()) {
        let slices = Slices::new(set(&texts));
        let mut answers = None;
        with_request(&case, |request, entities| {
            let authorizer = Authorizer::new();
            let sliced = slices.ask(&authorizer, request, entities);
            answers = Some((said(&sliced), said(&authorizer.is_authorized(request, slices.whole(), entities))));
        });
        let (sliced, whole) = answers.unwrap();
        prop_assert_eq!(sliced, whole);
    }
}

/// An answer without the order of its errors, which is no part of it.
fn said(answer: &Response) -> (Decision, BTreeSet<PolicyId>, BTreeSet<String>) {
    let diagnostics = answer.diagnostics();
    let error = |error: &AuthorizationError| error.to_string();
    (answer.decision(), diagnostics.reason().cloned().collect(), diagnostics.errors().map(error).collect())
}

/// The policies, each with its place as its id.
fn set<T: AsRef<str>>(texts: &[T]) -> PolicySet {
    let policies = texts.iter().enumerate().map(|(n, text)| {
        Policy::parse(Some(PolicyId::new(n.to_string())), text.as_ref())
            .unwrap_or_else(|e| panic!("{}: {e}", text.as_ref()))
    });
    PolicySet::from_policies(policies).unwrap()
}

/// Sets of policies with all forms of scopes, about the people and workspaces of the random cases. Some of them fail.
fn policies() -> impl Strategy<Value = Vec<String>> {
    let names =
        |kind: &'static str, of: &'static [&'static str]| select(of).prop_map(move |id| format!("{kind}::\"{id}\""));
    let somebody = prop_oneof![
        3 => names("Engineer", &["ada", "bob"]),
        2 => names("Team", &["support", "billing", "nobody"]),
        2 => names("Member", &["acme/olga", "globex/olga", "acme/otto"]),
    ];
    let principal = scope("principal", &["Engineer", "Member", "Team"], somebody.boxed());
    let place =
        prop_oneof![4 => names("Workspace", &["acme", "globex", "gone"]), 1 => Just("Team::\"support\"".into())];
    let resource = scope("resource", &["Workspace", "Member"], place.boxed());
    let action = prop_oneof![
        2 => Just("action".to_owned()),
        2 => select(&["Read", "Write", "StartSession", "CreateGrant"][..]).prop_map(|a| format!("action == Action::\"{a}\"")),
        1 => select(&["Access", "SupportAccess", "GiveConsent"][..]).prop_map(|a| format!("action in Action::\"{a}\"")),
        1 => Just("action in [Action::\"Read\", Action::\"GiveConsent\"]".to_owned()),
    ];
    let condition = select(
        &[
            "",
            "when { false }",
            "when { resource.plan == \"business\" }",
            "when { principal.organization == \"vendor\" }",
            "unless { context.chained }",
            "when { context.grant.ticket == \"SUP-1\" }",
        ][..],
    );
    let policy = (select(&["permit", "forbid"][..]), principal, action, resource, condition)
        .prop_map(|(effect, who, what, place, when)| format!("{effect} ({who}, {what}, {place}) {when};"));
    proptest::collection::vec(policy, 0..12)
}

/// One part of a scope: anything, a kind, this one, in this one, or a kind in this one.
fn scope(
    part: &'static str,
    kinds: &'static [&'static str],
    names: BoxedStrategy<String>,
) -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(part.to_owned()),
        1 => select(kinds).prop_map(move |kind| format!("{part} is {kind}")),
        2 => names.clone().prop_map(move |name| format!("{part} == {name}")),
        2 => names.clone().prop_map(move |name| format!("{part} in {name}")),
        1 => (select(kinds), names).prop_map(move |(kind, name)| format!("{part} is {kind} in {name}")),
    ]
}
