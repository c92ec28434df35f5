//! The trail's rows: written with the change they tell of, then relayed to the journal, in order.
use crate::audit::Event;
use crate::domain::id::WorkspaceId;

use super::columns::{Columns, to_json};
use super::sqlite::{Store, StoreError};
use super::write::Write;

/// How many events are relayed at once.
const BATCH: i64 = 100;

/// Adds an event to its change's transaction.
pub(super) async fn insert(tx: &mut Write, event: &Event) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO events (event_id, workspace, event, relayed) VALUES ($1, $2, $3, $4)")
        .bind(event.event_id.as_str())
        .bind(event.workspace.as_ref().map(WorkspaceId::as_str))
        .bind(to_json("events", event)?)
        .bind(false)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

impl Store {
    /// The oldest events that are not yet in the journal, with their sequence numbers; at most 100.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unrelayed(&self) -> Result<Vec<(i64, Event)>, StoreError> {
        let mut read = self.read().await?;
        let sql = "SELECT seq, event FROM events WHERE NOT relayed ORDER BY seq LIMIT $1";
        let rows = sqlx::query(sql).bind(BATCH).fetch_all(&mut *read).await?;
        let columns = rows.iter().map(|row| Columns { row, table: "events" });
        columns.map(|columns| Ok((columns.plain("seq")?, columns.json("event")?))).collect()
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
