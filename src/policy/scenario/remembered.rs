//! What is remembered is what would be decided again: promise 10, with the decision cache and without.
use std::sync::LazyLock;

use proptest::prelude::*;

use super::case::{Action, BasisKind, Case};
use super::random::{DAY, cases};
use super::{play, testing};
use crate::config::Profile;
use crate::domain::effect::Effect;
use crate::domain::time::Timestamp;
use crate::policy::files::{self, Source};
use crate::policy::{Asked, Bundle, DecisionRecord, Prepared, Refused, decide_access, load};

/// The shipped set alone, and with policies that look at each of the facts that change between requests.
static BUNDLES: LazyLock<Vec<Bundle>> = LazyLock::new(|| {
    let looking = [
        "context.http.path like \"/admin*\"",
        "context.http.method == \"HEAD\" && context.http.labels.contains(\"billing\")",
        "context.http.host == \"b.example\"",
        "context.http.ip.isInRange(ip(\"10.0.0.0/8\"))",
        "context.now.toTime() < duration(\"12h\")",
        "context.now > context.session.last_seen_at.offset(duration(\"1h\"))",
        "context has http && context.http.path == \"/a\" && context.http.host == \"a.example\"",
    ];
    let own = looking.map(|fact| {
        format!("@id(\"own\") forbid (principal, action == Action::\"Read\", resource) when {{ {fact} }};")
    });
    let own = own.iter().map(|text| Some(Source::new("own.cedar", text)));
    let shipped = || files::base().into_iter().chain([files::profile(Profile::Segment)]);
    let with = |own: Option<Source>| load::check(&shipped().chain(own).collect::<Vec<_>>()).unwrap();
    std::iter::once(None).chain(own).map(with).collect()
});

/// What changes from one request to the next.
#[derive(Debug, Clone)]
struct Step {
    bundle: usize,
    effect: Effect,
    after: i64,
    idle: i64,
    method: &'static str,
    host: &'static str,
    path: &'static str,
    label: bool,
    ip: &'static str,
    flags: (bool, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let seldom = || proptest::bool::weighted(0.1);
    let effects =
        proptest::sample::select(&[Effect::Read, Effect::Read, Effect::Read, Effect::Write, Effect::Delete][..]);
    let texts = (
        proptest::sample::select(&["GET", "HEAD"][..]),
        proptest::sample::select(&["a.example", "b.example"][..]),
        proptest::sample::select(&["/a", "/b", "/admin/a"][..]),
        proptest::sample::select(&["10.1.2.3", "192.0.2.7"][..]),
    );
    let times = (prop_oneof![0..1000_i64, -8 * DAY..8 * DAY], prop_oneof![0..1000_i64, 0..DAY]);
    let step = (0..BUNDLES.len(), effects, times, texts, proptest::bool::ANY, (seldom(), seldom()));
    let step = step.prop_map(|(bundle, effect, (after, idle), (method, host, path, ip), label, flags)| Step {
        bundle,
        effect,
        after,
        idle,
        method,
        host,
        path,
        label,
        ip,
        flags,
    });
    proptest::collection::vec(step, 1..30)
}

fn at(case: &Case, step: &Step) -> Case {
    let mut case = case.clone();
    case.action = Action::Data(step.effect);
    case.at = Timestamp::from_millis(case.at.as_millis() + step.after);
    case.last_seen_at = Timestamp::from_millis(case.at.as_millis() - step.idle);
    (case.chained, case.covers_path) = (step.flags.0, !step.flags.1);
    step.method.clone_into(&mut case.http.method);
    step.host.clone_into(&mut case.http.host);
    step.path.clone_into(&mut case.http.path);
    case.http.labels = step.label.then(|| "billing".into()).into_iter().collect();
    case.http.ip = step.ip.parse().unwrap();
    case
}

type Said = (DecisionRecord, Option<String>);

fn said(bundle: &Bundle, prepared: &Prepared, asked: &Asked<'_>) -> Said {
    match decide_access(bundle, prepared, asked) {
        Ok(permit) => (permit.decision().clone(), None),
        Err(refused) => {
            let Refused { refusal, decision } = *refused;
            (decision, Some(format!("{refusal:?}")))
        }
    }
}

proptest! {
    // 256 sessions; `PROPTEST_CASES` says how many others.
    #[test]
    fn whoever_remembers_decides_as_whoever_does_not(case in cases(), steps in steps()) {
        let basis = if case.basis == BasisKind::None { BasisKind::Grant } else { case.basis };
        let case = Case { basis, ..case };
        let remembering = play::prepare(&case).unwrap();
        for step in &steps {
            let (case, bundle) = (at(&case, step), &BUNDLES[step.bundle]);
            let asked = play::asked(&case, step.effect);
            let (remembered, anew) = (said(bundle, &remembering, &asked), said(bundle, &play::prepare(&case).unwrap(), &asked));
            prop_assert_eq!(format!("{remembered:?}"), format!("{anew:?}"));
        }
    }
}

#[test]
fn a_permit_is_remembered_for_the_facts_that_policies_look_at_and_no_others() {
    let case = testing::case(r#"{"action":"Read"}"#);
    let prepared = play::prepare(&case).unwrap();
    let remembers =
        |bundle: &Bundle, case: &Case| prepared.decisions().recall(bundle, &play::asked(case, Effect::Read)).is_some();
    let elsewhere =
        Case { http: testing::case(r#"{"action":"Read","http":{"path":"/elsewhere"}}"#).http, ..case.clone() };
    let [shipped, by_path, .., by_clock, _, _] = &BUNDLES[..] else { panic!("the bundles above") };
    for bundle in [shipped, by_path, by_clock] {
        assert!(decide_access(bundle, &prepared, &play::asked(&case, Effect::Read)).is_ok());
    }
    assert!(remembers(shipped, &case) && remembers(shipped, &elsewhere));
    assert!(remembers(by_path, &case) && !remembers(by_path, &elsewhere));
    assert!(!remembers(by_clock, &case));
    let later = Case { at: case.grant.expires_at.unwrap(), ..case.clone() };
    assert!(!remembers(shipped, &later), "beyond the window of the grant");
}
