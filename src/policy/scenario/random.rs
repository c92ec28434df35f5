//! Random cases: most facts are usual, so that many cases are permitted and the others are refused for few reasons.
use std::sync::LazyLock;

use proptest::prelude::*;

use super::case::{Action, BasisKind, Case};
use super::testing;
use crate::domain::action::ControlAction;
use crate::domain::effect::Effect;
use crate::domain::grant::Access;
use crate::domain::member::Role;
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::{EmergencyAccess, Plan};
use crate::policy::facts::{EngineerFacts, MemberFacts};

static WORLD: LazyLock<Case> = LazyLock::new(|| testing::case(r#"{"action":"Read"}"#));

/// Milliseconds.
pub(super) const DAY: i64 = 86_400_000;

/// Mostly the first.
fn mostly<T: Clone + std::fmt::Debug + 'static>(usual: T, odd: Vec<T>) -> impl Strategy<Value = T> {
    prop_oneof![9 => Just(usual), 1 => proptest::sample::select(odd)]
}

fn action() -> impl Strategy<Value = Action> {
    let data = [Effect::Read, Effect::Write, Effect::Delete, Effect::LoginAs, Effect::Consent].map(Action::Data);
    let control = ControlAction::ALL.iter().copied().map(Action::Control);
    proptest::sample::select(data.into_iter().chain(control).collect::<Vec<_>>())
}

/// What concerns the workspace and the people.
fn people() -> impl Strategy<Value = Case> {
    let who = (mostly("ada", vec!["bob"]), mostly("support", vec!["billing"]), mostly("vendor", vec!["partner"]));
    let homes = (
        mostly("acme", vec!["globex"]),
        mostly("acme", vec!["globex"]),
        mostly("acme", vec!["globex"]),
        mostly("acme", vec!["globex"]),
    );
    let ids = (mostly("olga", vec!["otto"]), mostly("olga", vec!["otto"]));
    let roles = (mostly(Role::Owner, vec![Role::Admin, Role::Member]), mostly(Role::Owner, vec![Role::Admin]));
    let tenant = (
        mostly(false, vec![true]),
        mostly(EmergencyAccess::Allowed, vec![EmergencyAccess::Never]),
        mostly(Plan::Business, vec![Plan::Free, Plan::Team]),
    );
    (who, homes, ids, roles, tenant).prop_map(|(who, homes, ids, roles, tenant)| {
        let mut case = WORLD.clone();
        case.engineer.id = who.0.parse().unwrap();
        case.engineer.groups = [who.1.to_owned()].into();
        who.2.clone_into(&mut case.engineer.organization);
        case.workspace.id = homes.0.parse().unwrap();
        case.session.workspace = homes.1.parse().unwrap();
        case.subject.workspace = homes.2.parse().unwrap();
        case.member.workspace = homes.3.parse().unwrap();
        case.session.subject = ids.0.parse().unwrap();
        case.subject.id = ids.1.parse().unwrap();
        (case.subject.role, case.member.role) = roles;
        (case.workspace.forced_sso, case.workspace.emergency_access, case.workspace.plan) = tenant;
        case
    })
}

/// A moment some days from the case's, within what times can be, or at the ends of time.
fn moments() -> impl Strategy<Value = (i64, Option<i64>)> {
    let ends = prop_oneof![8 => (0..8 * DAY).prop_map(Some), 1 => Just(None), 1 => Just(Some(i64::MAX / 2))];
    (prop_oneof![9 => -7 * DAY..DAY, 1 => Just(i64::MIN / 2)], ends)
}

fn at(case: &Case, offset: i64) -> Timestamp {
    Timestamp::from_millis(case.at.as_millis().saturating_add(offset))
}

/// Cases of every action, most of them near the border.
pub(in crate::policy) fn cases() -> impl Strategy<Value = Case> {
    let grant = (
        (mostly("acme", vec!["globex"]), mostly("olga", vec!["otto"]), mostly(Access::Full, vec![Access::ReadOnly])),
        (mostly(false, vec![true]), moments()),
        (mostly(None, vec![Some("ada"), Some("bob")]), mostly(None, vec![Some("support"), Some("vip")])),
        mostly(None, vec![Some("vendor"), Some("partner")]),
    );
    let emergency = (
        (mostly("acme", vec!["globex"]), mostly("olga", vec!["otto"])),
        (mostly("ada", vec!["bob"]), mostly("bob", vec!["ada", "eve"]), -DAY / 8..DAY),
    );
    let flags = (mostly(false, vec![true]), mostly(true, vec![false]), mostly(false, vec![true]));
    let consent = (
        mostly(Some(Access::Full), vec![None]),
        mostly(Some(3 * DAY), vec![None, Some(0), Some(-1), Some(7 * DAY), Some(7 * DAY + 1)]),
    );
    let basis = prop_oneof![6 => Just(BasisKind::Grant), 3 => Just(BasisKind::Emergency), 1 => Just(BasisKind::None)];
    let work = (
        mostly("acme", vec!["globex"]),
        mostly(Some("bob"), vec![None, Some("ada")]),
        mostly(Some(DAY), vec![None, Some(0), Some(-1)]),
        mostly(false, vec![true]),
    );
    let beside = (flags, consent, basis, any::<std::net::IpAddr>(), work);
    (people(), action(), grant, emergency, beside).prop_map(|(mut case, action, grant, emergency, beside)| {
        case.action = action;
        case.grant.workspace = grant.0.0.parse().unwrap();
        case.grant.subject = grant.0.1.parse().unwrap();
        case.grant.access = grant.0.2;
        case.grant.revoked = grant.1.0;
        case.grant.starts_at = at(&case, grant.1.1.0);
        case.grant.expires_at =
            grant.1.1.1.map(|length| Timestamp::from_millis(case.grant.starts_at.as_millis().saturating_add(length)));
        case.grant.engineers = grant.2.0.map(|id| vec![id.parse().unwrap()]);
        case.grant.groups = grant.2.1.map(|name| vec![name.to_owned()]);
        case.grant.organization = grant.3.map(ToOwned::to_owned);
        case.emergency.workspace = emergency.0.0.parse().unwrap();
        case.emergency.subject = emergency.0.1.parse().unwrap();
        case.emergency.declared_by = emergency.1.0.parse().unwrap();
        case.emergency.approved_by = emergency.1.1.parse().unwrap();
        case.emergency.expires_at = at(&case, emergency.1.2);
        (case.chained, case.covers_path, case.impersonated) = beside.0;
        (case.access, case.lasts) = (beside.1.0, beside.1.1.map(Span::from_millis));
        case.basis = match (beside.2, action) {
            (BasisKind::None, Action::Data(_)) => BasisKind::Grant,
            (basis, _) => basis,
        };
        case.http.ip = beside.3;
        case.work.subject =
            case.work.subject.take().map(|subject| MemberFacts { workspace: beside.4.0.parse().unwrap(), ..subject });
        let declarer = case.work.declared_by.take();
        case.work.declared_by =
            beside.4.1.zip(declarer).map(|(id, facts)| EngineerFacts { id: id.parse().unwrap(), ..facts });
        (case.work.lasts, case.work.unreviewed) = (beside.4.2.map(Span::from_millis), beside.4.3);
        case
    })
}
