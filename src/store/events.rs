//! The trail's rows: written with the change they tell of and with the notices of it, then relayed to the journal, in
//! order.
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::audit::Event;
use crate::domain::id::{CaseId, EngineerId, WorkspaceId};

use super::columns::{Columns, to_json};
use super::outbox;
use super::sqlite::{Store, StoreError};
use super::write::Write;

/// How many events are relayed at once.
const BATCH: i64 = 100;

/// Whose events.
#[derive(Debug, Clone, Copy)]
pub enum Concerning<'a> {
    /// All there are.
    Everybody,
    /// Those of a workspace.
    Workspace(&'a WorkspaceId),
    /// Those about an engineer.
    Engineer(&'a EngineerId),
}

/// Adds an event, and the notices of it, to its change's transaction.
pub(super) async fn insert(tx: &mut Write, event: &Event) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO events (event_id, workspace, engineer, event, relayed) VALUES ($1, $2, $3, $4, $5)")
        .bind(event.event_id.as_str())
        .bind(event.workspace.as_ref().map(WorkspaceId::as_str))
        .bind(event.engineer.as_ref().map(EngineerId::as_str))
        .bind(to_json("events", event)?)
        .bind(false)
        .execute(&mut **tx)
        .await?;
    outbox::insert(tx, event).await
}

/// The latest event about an access request or support request of a workspace.
///
/// # Errors
/// When the database cannot be read.
pub async fn latest_of_case(
    connection: &mut SqliteConnection,
    workspace: &WorkspaceId,
    case: &CaseId,
) -> Result<Option<Event>, StoreError> {
    let sql = "SELECT seq, event FROM events WHERE workspace = $1 AND event ->> 'case' = $2 ORDER BY seq DESC LIMIT 1";
    let query = sqlx::query(sql).bind(workspace.as_str()).bind(case.as_str());
    let row = query.fetch_optional(connection).await?;
    row.as_ref().map(|row| read(row).map(|(_, event)| event)).transpose()
}

fn read(row: &SqliteRow) -> Result<(i64, Event), StoreError> {
    let columns = Columns { row, table: "events" };
    Ok((columns.plain("seq")?, columns.json("event")?))
}

impl Store {
    /// The events after `sequence`, oldest first, with their sequence numbers, which are the order of their commits; at
    /// most 100.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn events_after(
        &self,
        sequence: i64,
        concerning: Concerning<'_>,
    ) -> Result<Vec<(i64, Event)>, StoreError> {
        let mut connection = self.read().await?;
        let query = match concerning {
            Concerning::Everybody => sqlx::query("SELECT * FROM events WHERE seq > $1 ORDER BY seq LIMIT $2"),
            Concerning::Workspace(_) => {
                sqlx::query("SELECT * FROM events WHERE seq > $1 AND workspace = $3 ORDER BY seq LIMIT $2")
            }
            Concerning::Engineer(_) => {
                sqlx::query("SELECT * FROM events WHERE seq > $1 AND engineer = $3 ORDER BY seq LIMIT $2")
            }
        };
        let query = query.bind(sequence).bind(BATCH);
        let query = match concerning {
            Concerning::Everybody => query,
            Concerning::Workspace(id) => query.bind(id.as_str()),
            Concerning::Engineer(id) => query.bind(id.as_str()),
        };
        query.fetch_all(&mut *connection).await?.iter().map(read).collect()
    }

    /// The sequence number of the latest event; 0 when there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn latest_event(&self) -> Result<i64, StoreError> {
        let mut connection = self.read().await?;
        let latest: Option<i64> = sqlx::query_scalar("SELECT MAX(seq) FROM events").fetch_one(&mut *connection).await?;
        Ok(latest.unwrap_or(0))
    }

    /// The oldest events that are not yet in the journal, with their sequence numbers; at most 100.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unrelayed(&self) -> Result<Vec<(i64, Event)>, StoreError> {
        let mut read = self.read().await?;
        let sql = "SELECT seq, event FROM events WHERE NOT relayed ORDER BY seq LIMIT $1";
        sqlx::query(sql).bind(BATCH).fetch_all(&mut *read).await?.iter().map(self::read).collect()
    }

    /// Notes that every event up to `sequence` is in the journal.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn relayed_up_to(&self, sequence: i64) -> Result<(), StoreError> {
        let sql = "UPDATE events SET relayed = $2 WHERE seq <= $1 AND NOT relayed";
        sqlx::query(sql).bind(sequence).bind(true).execute(self.writer().await?).await?;
        Ok(())
    }

    /// Returns after the next commit, or at once when there was one since the last call. For one waiter, the relay.
    pub async fn committed(&self) {
        self.events.notified().await;
    }
}
