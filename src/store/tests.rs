//! Stories about the store.
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::audit::{Event, Kind};
use crate::config;
use crate::domain::engineer::Engineer;
use crate::domain::grant::{Access, Grant, Origin};
use crate::domain::id::{GrantId, MemberKey, SessionId, WorkspaceId};
use crate::domain::member::{Member, Role};
use crate::domain::refusal::Code;
use crate::domain::session::{BasisId, Ended, Session};
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::{EmergencyAccess, Plan, Workspace};
use crate::identity::SessionToken;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

async fn store(folder: &tempfile::TempDir) -> Store {
    let place = config::Store { path: folder.path().join("state.db"), lease: Span::from_seconds(2) };
    Store::open(&place).await.unwrap()
}

fn acme() -> Workspace {
    Workspace {
        id: "acme".parse().unwrap(),
        name: "Acme".into(),
        plan: Plan::Team,
        forced_sso: false,
        region: String::new(),
        emergency_access: EmergencyAccess::Never,
        labels: ["pilot".to_owned(), "eu".to_owned()].into(),
    }
}

fn olga() -> Member {
    let (id, email) = ("olga".parse().unwrap(), "olga@acme.example".parse().unwrap());
    Member { workspace: acme().id, id, email, role: Role::Owner }
}

fn ada() -> Engineer {
    Engineer {
        id: "auth0|ada".parse().unwrap(),
        email: "ada@vendor.example".parse().unwrap(),
        name: "Ada".into(),
        groups: ["support".to_owned()].into(),
        organization: "vendor".into(),
        disabled: false,
    }
}

fn grant() -> Grant {
    Grant {
        id: GrantId::mint(NOW),
        workspace: acme().id,
        subject: olga().id,
        access: Access::ReadOnly,
        origin: Origin::Direct,
        starts_at: NOW,
        expires_at: Some(NOW.plus(Span::from_seconds(86_400))),
        engineers: Some(vec![ada().id]),
        groups: Some(vec!["support".into()]),
        organization: None,
        ticket: Some("4711".into()),
        purpose: None,
        scope: Some(vec!["/reports/**".parse().unwrap()]),
        created_at: NOW,
        revoked_at: None,
        revoked_by: None,
        revision: 1,
    }
}

fn session(grant: &Grant) -> Session {
    Session {
        id: SessionId::mint(NOW),
        workspace: grant.workspace.clone(),
        subject: grant.subject.clone(),
        engineer: ada().id,
        basis: BasisId::Grant(grant.id.clone()),
        reason: "the export hangs".into(),
        ticket: None,
        started_at: NOW,
        expires_at: NOW.plus(Span::from_seconds(3600)),
        last_seen_at: NOW,
        mfa_at: None,
        signed_by: None,
        ended: None,
    }
}

fn event(kind: Kind) -> Event {
    Event { workspace: Some(acme().id), ..Event::new(NOW, kind) }
}

/// Everything that a session needs, and the session.
async fn with_session(store: &Store) -> (Grant, Session, SessionToken) {
    let (grant, token) = (grant(), SessionToken::mint());
    let session = session(&grant);
    let mut tx = store.write().await.unwrap();
    workspaces::put(&mut tx, &acme()).await.unwrap();
    members::put(&mut tx, &olga(), NOW).await.unwrap();
    engineers::put(&mut tx, &ada()).await.unwrap();
    grants::insert(&mut tx, &grant).await.unwrap();
    sessions::insert(&mut tx, &session, &token.hash()).await.unwrap();
    tx.change(&Change::Session(session.workspace.clone(), session.id.clone())).await.unwrap();
    tx.commit(&event(Kind::SessionStarted)).await.unwrap();
    (grant, session, token)
}

#[tokio::test]
async fn the_file_is_ours_alone_and_a_restart_finds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(&folder).await;
    let (grant, session, token) = with_session(&first).await;
    for name in ["state.db", "state.db-wal"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    first.close().await;

    let found = store(&folder).await.admission(&token.hash()).await.unwrap().unwrap();
    assert_eq!((found.workspace, found.engineer, found.subject), (acme(), ada(), Some(olga())));
    assert_eq!(found.basis.grant(), Some(&grant));
    assert_eq!((found.session.id, found.session.expires_at), (session.id, session.expires_at));
}

#[tokio::test]
async fn what_is_not_committed_never_was_neither_the_state_nor_its_event() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let mut tx = store.write().await.unwrap();
    workspaces::put(&mut tx, &acme()).await.unwrap();
    tx.event(&event(Kind::WorkspaceChanged)).await.unwrap();
    tx.change(&Change::Workspace(acme().id)).await.unwrap();
    drop(tx);
    let mut read = store.read().await.unwrap();
    assert!(workspaces::find(&mut read, &acme().id).await.unwrap().is_none());
    assert!(store.unrelayed().await.unwrap().is_empty());
    assert_eq!(store.latest_change().await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_committed_has_its_event_and_its_change() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let changes = [
        Change::Workspace(acme().id),
        Change::Member(olga().key()),
        Change::Engineer(ada().id),
        Change::Grant(acme().id, GrantId::mint(NOW)),
        Change::Session(acme().id, SessionId::mint(NOW)),
        Change::SessionEnded(acme().id, SessionId::mint(NOW), Code::Vendor("closed-at-night".into())),
    ];
    let mut tx = store.write().await.unwrap();
    for change in &changes {
        tx.change(change).await.unwrap();
    }
    let told = event(Kind::WorkspaceChanged);
    let last = tx.commit(&told).await.unwrap();
    store.committed().await;
    let read: Vec<_> = store.changes_after(0).await.unwrap();
    assert_eq!(read.last().map(|(sequence, _)| *sequence), Some(last));
    assert_eq!(store.latest_change().await.unwrap(), last);
    assert!(read.into_iter().map(|(_, change)| change).eq(changes));
    let waiting = store.unrelayed().await.unwrap();
    assert_eq!(waiting.iter().map(|(_, event)| &event.event_id).collect::<Vec<_>>(), [&told.event_id]);
    store.relayed_up_to(waiting[0].0).await.unwrap();
    assert!(store.unrelayed().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_admission_tells_of_gone_subjects_and_of_the_cause_of_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let (grant, session, token) = with_session(&store).await;
    assert!(store.admission(&SessionToken::mint().hash()).await.unwrap().is_none());
    let ended = Ended { at: NOW, cause: Code::GrantRevoked };
    let mut tx = store.write().await.unwrap();
    members::delete(&mut tx, &olga().key(), NOW).await.unwrap();
    workspaces::delete(&mut tx, &acme().id, NOW).await.unwrap();
    engineers::delete(&mut tx, &ada().id, NOW).await.unwrap();
    sessions::end(&mut tx, &session.id, &ended).await.unwrap();
    sessions::end(&mut tx, &session.id, &Ended { at: NOW, cause: Code::SessionIdle }).await.unwrap();
    tx.commit(&event(Kind::SessionEnded)).await.unwrap();
    let found = store.admission(&token.hash()).await.unwrap().unwrap();
    assert_eq!((found.subject, found.session.ended), (None, Some(ended)));
    assert_eq!(found.basis.grant().map(|found| &found.id), Some(&grant.id));
}

#[tokio::test]
async fn last_seen_never_moves_backwards() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let (_, session, token) = with_session(&store).await;
    let later = NOW.plus(Span::from_seconds(60));
    store.touch(&[(session.id.clone(), later)]).await.unwrap();
    store.touch(&[(session.id, NOW)]).await.unwrap();
    assert_eq!(store.admission(&token.hash()).await.unwrap().unwrap().session.last_seen_at, later);
}

#[tokio::test]
async fn a_reader_cannot_write_and_sees_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    with_session(&store).await;
    let mut read = store.read().await.unwrap();
    assert_eq!(members::find(&mut read, &olga().key()).await.unwrap(), Some(olga()));
    let mut tx = store.write().await.unwrap();
    members::delete(&mut tx, &olga().key(), NOW).await.unwrap();
    tx.commit(&event(Kind::MemberChanged)).await.unwrap();
    assert_eq!(members::find(&mut read, &olga().key()).await.unwrap(), Some(olga()), "the same moment as before");
    let refused = sqlx::query("DELETE FROM members").execute(&mut *read).await.unwrap_err();
    assert!(refused.to_string().contains("readonly"), "{refused}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error_and_no_default() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    with_session(&store).await;
    sqlx::query("UPDATE members SET role = 'emperor'").execute(store.writer().await.unwrap()).await.unwrap();
    let error = members::find(&mut store.read().await.unwrap(), &olga().key()).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { table: "members", .. }), "{error}");
    assert!(error.to_string().contains("emperor"), "{error}");
}

#[tokio::test]
async fn a_file_of_a_later_version_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(&folder).await;
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (999, 'later', TRUE, x'00', 0)";
    sqlx::query(sql).execute(first.writer().await.unwrap()).await.unwrap();
    first.close().await;
    let place = config::Store { path: folder.path().join("state.db"), lease: Span::from_seconds(2) };
    assert!(matches!(Store::open(&place).await, Err(StoreError::Database { .. })));
}

#[tokio::test]
async fn what_is_done_with_is_pruned_after_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let (_, session, token) = with_session(&store).await;
    let mut tx = store.write().await.unwrap();
    let earlier = idempotency::Earlier { digest: vec![1; 32], made: "gr_1".into() };
    idempotency::insert(&mut tx, "member:acme/olga", "k", &earlier, NOW).await.unwrap();
    sessions::end(&mut tx, &session.id, &Ended { at: NOW, cause: Code::SessionEnded }).await.unwrap();
    tx.commit(&event(Kind::SessionEnded)).await.unwrap();
    let remembered = async || {
        let mut read = store.read().await.unwrap();
        idempotency::find(&mut read, "member:acme/olga", "k").await.unwrap()
    };
    let day = Span::from_seconds(86_400);
    store.prune(NOW.plus(Span::from_millis(day.as_millis() - 1))).await.unwrap();
    assert!(remembered().await == Some(earlier) && store.admission(&token.hash()).await.unwrap().is_some());
    store.prune(NOW.plus(day)).await.unwrap();
    assert!(remembered().await.is_none() && store.admission(&token.hash()).await.unwrap().is_none());
    assert_eq!(store.latest_change().await.unwrap(), 1, "the latest changes stay");
}

#[tokio::test]
async fn members_of_two_workspaces_may_have_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let globex: WorkspaceId = "globex".parse().unwrap();
    let other = Member { workspace: globex.clone(), role: Role::Member, ..olga() };
    let mut tx = store.write().await.unwrap();
    workspaces::put(&mut tx, &acme()).await.unwrap();
    workspaces::put(&mut tx, &Workspace { id: globex.clone(), ..acme() }).await.unwrap();
    members::put(&mut tx, &olga(), NOW).await.unwrap();
    members::put(&mut tx, &other, NOW).await.unwrap();
    members::delete(&mut tx, &olga().key(), NOW).await.unwrap();
    tx.commit(&event(Kind::MemberChanged)).await.unwrap();
    let mut read = store.read().await.unwrap();
    let found = members::find(&mut read, &MemberKey { workspace: globex, id: olga().id }).await.unwrap();
    assert_eq!(found, Some(other));
    assert!(members::known(&mut read, &olga().key()).await.unwrap().is_some_and(|known| known.deleted));
}

#[tokio::test]
async fn an_announcement_waits_for_everybody_and_adds_up_what_they_did() {
    let feed = Arc::new(Feed::new());
    assert_eq!(feed.announce(1).await, Ack::default(), "nobody to wait for");
    let (mut one, mut two) = (feed.subscribe(), feed.subscribe());
    let announced = feed.announce(7);
    tokio::pin!(announced);
    let first = tokio::select! {
        _ = &mut announced => panic!("answered although nobody has acted"),
        told = one.recv() => told.unwrap(),
    };
    assert_eq!(first.sequence, 7);
    first.done.send(Ack { streams_cut: 2 }).unwrap();
    let second = tokio::select! {
        _ = &mut announced => panic!("answered although one has not acted"),
        told = two.recv() => told.unwrap(),
    };
    second.done.send(Ack { streams_cut: 3 }).unwrap();
    assert_eq!(announced.await, Ack { streams_cut: 5 });
}

#[tokio::test]
async fn a_subscriber_who_does_not_answer_is_asked_again_and_one_who_left_is_not_waited_for() {
    let feed = Feed::new();
    let mut subscription = feed.subscribe();
    let announced = feed.announce(7);
    tokio::pin!(announced);
    for _ in 0..2 {
        tokio::select! {
            _ = &mut announced => panic!("answered although nobody has acted"),
            told = subscription.recv() => drop(told.unwrap().done),
        }
    }
    drop(subscription);
    let answer = tokio::time::timeout(Duration::from_secs(10), announced).await;
    assert_eq!(answer.unwrap(), Ack::default());
}
