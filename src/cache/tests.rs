//! Stories about the cached grant table, on a real store: ada has a session in acme, as olga.
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::directory::{Directory, NotAdmitted};
use super::fill::finish;
use super::follow::{Follower, follow};
use crate::audit::{Event, Kind};
use crate::config;
use crate::domain::engineer::Engineer;
use crate::domain::grant::{Access, Grant, Origin};
use crate::domain::id::{GrantId, SessionId};
use crate::domain::member::{Member, Role};
use crate::domain::refusal::Code;
use crate::domain::session::{BasisId, Ended, Session};
use crate::domain::time::{Clock, Span, Timestamp, Uptime};
use crate::domain::workspace::{EmergencyAccess, Plan, Workspace};
use crate::identity::{SecretHash, SessionToken};
use crate::store::{Change, Feed, Store, Write, engineers, grants, members, sessions, workspaces};
use crate::telemetry::metrics::Metrics;

/// Longer than any wait of these stories: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait before looking again.
const A_MOMENT: Duration = Duration::from_millis(1);
/// How long to see that something does not happen.
const A_WHILE: Duration = Duration::from_millis(200);

struct World {
    folder: TempDir,
    store: Store,
    feed: Arc<Feed>,
    directory: Arc<Directory>,
    clock: Arc<Clock>,
    grant: Grant,
    stop: CancellationToken,
}

impl World {
    /// A store with all that a session needs, and a table that nobody keeps current yet.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, clock) = (open(&folder).await, Clock::system());
        let grant = grant(clock.now());
        let mut tx = store.write().await.unwrap();
        workspaces::put(&mut tx, &acme()).await.unwrap();
        members::put(&mut tx, &olga(Role::Owner), clock.now()).await.unwrap();
        engineers::put(&mut tx, &ada()).await.unwrap();
        grants::insert(&mut tx, &grant).await.unwrap();
        commit(tx, Change::Grant(acme().id, grant.id.clone())).await;
        let directory = Directory::new(store.clone(), Arc::clone(&clock), LEASE, Metrics::new());
        let (feed, stop) = (Arc::new(Feed::new()), CancellationToken::new());
        Self { folder, store, feed, directory, clock, grant, stop }
    }

    /// Keeps the table current, and waits until it is.
    async fn followed(self) -> Self {
        let tasks = TaskTracker::new();
        let stop = self.stop.clone();
        tasks.spawn(follow(Arc::clone(&self.directory), self.feed.subscribe(), tasks.clone(), stop));
        while !self.directory.is_fresh() {
            tokio::time::sleep(A_MOMENT).await;
        }
        self
    }

    async fn enter(&self) -> (SessionId, SecretHash) {
        let (session, token) = (session(&self.grant, self.clock.now()), SessionToken::mint().hash());
        let mut tx = self.store.write().await.unwrap();
        sessions::insert(&mut tx, &session, &token).await.unwrap();
        let sequence = commit(tx, Change::Session(acme().id, session.id.clone())).await;
        self.feed.announce(sequence).await;
        (session.id, token)
    }

    /// Ends a session without telling anybody; returns the number to announce.
    async fn end(&self, store: &Store, id: &SessionId) -> i64 {
        let ended = Ended { at: self.clock.now(), cause: Code::GrantRevoked };
        let mut tx = store.write().await.unwrap();
        sessions::end(&mut tx, id, &ended).await.unwrap();
        commit(tx, Change::SessionEnded(acme().id, id.clone(), ended.cause)).await
    }

    /// Waits for an announcement's acknowledgement in the background.
    fn announce(&self, sequence: i64) -> tokio::task::JoinHandle<u64> {
        let feed = Arc::clone(&self.feed);
        TaskTracker::new().spawn(async move { feed.announce(sequence).await.streams_cut })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

const LEASE: Span = Span::from_seconds(2);

async fn open(folder: &TempDir) -> Store {
    Store::open(&config::Store { path: folder.path().join("state.db"), lease: LEASE }).await.unwrap()
}

async fn commit(mut tx: Write, change: Change) -> i64 {
    tx.change(&change).await.unwrap();
    tx.commit(&Event::new(Timestamp::from_millis(0), Kind::SessionStarted)).await.unwrap()
}

fn acme() -> Workspace {
    Workspace {
        id: "acme".parse().unwrap(),
        name: "Acme".into(),
        plan: Plan::Business,
        forced_sso: false,
        region: String::new(),
        emergency_access: EmergencyAccess::Never,
        labels: BTreeSet::new(),
    }
}

fn olga(role: Role) -> Member {
    let (id, email) = ("olga".parse().unwrap(), "olga@acme.example".parse().unwrap());
    Member { workspace: acme().id, id, email, role }
}

fn ada() -> Engineer {
    Engineer {
        id: "ada".parse().unwrap(),
        email: "ada@vendor.example".parse().unwrap(),
        name: "Ada".into(),
        groups: ["support".to_owned()].into(),
        organization: "vendor".into(),
        disabled: false,
    }
}

fn grant(now: Timestamp) -> Grant {
    Grant {
        id: GrantId::mint(now),
        workspace: acme().id,
        subject: olga(Role::Owner).id,
        access: Access::Full,
        origin: Origin::Direct,
        starts_at: now,
        expires_at: Some(now.plus(Span::from_seconds(86_400))),
        engineers: None,
        groups: None,
        organization: None,
        ticket: None,
        purpose: None,
        scope: None,
        created_at: now,
        revoked_at: None,
        revoked_by: None,
        revision: 1,
    }
}

fn session(grant: &Grant, now: Timestamp) -> Session {
    Session {
        id: SessionId::mint(now),
        workspace: grant.workspace.clone(),
        subject: grant.subject.clone(),
        engineer: ada().id,
        basis: BasisId::Grant(grant.id.clone()),
        reason: "the export hangs".into(),
        ticket: None,
        started_at: now,
        expires_at: now.plus(Span::from_seconds(3600)),
        last_seen_at: now,
        mfa_at: None,
        signed_by: None,
        ended: None,
    }
}

#[tokio::test]
async fn nobody_is_admitted_before_the_first_good_read_nor_after_the_lease() {
    let world = World::new().await;
    let (_, token) = world.enter().await;
    let asked = async || world.directory.session(token).await.map(drop);
    assert_eq!(asked().await, Err(NotAdmitted::Stale));
    let lease = &world.directory.lease;
    lease.renew(Uptime::from_nanos(world.clock.uptime().as_nanos() - 2_000_000_000));
    assert_eq!(asked().await, Err(NotAdmitted::Stale), "the last good read began one lease ago");
    lease.renew(world.clock.uptime());
    assert_eq!(asked().await, Ok(()));
    assert_eq!(world.directory.session(SessionToken::mint().hash()).await.map(drop), Err(NotAdmitted::Unknown));
}

#[tokio::test]
async fn what_was_read_before_a_revoke_never_counts_after_it() {
    let world = World::new().await.followed().await;
    let (id, token) = world.enter().await;
    let before = world.directory.generations.snapshot();
    let read_too_early = world.store.admission(&token).await.unwrap().unwrap();

    world.feed.announce(world.end(&world.store, &id).await).await;
    let entry = finish(&world.directory, before, read_too_early).unwrap();
    assert!(!world.directory.stands(&entry));
    assert!(world.directory.live().is_empty(), "an end that was acted on leaves nobody behind");
    let refused = world.directory.session(token).await.map(drop);
    assert_eq!(refused, Err(NotAdmitted::Ended(Code::GrantRevoked)));
}

#[tokio::test]
async fn a_revoke_waits_until_nothing_is_entering_however_often_it_is_announced() {
    let world = World::new().await.followed().await;
    let (id, token) = world.enter().await;
    let live = Arc::clone(&world.directory.session(token).await.unwrap().live);
    let (entering, stream) = (live.enter().unwrap(), live.enter().unwrap().into_stream());

    let sequence = world.end(&world.store, &id).await;
    let mut first = world.announce(sequence);
    assert_eq!(live.ended().await, Code::GrantRevoked, "what streams hears of it at once");
    let mut again = world.announce(sequence);
    let mut later = world.announce(world.end(&world.store, &SessionId::mint(world.clock.now())).await);
    for ack in [&mut first, &mut again, &mut later] {
        assert!(tokio::time::timeout(A_WHILE, ack).await.is_err(), "something is still entering");
    }
    drop(entering);
    let acks = async { (first.await.unwrap(), again.await.unwrap(), later.await.unwrap()) };
    let (first, again, later) = tokio::time::timeout(PATIENCE, acks).await.unwrap();
    assert_eq!((first, again, later), (2, 0, 0), "what was cut is counted once");
    drop(stream);
}

#[tokio::test]
async fn a_change_that_ends_nothing_is_seen_by_the_next_request_and_by_streams() {
    let world = World::new().await.followed().await;
    let (_, token) = world.enter().await;
    let entry = world.directory.session(token).await.unwrap();
    let mut changes = world.directory.changes(&entry);
    entry.live.jar().store(cookie(), world.clock.now());

    let mut tx = world.store.write().await.unwrap();
    members::put(&mut tx, &olga(Role::Member), world.clock.now()).await.unwrap();
    let sequence = commit(tx, Change::Member(olga(Role::Member).key())).await;
    world.feed.announce(sequence).await;
    tokio::time::timeout(PATIENCE, changes.changed()).await.expect("streams hear of it");
    assert!(!world.directory.stands(&entry));
    let now = world.directory.session(token).await.unwrap();
    assert_eq!(now.subject.role, Role::Member);
    assert!(!now.live.jar().is_empty(), "the session lives on, with its cookies");
}

fn cookie() -> super::StoredCookie {
    super::StoredCookie {
        name: "sid".into(),
        value: "1".into(),
        host: "app.example.com".into(),
        path: "/".into(),
        expires_at: None,
    }
}

#[tokio::test]
async fn a_change_by_another_process_is_picked_up() {
    let world = World::new().await.followed().await;
    let (id, token) = world.enter().await;
    let live = Arc::clone(&world.directory.session(token).await.unwrap().live);
    world.end(&open(&world.folder).await, &id).await;
    assert_eq!(tokio::time::timeout(PATIENCE, live.ended()).await, Ok(Code::GrantRevoked));
    let refused = world.directory.session(token).await.map(drop);
    assert_eq!(refused, Err(NotAdmitted::Ended(Code::GrantRevoked)));
}

#[tokio::test]
async fn a_gap_in_the_feed_makes_everything_old() {
    let world = World::new().await;
    let mut follower = Follower::new(Arc::clone(&world.directory), TaskTracker::new());
    follower.catch_up().await.unwrap();
    let (id, token) = world.enter().await;
    follower.catch_up().await.unwrap();
    let entry = world.directory.session(token).await.unwrap();

    world.end(&world.store, &id).await;
    let mut tx = world.store.write().await.unwrap();
    for _ in 0..10_000 {
        tx.change(&Change::Engineer("ben".parse().unwrap())).await.unwrap();
    }
    commit(tx, Change::Engineer("ben".parse().unwrap())).await;
    world.store.prune(world.clock.now()).await.unwrap();
    follower.catch_up().await.unwrap();

    assert!(!world.directory.stands(&entry));
    let refused = world.directory.session(token).await.map(drop);
    assert_eq!(refused, Err(NotAdmitted::Ended(Code::GrantRevoked)));
    assert_eq!(entry.live.cause(), Some(Code::GrantRevoked), "its streams end with it");
}

/// Promise 1: 64 tasks against 200 toggles.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_admitted_after_the_acknowledgement() {
    const TOGGLES: u64 = 200;
    let world = World::new().await.followed().await;
    let shown = Arc::new(Mutex::new((0, SessionToken::mint().hash())));
    let (acked, admitted) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut engineers = Vec::new();
    for _ in 0..64 {
        let (directory, shown) = (Arc::clone(&world.directory), Arc::clone(&shown));
        let (acked, admitted) = (Arc::clone(&acked), Arc::clone(&admitted));
        engineers.push(TaskTracker::new().spawn(async move {
            let mut too_late = 0;
            while acked.load(Ordering::SeqCst) < TOGGLES {
                let (toggle, token) = *shown.lock().unwrap();
                if let Ok(entry) = directory.session(token).await
                    && let Ok(entering) = entry.live.enter()
                {
                    tokio::task::yield_now().await;
                    too_late += u64::from(acked.load(Ordering::SeqCst) >= toggle);
                    admitted.fetch_add(1, Ordering::SeqCst);
                    drop(entering);
                    tokio::task::yield_now().await;
                } else {
                    tokio::time::sleep(A_MOMENT).await;
                }
            }
            too_late
        }));
    }
    for toggle in 1..=TOGGLES {
        let (id, token) = world.enter().await;
        *shown.lock().unwrap() = (toggle, token);
        let before = admitted.load(Ordering::SeqCst);
        while admitted.load(Ordering::SeqCst) == before {
            tokio::time::sleep(A_MOMENT).await;
        }
        world.feed.announce(world.end(&world.store, &id).await).await;
        acked.store(toggle, Ordering::SeqCst);
    }
    for engineer in engineers {
        assert_eq!(engineer.await.unwrap(), 0, "admitted after the acknowledgement");
    }
    assert!(world.directory.live().is_empty(), "no session is left behind");
}
