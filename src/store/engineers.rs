//! Rows of engineers.
use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, SqliteConnection};

use crate::domain::engineer::Engineer;
use crate::domain::id::EngineerId;
use crate::domain::time::Timestamp;

use super::columns::{Columns, to_json};
use super::sqlite::StoreError;
use super::write::Write;

const TABLE: &str = "engineers";

/// An engineer who is known.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(connection: &mut SqliteConnection, id: &EngineerId) -> Result<Option<Engineer>, StoreError> {
    let query = sqlx::query("SELECT * FROM engineers WHERE id = $1 AND deleted_at IS NULL").bind(id.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// An engineer, forgotten or not: an ended session still names them.
///
/// # Errors
/// When the database cannot be read.
pub async fn find_or_deleted(
    connection: &mut SqliteConnection,
    id: &EngineerId,
) -> Result<Option<Engineer>, StoreError> {
    let query = sqlx::query("SELECT * FROM engineers WHERE id = $1").bind(id.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// The names of these engineers, deleted or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn names(
    connection: &mut SqliteConnection,
    ids: &BTreeSet<EngineerId>,
) -> Result<Vec<(EngineerId, String)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new("SELECT id, name FROM engineers WHERE id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.as_str());
    }
    query.push(")");
    let rows = query.build().fetch_all(connection).await?;
    let columns = rows.iter().map(|row| Columns { row, table: TABLE });
    columns.map(|columns| Ok((columns.parsed("id")?, columns.plain("name")?))).collect()
}

/// Creates or replaces one.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Write, engineer: &Engineer) -> Result<(), StoreError> {
    let sql = "INSERT INTO engineers (id, email, name, teams, organization, disabled, deleted_at)
        VALUES ($1, $2, $3, $4, $5, $6, NULL)
        ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, teams = excluded.teams,
            organization = excluded.organization, disabled = excluded.disabled, deleted_at = NULL";
    sqlx::query(sql)
        .bind(engineer.id.as_str())
        .bind(engineer.email.as_str())
        .bind(&engineer.name)
        .bind(to_json(TABLE, &engineer.groups)?)
        .bind(&engineer.organization)
        .bind(engineer.disabled)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets one; the row stays for the sessions that name them.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Write, id: &EngineerId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE engineers SET deleted_at = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(now.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// When the newest staff token of an engineer was made that we have seen; none when nobody knows them.
///
/// # Errors
/// When the database cannot be read.
pub async fn told_at(connection: &mut SqliteConnection, id: &EngineerId) -> Result<Option<Timestamp>, StoreError> {
    let query = sqlx::query("SELECT told_at FROM engineers WHERE id = $1").bind(id.as_str());
    let row = query.fetch_optional(connection).await?;
    row.map(|row| Columns { row: &row, table: TABLE }.time("told_at")).transpose()
}

/// Notes when the token was made that told of an engineer; never moves the time backwards.
///
/// # Errors
/// When the database cannot be written.
pub async fn set_told_at(tx: &mut Write, id: &EngineerId, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query(TELL).bind(id.as_str()).bind(at.as_millis()).execute(&mut **tx).await?;
    Ok(())
}

/// As [`set_told_at`], for a token that says nothing new.
pub(super) const TELL: &str = "UPDATE engineers SET told_at = $2 WHERE id = $1 AND told_at < $2";

fn read(row: &SqliteRow) -> Result<Engineer, StoreError> {
    let columns = Columns { row, table: TABLE };
    Ok(Engineer {
        id: columns.parsed("id")?,
        email: columns.parsed("email")?,
        name: columns.plain("name")?,
        groups: columns.json("teams")?,
        organization: columns.plain("organization")?,
        disabled: columns.plain("disabled")?,
    })
}
