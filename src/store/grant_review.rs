//! What rows of grants tell beside the grant itself: whether anybody ever entered on it, and whether its end was reminded of.
use std::collections::HashSet;

use sqlx::SqliteConnection;

use crate::domain::grant::Grant;
use crate::domain::id::{GrantId, WorkspaceId};
use crate::domain::time::{Span, Timestamp};

use super::columns::Columns;
use super::grants;
use super::sqlite::StoreError;
use super::write::Write;

/// How many grants are reminded of in one round.
const BATCH: i64 = 100;

/// Notes that a session began on the grant; the first one counts.
///
/// # Errors
/// When the database cannot be written.
pub async fn entered(tx: &mut Write, id: &GrantId, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE grants SET entered_at = $2 WHERE id = $1 AND entered_at IS NULL")
        .bind(id.as_str())
        .bind(at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The grants of a workspace on which nobody ever entered, but for those that are revoked.
///
/// # Errors
/// When the database cannot be read.
pub async fn never_entered(
    connection: &mut SqliteConnection,
    workspace: &WorkspaceId,
) -> Result<HashSet<GrantId>, StoreError> {
    let sql = "SELECT id FROM grants WHERE workspace = $1 AND revoked_at IS NULL AND entered_at IS NULL";
    let rows = sqlx::query(sql).bind(workspace.as_str()).fetch_all(connection).await?;
    rows.iter().map(|row| Columns { row, table: "grants" }.parsed("id")).collect()
}

/// Live grants that end within `before` of `now` and whose end was not reminded of; none that lasts no longer than that in
/// all.
///
/// # Errors
/// When the database cannot be read.
pub async fn to_remind(
    connection: &mut SqliteConnection,
    now: Timestamp,
    before: Span,
) -> Result<Vec<Grant>, StoreError> {
    let sql = "SELECT * FROM grants
        WHERE revoked_at IS NULL AND expires_at > $1 AND expires_at <= $2 AND starts_at <= $1
            AND expires_at - starts_at > $3 AND (reminded_of IS NULL OR reminded_of <> expires_at) LIMIT $4";
    let rows = sqlx::query(sql)
        .bind(now.as_millis())
        .bind(now.plus(before).as_millis())
        .bind(before.as_millis())
        .bind(BATCH)
        .fetch_all(connection)
        .await?;
    rows.iter().map(grants::read).collect()
}

/// Notes that this end of the grant was reminded of.
///
/// # Errors
/// When the database cannot be written.
pub async fn reminded(tx: &mut Write, id: &GrantId, end: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE grants SET reminded_of = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(end.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
