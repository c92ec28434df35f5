//! The control plane beside a small pure model of it, on random sequences of what people do: everybody is told the same,
//! and after each step the same requests pass.
//!
//! * `pure`: the model. Here: the real thing, and the comparison.
mod pure;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;

use super::*;
use crate::access::{engineers, expiry};
use crate::domain::effect::Effect;
use crate::domain::id::SessionId;
use crate::domain::time::Timestamp;
use crate::policy::{Asked, Http, Nouns, Prepared, decide_access};
use pure::{Model, Said, hours};

const MEMBERS: [&str; 3] = ["olga", "zoe", "max"];
const ENGINEERS: [&str; 2] = ["ada", "ben"];

/// What somebody does. Members, engineers, grants and sessions by their numbers.
#[derive(Debug, Clone)]
enum Op {
    Grant { by: usize, full: bool, lasts: i64, later: bool, naming: Option<usize>, inside: bool },
    Move { by: usize, grant: usize, lasts: i64 },
    Revoke { by: usize, grant: usize },
    Enter { who: usize, grant: usize },
    Leave { session: usize },
    ShowOut { by: usize, session: usize },
    ForcedSso(bool),
    Role { of: usize, role: Role },
    Disabled { who: usize, disabled: bool },
    Pass { minutes: i64 },
    Sweep,
}

fn ops() -> impl Strategy<Value = Op> {
    let (by, who, number) = (0..MEMBERS.len(), 0..ENGINEERS.len(), 0..8_usize);
    let lasts = || proptest::sample::select(&[1_i64, 24, 24, 168, 200][..]);
    let seldom = || proptest::bool::weighted(0.1);
    let role = proptest::sample::select(&[Role::Owner, Role::Owner, Role::Admin, Role::Member][..]);
    let naming = proptest::option::weighted(0.2, who.clone());
    prop_oneof![
        4 => (by.clone(), any::<bool>(), lasts(), seldom(), naming, seldom())
            .prop_map(|(by, full, lasts, later, naming, inside)| Op::Grant { by, full, lasts, later, naming, inside }),
        2 => (by.clone(), number.clone(), lasts()).prop_map(|(by, grant, lasts)| Op::Move { by, grant, lasts }),
        2 => (by.clone(), number.clone()).prop_map(|(by, grant)| Op::Revoke { by, grant }),
        6 => (who.clone(), number.clone()).prop_map(|(who, grant)| Op::Enter { who, grant }),
        1 => number.clone().prop_map(|session| Op::Leave { session }),
        1 => (by.clone(), number).prop_map(|(by, session)| Op::ShowOut { by, session }),
        1 => any::<bool>().prop_map(Op::ForcedSso),
        2 => (by, role).prop_map(|(of, role)| Op::Role { of, role }),
        1 => (who, any::<bool>()).prop_map(|(who, disabled)| Op::Disabled { who, disabled }),
        3 => proptest::sample::select(&[7_i64, 31, 121, 1501][..]).prop_map(|minutes| Op::Pass { minutes }),
        1 => Just(Op::Sweep),
    ]
}

/// The real control plane, and what the numbers stand for.
struct Real<'a> {
    world: &'a World,
    place: WorkspaceId,
    members: Vec<Actor>,
    engineers: Vec<Actor>,
    grants: Vec<Grant>,
    sessions: Vec<Started>,
}

impl<'a> Real<'a> {
    /// A workspace that nobody knows yet.
    async fn new(world: &'a World) -> Self {
        let place = SessionId::mint(world.access.clock.now()).to_string();
        workspaces::put(&world.access, &world.directory, workspace(&place)).await.unwrap();
        let mut real = Self {
            world,
            place: ws(&place),
            members: Vec::new(),
            engineers: Vec::new(),
            grants: Vec::new(),
            sessions: Vec::new(),
        };
        for (id, role) in MEMBERS.into_iter().zip(Model::new().roles) {
            real.members.push(world.member(&place, id, role).await);
        }
        for id in ENGINEERS {
            engineers::put(&world.access, &world.directory, &id.parse().unwrap(), false).await.unwrap();
            real.engineers.push(world.engineer(id).await);
        }
        real
    }

    async fn apply(&mut self, op: &Op) -> Result<(), AccessError> {
        let Self { world: World { access, directory, .. }, place, .. } = self;
        match *op {
            Op::Grant { by, full, lasts, later, naming, inside } => {
                let new = NewGrant {
                    starts_at: later.then(|| access.clock.now().plus(hours(2))),
                    access: if full { Reach::Full } else { Reach::ReadOnly },
                    engineers: naming.map(|who| vec![ENGINEERS[who].parse().unwrap()]),
                    ..for_a(hours(lasts))
                };
                let mut who = self.members[by].clone();
                if let Actor::Member(who) = &mut who {
                    who.impersonated = inside;
                }
                self.grants.push(consent::create(access, &who, place, new, None).await?);
            }
            Op::Move { by, grant, lasts } => {
                let (who, grant) = (&self.members[by], &mut self.grants[grant]);
                *grant = consent::change(access, who, place, &grant.id, Lasting::For(hours(lasts))).await?;
            }
            Op::Revoke { by, grant } => {
                consent::revoke(access, &self.members[by], place, &self.grants[grant].id).await?;
            }
            Op::Enter { who, grant } => {
                let entry = NewSession { workspace: place.clone(), ..entry("acme", Some(&self.grants[grant].id)) };
                self.sessions.push(entering::start(access, &self.engineers[who], entry, None).await?);
            }
            Op::Leave { session } => {
                let session = &self.sessions[session].session;
                let who = ENGINEERS.iter().position(|id| *id == session.engineer.as_str()).unwrap();
                entering::end(access, &self.engineers[who], &session.id).await?;
            }
            Op::ShowOut { by, session } => {
                let id = &self.sessions[session].session.id;
                entering::end_for_member(access, &self.members[by], place, id).await?;
            }
            Op::ForcedSso(forced_sso) => {
                let new = Workspace { forced_sso, ..workspace(place.as_str()) };
                workspaces::put(access, directory, new).await?;
            }
            Op::Role { of, role } => {
                let email = format!("{}@{place}.example", MEMBERS[of]).parse().unwrap();
                let id = MEMBERS[of].parse().unwrap();
                members::put(access, directory, Member { workspace: place.clone(), id, email, role }).await?;
            }
            Op::Disabled { who, disabled } => {
                engineers::put(access, directory, &ENGINEERS[who].parse().unwrap(), disabled).await?;
            }
            Op::Pass { minutes } => access.clock.shift(Span::from_seconds(minutes * 60)),
            Op::Sweep => expiry::round(access).await?,
        }
        Ok(())
    }

    /// Whether a request of that session passes, as the data plane finds it.
    async fn passes(&self, session: usize, write: bool, now: Timestamp) -> bool {
        let access = &self.world.access;
        let token = self.sessions[session].token.hash();
        let Some(admission) = access.store.admission(&token).await.unwrap() else { return false };
        let session = admission.session;
        let over = session.expires_at <= now || session.last_seen_at.plus(access.sessions.idle) <= now;
        let Some(subject) = admission.subject.filter(|_| session.ended.is_none() && !over) else { return false };
        let last_seen_at = session.last_seen_at;
        let nouns = Nouns {
            engineer: Arc::new(admission.engineer),
            workspace: Arc::new(admission.workspace),
            subject: Arc::new(subject),
            session: Arc::new(session),
            basis: admission.basis,
        };
        let (effect, method) = if write { (Effect::Write, "POST") } else { (Effect::Read, "GET") };
        let (labels, ip) = (&BTreeSet::new(), [127, 0, 0, 1].into());
        let http = Http { method, host: "app.example", path: "/a", effect, labels, ip };
        let asked = Asked { now, last_seen_at, http, covers_path: true, chained: false };
        decide_access(&access.engine.current(), &Prepared::new(nouns).unwrap(), &asked).is_ok()
    }
}

fn said(result: Result<(), AccessError>) -> Said {
    match result {
        Ok(()) => Ok(()),
        Err(AccessError::Refused(refusal)) => Err(refusal.code),
        Err(other) => panic!("{other:?}"),
    }
}

/// The same with numbers of what there is; none: there is nothing of that kind yet.
fn fitting(op: Op, model: &Model) -> Option<Op> {
    let of = |number: usize, count: usize| number.checked_rem(count);
    let (grants, sessions) = (model.grants.len(), model.sessions.len());
    Some(match op {
        Op::Move { by, grant, lasts } => Op::Move { by, grant: of(grant, grants)?, lasts },
        Op::Revoke { by, grant } => Op::Revoke { by, grant: of(grant, grants)? },
        Op::Enter { who, grant } => Op::Enter { who, grant: of(grant, grants)? },
        Op::Leave { session } => Op::Leave { session: of(session, sessions)? },
        Op::ShowOut { by, session } => Op::ShowOut { by, session: of(session, sessions)? },
        other => other,
    })
}

async fn compare(world: &World, ops: Vec<Op>) {
    let (mut model, mut real) = (Model::new(), Real::new(world).await);
    for op in ops {
        let Some(op) = fitting(op, &model) else { continue };
        let told = said(real.apply(&op).await);
        assert_eq!(told, model.apply(&op, world.access.clock.now()), "{op:?} of {model:#?}");
        same_moments(&mut model, &real);
        for session in 0..model.sessions.len() {
            for write in [false, true] {
                let now = world.access.clock.now();
                let (expected, found) = (model.passes(session, write, now), real.passes(session, write, now).await);
                assert_eq!(found, expected, "session {session}, write: {write}, after {op:?}, at {now}: {model:#?}");
            }
        }
    }
}

/// The model reads the clock a moment later: it takes over the exact moments, if they are about its own.
fn same_moments(model: &mut Model, real: &Real<'_>) {
    let about = |mine: &mut Timestamp, real: Timestamp| {
        let apart = mine.since(real).as_millis().abs();
        assert!(apart < 30_000, "{mine} is {apart} ms from {real}");
        *mine = real;
    };
    for (mine, real) in model.grants.iter_mut().zip(&real.grants) {
        about(&mut mine.starts, real.starts_at);
        about(&mut mine.expires, real.expires_at.unwrap());
    }
    if let (Some(mine), Some(real)) = (model.sessions.last_mut(), real.sessions.last()) {
        about(&mut mine.started, real.session.started_at);
    }
}

#[test]
fn random_lives_go_as_in_the_model() {
    let runtime = Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    // A life takes as long as eight cases of other properties: 32 lives, or an eighth of `PROPTEST_CASES`.
    let usual = ProptestConfig::default();
    let mut runner = TestRunner::new(ProptestConfig { cases: usual.cases / 8, failure_persistence: None, ..usual });
    let lives = proptest::collection::vec(ops(), 1..25);
    let outcome = runner.run(&lives, |ops| {
        runtime.block_on(compare(&world, ops));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
