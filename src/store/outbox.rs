//! Notices on their way to people: rows that an event brings along in its own transaction, so that none is without the
//! other. `notify` delivers them, at least once; whatever is sent again has the same id.
use std::collections::BTreeMap;
use std::fmt;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::audit::{Audience, Event};
use crate::domain::id::{EngineerId, EventId, MemberId, WorkspaceId};
use crate::domain::member::Role;
use crate::domain::time::{Span, Timestamp};

use super::columns::Columns;
use super::sqlite::{Store, StoreError};
use super::write::Write;

const TABLE: &str = "outbox";

/// How many notices are looked up at once.
const BATCH: i64 = 100;

/// By which way a notice goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The open streams of the workspace's members.
    Live,
    /// E-mail.
    Email,
    /// The app's webhook.
    Webhook,
}

impl Channel {
    /// The word in rows and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }
}

/// Who gets a notice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// A member of the event's workspace.
    Member(MemberId),
    /// An engineer.
    Engineer(EngineerId),
    /// The vendor's security team.
    Security,
    /// The vendor's support team.
    Support,
    /// The app.
    App,
    /// Whoever of the workspace looks on.
    Members,
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => write!(f, "member:{id}"),
            Self::Engineer(id) => write!(f, "engineer:{id}"),
            Self::Security => f.write_str("security"),
            Self::Support => f.write_str("support"),
            Self::App => f.write_str("app"),
            Self::Members => f.write_str("members"),
        }
    }
}

/// How a notice came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Whoever takes it on has accepted it.
    Accepted,
    /// There was nothing to say any more, or nobody to say it to.
    Void,
    /// It could not be delivered in time.
    GivenUp,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Void => "void",
            Self::GivenUp => "given_up",
        }
    }
}

/// A notice that waits to be sent.
#[derive(Debug)]
pub struct Waiting {
    /// Its id: of the event, the channel and the recipient.
    pub id: String,
    /// What it tells of.
    pub event: Event,
    /// Who gets it.
    pub recipient: Recipient,
    /// Their e-mail address when the event came about, if it is known here.
    pub address: Option<String>,
    /// When the event came about.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether the recipient was asked in an open page first.
    pub prompted: bool,
}

/// How much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// How many notices.
    pub count: i64,
    /// How old the oldest is.
    pub age: Span,
}

/// Adds the notices of an event to its transaction.
pub(super) async fn insert(tx: &mut Write, event: &Event) -> Result<(), StoreError> {
    let Some(notice) = event.kind.notice() else { return Ok(()) };
    let mut told = BTreeMap::from([(Recipient::App, None), (Recipient::Members, None)]);
    for part in notice.audience {
        told.extend(people(tx, event, *part).await?);
    }
    for (recipient, address) in told {
        add(tx, event, &recipient, address.as_deref()).await?;
    }
    Ok(())
}

async fn add(tx: &mut Write, event: &Event, recipient: &Recipient, address: Option<&str>) -> Result<(), StoreError> {
    let channel = match recipient {
        Recipient::App => Channel::Webhook,
        Recipient::Members => Channel::Live,
        Recipient::Member(_) | Recipient::Engineer(_) | Recipient::Security | Recipient::Support => Channel::Email,
    };
    // What cannot reach one person keeps nobody else waiting.
    let lane = format!("{}:{recipient}", event.workspace.as_ref().map_or("", WorkspaceId::as_str));
    let sql =
        "INSERT INTO outbox (id, event_id, channel, recipient, address, lane, created_at, due_at, attempts, prompted)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0, $8)";
    sqlx::query(sql)
        .bind(format!("{}:{}:{recipient}", event.event_id, channel.as_str()))
        .bind(event.event_id.as_str())
        .bind(channel.as_str())
        .bind(recipient.to_string())
        .bind(address)
        .bind(lane)
        .bind(event.at.as_millis())
        .bind(false)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The people of one part of an audience, with their addresses where they are known.
async fn people(
    tx: &mut Write,
    event: &Event,
    audience: Audience,
) -> Result<Vec<(Recipient, Option<String>)>, StoreError> {
    match audience {
        Audience::Security => Ok(vec![(Recipient::Security, None)]),
        Audience::Support => Ok(vec![(Recipient::Support, None)]),
        Audience::Subject => subject(tx, event).await,
        Audience::Owners => in_charge(tx, event, &[Role::Owner]).await,
        Audience::Administrators => in_charge(tx, event, &[Role::Owner, Role::Admin]).await,
        Audience::Answerers => {
            let asked = subject(tx, event).await?;
            if asked.is_empty() { in_charge(tx, event, &[Role::Owner, Role::Admin]).await } else { Ok(asked) }
        }
        Audience::Engineer => {
            let Some(id) = &event.engineer else { return Ok(Vec::new()) };
            let address = super::engineers::find(tx, id).await?.map(|engineer| engineer.email.as_str().to_owned());
            Ok(vec![(Recipient::Engineer(id.clone()), address)])
        }
    }
}

async fn subject(tx: &mut Write, event: &Event) -> Result<Vec<(Recipient, Option<String>)>, StoreError> {
    let (Some(workspace), Some(id)) = (&event.workspace, &event.subject) else { return Ok(Vec::new()) };
    let sql = "SELECT id, email FROM members WHERE workspace = $1 AND id = $2";
    let query = sqlx::query(sql).bind(workspace.as_str()).bind(id.as_str());
    query.fetch_all(&mut **tx).await?.iter().map(member).collect()
}

async fn in_charge(
    tx: &mut Write,
    event: &Event,
    roles: &[Role],
) -> Result<Vec<(Recipient, Option<String>)>, StoreError> {
    let mut found = Vec::new();
    let Some(workspace) = &event.workspace else { return Ok(found) };
    // `role <> 'member'` is what the index is of.
    let sql = "SELECT id, email FROM members
        WHERE workspace = $1 AND role = $2 AND deleted_at IS NULL AND role <> 'member'";
    for role in roles {
        let query = sqlx::query(sql).bind(workspace.as_str()).bind(role.as_str());
        found.extend(query.fetch_all(&mut **tx).await?.iter().map(member).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(found)
}

fn member(row: &SqliteRow) -> Result<(Recipient, Option<String>), StoreError> {
    let columns = Columns { row, table: "members" };
    Ok((Recipient::Member(columns.parsed("id")?), Some(columns.plain("email")?)))
}

/// Whether somebody outside has taken on a notice of this event for the customer: a mail server one for a member, the app
/// its webhook, or a stream that a member has open.
///
/// # Errors
/// When the database cannot be read.
pub async fn told(connection: &mut SqliteConnection, event: &EventId) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM outbox WHERE event_id = $1 AND outcome = $2
        AND (channel <> $3 OR recipient LIKE 'member:%'))";
    let query = sqlx::query_scalar(sql).bind(event.as_str()).bind(Outcome::Accepted.as_str());
    Ok(query.bind(Channel::Email.as_str()).fetch_one(connection).await?)
}

fn read(row: &SqliteRow) -> Result<Waiting, StoreError> {
    let columns = Columns { row, table: TABLE };
    let attempts: i64 = columns.plain("attempts")?;
    Ok(Waiting {
        id: columns.plain("id")?,
        event: columns.json("event")?,
        recipient: recipient(&columns)?,
        address: columns.plain("address")?,
        created_at: columns.time("created_at")?,
        attempts: u32::try_from(attempts).map_err(|error| columns.corrupt("attempts", &error))?,
        prompted: columns.plain("prompted")?,
    })
}

fn recipient(columns: &Columns<'_>) -> Result<Recipient, StoreError> {
    let word: &str = columns.plain("recipient")?;
    let bad = |error: &dyn fmt::Display| columns.corrupt("recipient", error);
    match word.split_once(':') {
        Some(("member", id)) => Ok(Recipient::Member(id.parse().map_err(|error| bad(&error))?)),
        Some(("engineer", id)) => Ok(Recipient::Engineer(id.parse().map_err(|error| bad(&error))?)),
        Some(_) | None => match word {
            "security" => Ok(Recipient::Security),
            "support" => Ok(Recipient::Support),
            "app" => Ok(Recipient::App),
            "members" => Ok(Recipient::Members),
            unknown => Err(bad(&format!("`{unknown}` is nobody"))),
        },
    }
}

impl Store {
    /// Counts commits: whoever looks at events or notices wakes by it.
    pub fn commits(&self) -> tokio::sync::watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// The notices that may be sent on `channel` at `now`: of each lane the oldest, if its time has come; at most 100.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting(&self, channel: Channel, now: Timestamp) -> Result<Vec<Waiting>, StoreError> {
        let mut connection = self.read().await?;
        let sql = "SELECT o.*, e.event FROM outbox o JOIN events e ON e.event_id = o.event_id
            WHERE o.channel = $1 AND o.settled_at IS NULL AND o.due_at <= $2 AND o.seq IN
                (SELECT MIN(seq) FROM outbox WHERE channel = $1 AND settled_at IS NULL GROUP BY lane)
            ORDER BY o.seq LIMIT $3";
        let query = sqlx::query(sql).bind(channel.as_str()).bind(now.as_millis()).bind(BATCH);
        query.fetch_all(&mut *connection).await?.iter().map(read).collect()
    }

    /// Notes how a notice came to its end.
    ///
    /// # Errors
    /// When the database cannot be written: then it is sent again, with the same id.
    pub async fn settle(&self, id: &str, outcome: Outcome, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE outbox SET settled_at = $3, outcome = $2, attempts = attempts + 1
            WHERE id = $1 AND settled_at IS NULL";
        let query = sqlx::query(sql).bind(id).bind(outcome.as_str()).bind(now.as_millis());
        query.execute(self.writer().await?).await?;
        Ok(())
    }

    /// Notes that a notice was tried in vain, and when to try again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn try_again(&self, id: &str, due_at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE id = $1";
        sqlx::query(sql).bind(id).bind(due_at.as_millis()).execute(self.writer().await?).await?;
        Ok(())
    }

    /// Notes that the recipient is asked in an open page, and until when they have to answer there. Other notices do not
    /// wait for that.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn prompted(&self, id: &str, until: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE outbox SET due_at = $2, lane = $1, prompted = $3 WHERE id = $1";
        sqlx::query(sql).bind(id).bind(until.as_millis()).bind(true).execute(self.writer().await?).await?;
        Ok(())
    }

    /// Ends all that waits on a channel that the gate does not have; returns how many.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn nobody_there(&self, channel: Channel, now: Timestamp) -> Result<u64, StoreError> {
        let some = "SELECT EXISTS (SELECT 1 FROM outbox WHERE channel = $1 AND settled_at IS NULL)";
        if !sqlx::query_scalar(some).bind(channel.as_str()).fetch_one(&mut *self.read().await?).await? {
            return Ok(0);
        }
        let sql = "UPDATE outbox SET settled_at = $2, outcome = $3 WHERE channel = $1 AND settled_at IS NULL";
        let query = sqlx::query(sql).bind(channel.as_str()).bind(now.as_millis()).bind(Outcome::Void.as_str());
        Ok(query.execute(self.writer().await?).await?.rows_affected())
    }

    /// Notes that a stream of a member got an event.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn seen_live(&self, event: &EventId, now: Timestamp) -> Result<(), StoreError> {
        self.settle(&format!("{event}:{}:{}", Channel::Live.as_str(), Recipient::Members), Outcome::Accepted, now).await
    }

    /// How much waits on `channel`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn depth(&self, channel: Channel, now: Timestamp) -> Result<Depth, StoreError> {
        let mut connection = self.read().await?;
        let sql = "SELECT COUNT(*) AS count, MIN(created_at) AS oldest FROM outbox
            WHERE channel = $1 AND settled_at IS NULL";
        let row = sqlx::query(sql).bind(channel.as_str()).fetch_one(&mut *connection).await?;
        let columns = Columns { row: &row, table: TABLE };
        let oldest = columns.optional_time("oldest")?.unwrap_or(now);
        Ok(Depth { count: columns.plain("count")?, age: now.since(oldest) })
    }
}
