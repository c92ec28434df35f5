//! The change feed: every change of state is a row, and whoever made it waits until every subscriber has acted on it.
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::Row as _;
use tokio::sync::{mpsc, oneshot};

use crate::domain::id::{EngineerId, GrantId, MemberKey, SessionId, WorkspaceId};
use crate::domain::refusal::Code;

use super::columns::Columns;
use super::sqlite::{Store, StoreError};
use super::write::Write;

/// How many changes are read at once.
const BATCH: i64 = 1000;

/// How long to wait before asking a subscriber again who is there but did not answer.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// What changed. A subscriber drops what it knows of the thing named; for an ended session it ends what is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A workspace, or its forced single sign-on.
    Workspace(WorkspaceId),
    /// A member: role, e-mail, or gone.
    Member(MemberKey),
    /// An engineer: disabled, groups, organization.
    Engineer(EngineerId),
    /// A grant: created, moved or revoked.
    Grant(WorkspaceId, GrantId),
    /// A session has ended, with the cause that its requests are refused with.
    SessionEnded(WorkspaceId, SessionId, Code),
    /// A session began, was renewed or got a new token.
    Session(WorkspaceId, SessionId),
}

/// What subscribers did about a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ack {
    /// Exchanges and streams that were cut.
    pub streams_cut: u64,
}

/// Tells a subscriber: act on everything up to `sequence`, then answer.
#[derive(Debug)]
pub struct Announcement {
    /// The feed's sequence number up to which to act.
    pub sequence: i64,
    /// Where to answer.
    pub done: oneshot::Sender<Ack>,
}

/// Announcements for one subscriber.
pub type Subscription = mpsc::UnboundedReceiver<Announcement>;

/// Tells the subscribers of this node that the feed has grown.
///
/// Changes by another process (the command line) are not announced: subscribers also read the feed from time to time
/// ([`Store::changes_after`]). The same catches a change whose caller went away in the middle of its commit.
#[derive(Debug, Default)]
pub struct Feed {
    subscribers: Mutex<Vec<mpsc::UnboundedSender<Announcement>>>,
}

impl Feed {
    /// A feed without subscribers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A new subscriber.
    pub fn subscribe(&self) -> Subscription {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// Tells every subscriber, and waits until all have acted: nothing that the change forbids can pass any more.
    pub async fn announce(&self, sequence: i64) -> Ack {
        let told: Vec<_> = {
            let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
            subscribers.retain(|subscriber| !subscriber.is_closed());
            subscribers.iter().map(|subscriber| (subscriber.clone(), tell(subscriber, sequence))).collect()
        };
        let mut streams_cut = 0;
        for (subscriber, answer) in told {
            streams_cut += answered(&subscriber, sequence, answer).await.streams_cut;
        }
        Ack { streams_cut }
    }
}

fn tell(subscriber: &mpsc::UnboundedSender<Announcement>, sequence: i64) -> oneshot::Receiver<Ack> {
    let (done, answer) = oneshot::channel();
    // Nobody left to hear it: `answer` fails at once, and `answered` finds the subscriber gone.
    drop(subscriber.send(Announcement { sequence, done }));
    answer
}

/// Waits for the answer. A subscriber that does not give one is asked again; only one that is gone needs to give none.
async fn answered(
    subscriber: &mpsc::UnboundedSender<Announcement>,
    sequence: i64,
    mut answer: oneshot::Receiver<Ack>,
) -> Ack {
    loop {
        if let Ok(ack) = answer.await {
            return ack;
        }
        if subscriber.is_closed() {
            return Ack::default();
        }
        tokio::time::sleep(ASK_AGAIN).await;
        answer = tell(subscriber, sequence);
    }
}

/// Adds a change to its transaction; returns its sequence number.
pub(super) async fn insert(tx: &mut Write, change: &Change) -> Result<i64, StoreError> {
    let (kind, workspace, thing, code) = match change {
        Change::Workspace(id) => ("workspace", Some(id.as_str()), None, None),
        Change::Member(key) => ("member", Some(key.workspace.as_str()), Some(key.id.as_str()), None),
        Change::Engineer(id) => ("engineer", None, Some(id.as_str()), None),
        Change::Grant(workspace, id) => ("grant", Some(workspace.as_str()), Some(id.as_str()), None),
        Change::SessionEnded(workspace, id, code) => {
            ("session-ended", Some(workspace.as_str()), Some(id.as_str()), Some(code.as_str()))
        }
        Change::Session(workspace, id) => ("session", Some(workspace.as_str()), Some(id.as_str()), None),
    };
    let sql = "INSERT INTO changes (kind, workspace, thing, code) VALUES ($1, $2, $3, $4) RETURNING seq";
    let row = sqlx::query(sql).bind(kind).bind(workspace).bind(thing).bind(code).fetch_one(&mut **tx).await?;
    Ok(row.try_get("seq")?)
}

fn read(columns: &Columns<'_>) -> Result<(i64, Change), StoreError> {
    let change = match columns.plain("kind")? {
        "workspace" => Change::Workspace(columns.parsed("workspace")?),
        "member" => Change::Member(MemberKey { workspace: columns.parsed("workspace")?, id: columns.parsed("thing")? }),
        "engineer" => Change::Engineer(columns.parsed("thing")?),
        "grant" => Change::Grant(columns.parsed("workspace")?, columns.parsed("thing")?),
        "session-ended" => {
            let cause = Code::from_word(columns.plain("code")?);
            Change::SessionEnded(columns.parsed("workspace")?, columns.parsed("thing")?, cause)
        }
        "session" => Change::Session(columns.parsed("workspace")?, columns.parsed("thing")?),
        unknown => return Err(columns.corrupt("kind", &format!("`{unknown}` is no kind of change"))),
    };
    Ok((columns.plain("seq")?, change))
}

impl Store {
    /// The changes after `sequence`, oldest first, each with its own sequence number; at most 1000.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changes_after(&self, sequence: i64) -> Result<Vec<(i64, Change)>, StoreError> {
        let mut connection = self.look().await?;
        let sql = "SELECT * FROM changes WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = sqlx::query(sql).bind(sequence).bind(BATCH).fetch_all(&mut *connection).await?;
        rows.iter().map(|row| read(&Columns { row, table: "changes" })).collect()
    }

    /// The sequence number of the latest change; 0 when there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn latest_change(&self) -> Result<i64, StoreError> {
        let mut connection = self.look().await?;
        let latest: Option<i64> =
            sqlx::query_scalar("SELECT MAX(seq) FROM changes").fetch_one(&mut *connection).await?;
        Ok(latest.unwrap_or(0))
    }
}
