//! The guardrails said once more in plain Rust, against random facts.
use std::sync::LazyLock;

use cedar_policy::{Authorizer, Decision as Answer, Effect as CedarEffect, Policy, PolicyId, PolicySet};
use proptest::prelude::*;

use super::case::{Action, BasisKind, Case, Decision};
use super::random::{DAY, cases};
use super::testing::with_request;
use super::{play, testing};
use crate::domain::action::{ControlAction, JudgedBy};
use crate::domain::effect::Effect;
use crate::domain::grant::Access;
use crate::domain::id::{MemberId, MemberKey, WorkspaceId};
use crate::domain::member::Role;
use crate::domain::time::Span;
use crate::domain::workspace::{EmergencyAccess, Plan};
use crate::policy::{Bundle, DecisionRecord};

static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| Bundle::builtin().unwrap());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_policies_say_what_the_plain_sentences_say(case in cases()) {
        let outcome = play::play(&BUNDLE, &case).unwrap();
        prop_assert_eq!(outcome.decision == Decision::Allow, permitted(&case), "{:?}", outcome);
    }

    #[test]
    fn the_policies_stay_between_their_bounds(case in cases()) {
        let allowed = play::play(&BUNDLE, &case).unwrap().decision == Decision::Allow;
        let (mut never, mut always) = (false, false);
        with_request(&case, |request, entities| {
            let decide = |set| Authorizer::new().is_authorized(request, set, entities).decision();
            (never, always) = (decide(&BOUNDS.never) == Answer::Deny, decide(&BOUNDS.always) == Answer::Allow);
        });
        prop_assert!(!allowed || !never, "permitted beyond the upper bounds");
        prop_assert!(allowed || !always, "refused below the lower bounds");
    }

    #[test]
    fn the_policies_about_an_action_answer_as_all_of_them(case in cases()) {
        with_request(&case, |request, entities| {
            let all = Authorizer::new().is_authorized(request, BUNDLE.policies.whole(), entities);
            assert_eq!(BUNDLE.ask(request, entities), all);
        });
    }

    /// Promise 10: a decision is a function of its recorded facts.
    #[test]
    fn recorded_facts_decide_the_same_again(case in cases()) {
        let replayed = match case.action {
            Action::Data(_) => replayed,
            Action::Control(action) if action.judged_by() == JudgedBy::Work => replayed_work,
            Action::Control(_) => return Ok(()),
        };
        let first = record(&case);
        let again = record(&replayed(&first.facts));
        let said = |record: DecisionRecord| (record.allow, record.code, record.policies, record.facts);
        prop_assert_eq!(said(first), said(again));
    }
}

fn record(case: &Case) -> DecisionRecord {
    match play::decide(&BUNDLE, case).unwrap() {
        Ok(decision) => decision,
        Err(refused) => refused.decision,
    }
}

/// The recorded facts of an engineer's work as a case of their own.
fn replayed_work(facts: &str) -> Case {
    let facts: serde_json::Value = serde_json::from_str(facts).unwrap();
    let mut case = testing::case(&serde_json::json!({"action": facts["action"], "at": facts["now"]}).to_string());
    case.engineer = serde_json::from_value(facts["engineer"].clone()).unwrap();
    case.workspace = serde_json::from_value(facts["workspace"].clone()).unwrap();
    case.work = serde_json::from_value(facts["work"].clone()).unwrap();
    case
}

/// The recorded facts of a request as a case of their own.
fn replayed(facts: &str) -> Case {
    let mut facts: serde_json::Value = serde_json::from_str(facts).unwrap();
    let fields = facts.as_object_mut().unwrap();
    fields.remove("errors");
    let now = fields.remove("now").unwrap();
    fields.insert("at".into(), now);
    let basis = if fields.contains_key("emergency") { "emergency" } else { "grant" };
    fields.insert("basis".into(), basis.into());
    fields["http"].as_object_mut().unwrap().remove("effect");
    // What a record leaves out was not there, whatever the world has.
    for field in ["expires_at", "engineers", "groups", "organization", "ticket"] {
        if let Some(grant) = fields.get_mut("grant").and_then(serde_json::Value::as_object_mut) {
            grant.entry(field).or_insert(serde_json::Value::Null);
        }
    }
    testing::case(&facts.to_string())
}

/// What bounds the shipped set: it permits nothing that `never` denies, and everything that `always` permits.
struct Bounds {
    never: PolicySet,
    always: PolicySet,
}

static BOUNDS: LazyLock<Bounds> = LazyLock::new(|| {
    let texts = [
        include_str!("../../../policies/invariants/guardrails.cedar"),
        include_str!("../../../policies/invariants/segment.cedar"),
    ];
    let all: PolicySet = texts.concat().parse().unwrap();
    let (never, always): (Vec<_>, Vec<_>) = all.policies().cloned().partition(|p| p.effect() == CedarEffect::Forbid);
    let everything = Policy::parse(None, "permit (principal, action, resource);").unwrap();
    let never = never.into_iter().chain([everything.new_id(PolicyId::new("everything"))]);
    Bounds { never: PolicySet::from_policies(never).unwrap(), always: PolicySet::from_policies(always).unwrap() }
});

/// Whether the guardrails and the segment profile permit `case`: their sentences, in plain Rust.
fn permitted(case: &Case) -> bool {
    match case.action {
        Action::Data(Effect::LoginAs | Effect::Consent) => false,
        Action::Data(effect) => {
            let session = key(&case.session.workspace, &case.session.subject);
            let known = session == key(&case.subject.workspace, &case.subject.id);
            let scope = case.basis == BasisKind::Emergency || case.covers_path;
            let looking = effect == Effect::Read || case.basis == BasisKind::Emergency;
            known && scope && (looking || case.grant.access == Access::Full) && supported(case, &session)
        }
        Action::Control(action) => match action.judged_by() {
            JudgedBy::Start => supported(case, &key(&case.subject.workspace, &case.subject.id)),
            JudgedBy::Consent => decided_by_owner(case, action),
            JudgedBy::Work => proper_work(case, action),
        },
    }
}

fn proper_work(case: &Case, action: ControlAction) -> bool {
    use ControlAction as A;
    let work = &case.work;
    let here = work.subject.as_ref().is_none_or(|subject| subject.workspace == case.workspace.id);
    let some_time = work.lasts.is_none_or(|lasts| lasts.as_millis() > 0);
    let emergency = matches!(action, A::StartEmergency | A::ApproveEmergency);
    let another = work.declared_by.as_ref().is_some_and(|declarer| declarer.id != case.engineer.id);
    here && some_time
        && (!case.workspace.forced_sso || matches!(action, A::WorkSupportRequest | A::ReviewEmergency))
        && (!emergency || case.workspace.emergency_access == EmergencyAccess::Allowed)
        && (action != A::StartEmergency || !work.unreviewed)
        && (another || !matches!(action, A::ApproveEmergency | A::ReviewEmergency))
}

fn key(workspace: &WorkspaceId, id: &MemberId) -> MemberKey {
    MemberKey { workspace: workspace.clone(), id: id.clone() }
}

/// Whether the basis carries the engineer here, now, as `subject`.
fn supported(case: &Case, subject: &MemberKey) -> bool {
    let basis = match case.basis {
        BasisKind::None => false,
        BasisKind::Grant => granted(case, subject),
        BasisKind::Emergency => {
            let emergency = &case.emergency;
            key(&emergency.workspace, &emergency.subject) == *subject
                && emergency.declared_by == case.engineer.id
                && emergency.approved_by != case.engineer.id
                && case.at < emergency.expires_at
                && case.workspace.emergency_access == EmergencyAccess::Allowed
        }
    };
    basis && !case.workspace.forced_sso && !case.chained && subject.workspace == case.workspace.id
}

fn granted(case: &Case, subject: &MemberKey) -> bool {
    let (grant, engineer) = (&case.grant, &case.engineer);
    let named = grant.engineers.as_ref().is_none_or(|ids| ids.contains(&engineer.id))
        && grant.groups.as_ref().is_none_or(|names| names.iter().any(|name| engineer.groups.contains(name)))
        && grant.organization.as_ref().is_none_or(|name| *name == engineer.organization);
    let window = grant.expires_at.is_some_and(|end| {
        grant.starts_at <= case.at && case.at < end && end.since(grant.starts_at).as_millis() <= 7 * DAY
    });
    let lent = key(&grant.workspace, &grant.subject) == *subject && case.subject.role == Role::Owner;
    named && window && lent && !grant.revoked
}

fn decided_by_owner(case: &Case, action: ControlAction) -> bool {
    use ControlAction as A;
    let gives = matches!(action, A::CreateGrant | A::ExtendGrant | A::ApproveRequest | A::OpenSupportRequest);
    let lasts = case.lasts.map(Span::as_millis);
    let sane = lasts.map_or(action == A::OpenSupportRequest, |span| 0 < span && span <= 7 * DAY);
    case.member.workspace == case.workspace.id
        && case.member.role == Role::Owner
        && (!gives || (sane && !case.impersonated && !case.workspace.forced_sso))
        && (action != A::ReadTrail || case.workspace.plan == Plan::Business)
}
