//! What people do, at random. Members, engineers, grants, requests, emergencies and sessions by their numbers.
use proptest::prelude::*;

use super::pure::Model;
use crate::domain::member::Role;

pub(super) const MEMBERS: [&str; 3] = ["olga", "zoe", "max"];
pub(super) const ENGINEERS: [&str; 2] = ["ada", "ben"];

/// What somebody does. `lasts` is in hours; `inside`: in the login of the member, as somebody else.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Grant { by: usize, full: bool, lasts: i64, later: bool, naming: Option<usize>, inside: bool },
    Move { by: usize, grant: usize, lasts: i64 },
    Revoke { by: usize, grant: usize },
    Ask { who: usize, of: Option<usize>, full: bool, lasts: i64 },
    Approve { by: usize, request: usize, full: Option<bool>, lasts: Option<i64>, inside: bool },
    Decline { by: usize, request: usize, inside: bool },
    Withdraw { who: usize, request: usize },
    Declare { who: usize, of: usize },
    Second { who: usize, emergency: usize },
    Review { who: usize, emergency: usize, justified: bool },
    Enter { who: usize, grant: usize },
    EnterInEmergency { who: usize, emergency: usize },
    Leave { session: usize },
    ShowOut { by: usize, session: usize },
    ForcedSso(bool),
    Never(bool),
    Role { of: usize, role: Role },
    Disabled { who: usize, disabled: bool },
    Pass { minutes: i64 },
    Sweep,
}

impl Op {
    /// The same with the number of something that there is; none: there is nothing of that kind yet.
    pub(super) fn fitting(mut self, model: &Model) -> Option<Self> {
        let (number, count) = match &mut self {
            Self::Move { grant, .. } | Self::Revoke { grant, .. } | Self::Enter { grant, .. } => {
                (grant, model.grants.len())
            }
            Self::Approve { request, .. } | Self::Decline { request, .. } | Self::Withdraw { request, .. } => {
                (request, model.requests.len())
            }
            Self::Second { emergency, .. }
            | Self::Review { emergency, .. }
            | Self::EnterInEmergency { emergency, .. } => (emergency, model.emergencies.len()),
            Self::Leave { session } | Self::ShowOut { session, .. } => (session, model.sessions.len()),
            Self::Grant { .. }
            | Self::Ask { .. }
            | Self::Declare { .. }
            | Self::ForcedSso(_)
            | Self::Never(_)
            | Self::Role { .. }
            | Self::Disabled { .. }
            | Self::Pass { .. }
            | Self::Sweep => return Some(self),
        };
        *number = number.checked_rem(count)?;
        Some(self)
    }
}

/// A life: what happens in one workspace, in order.
pub(super) fn lives() -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(
        prop_oneof![8 => grants(), 10 => requests(), 14 => emergencies(), 16 => the_rest()],
        1..32,
    )
}

fn member() -> std::ops::Range<usize> {
    0..MEMBERS.len()
}

fn engineer() -> std::ops::Range<usize> {
    0..ENGINEERS.len()
}

/// Of something that there is: which, counted around.
fn number() -> std::ops::Range<usize> {
    0..8
}

fn hours() -> impl Strategy<Value = i64> {
    proptest::sample::select(&[1_i64, 24, 24, 168, 200][..])
}

fn seldom() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.1)
}

fn now_and_then<T: Strategy>(what: T) -> impl Strategy<Value = Option<T::Value>> {
    proptest::option::weighted(0.2, what)
}

fn grants() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (member(), any::<bool>(), hours(), seldom(), now_and_then(engineer()), seldom())
            .prop_map(|(by, full, lasts, later, naming, inside)| Op::Grant { by, full, lasts, later, naming, inside }),
        2 => (member(), number(), hours()).prop_map(|(by, grant, lasts)| Op::Move { by, grant, lasts }),
        2 => (member(), number()).prop_map(|(by, grant)| Op::Revoke { by, grant }),
    ]
}

fn requests() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (engineer(), now_and_then(member()), any::<bool>(), hours())
            .prop_map(|(who, of, full, lasts)| Op::Ask { who, of, full, lasts }),
        4 => (member(), number(), now_and_then(any::<bool>()), now_and_then(hours()), seldom())
            .prop_map(|(by, request, full, lasts, inside)| Op::Approve { by, request, full, lasts, inside }),
        1 => (member(), number(), seldom()).prop_map(|(by, request, inside)| Op::Decline { by, request, inside }),
        1 => (engineer(), number()).prop_map(|(who, request)| Op::Withdraw { who, request }),
    ]
}

fn emergencies() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (engineer(), member()).prop_map(|(who, of)| Op::Declare { who, of }),
        4 => (engineer(), number()).prop_map(|(who, emergency)| Op::Second { who, emergency }),
        4 => (engineer(), number()).prop_map(|(who, emergency)| Op::EnterInEmergency { who, emergency }),
        2 => (engineer(), number(), any::<bool>())
            .prop_map(|(who, emergency, justified)| Op::Review { who, emergency, justified }),
    ]
}

fn the_rest() -> impl Strategy<Value = Op> {
    let role = proptest::sample::select(&[Role::Owner, Role::Owner, Role::Admin, Role::Member][..]);
    let shut = || proptest::bool::weighted(0.4);
    prop_oneof![
        6 => (engineer(), number()).prop_map(|(who, grant)| Op::Enter { who, grant }),
        1 => number().prop_map(|session| Op::Leave { session }),
        1 => (member(), number()).prop_map(|(by, session)| Op::ShowOut { by, session }),
        1 => shut().prop_map(Op::ForcedSso),
        1 => shut().prop_map(Op::Never),
        2 => (member(), role).prop_map(|(of, role)| Op::Role { of, role }),
        1 => (engineer(), shut()).prop_map(|(who, disabled)| Op::Disabled { who, disabled }),
        2 => proptest::sample::select(&[7_i64, 31, 121, 1501][..]).prop_map(|minutes| Op::Pass { minutes }),
        1 => Just(Op::Sweep),
    ]
}
