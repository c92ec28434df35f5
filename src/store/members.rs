//! Rows of members.
use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, SqliteConnection};

use crate::domain::id::MemberKey;
use crate::domain::member::Member;
use crate::domain::time::Timestamp;

use super::columns::Columns;
use super::sqlite::StoreError;
use super::write::Write;

const TABLE: &str = "members";

/// What is known of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The member, as they are or last were.
    pub member: Member,
    /// When the last word on them was spoken: the directory's write, or a token's `iat`.
    pub told_at: Timestamp,
    /// Whether the directory deleted them.
    pub deleted: bool,
}

/// What is known of a member, deleted or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn known(connection: &mut SqliteConnection, key: &MemberKey) -> Result<Option<Known>, StoreError> {
    let row = sqlx::query("SELECT * FROM members WHERE workspace = $1 AND id = $2")
        .bind(key.workspace.as_str())
        .bind(key.id.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let columns = Columns { row: &row, table: TABLE };
    let deleted = columns.optional_time("deleted_at")?.is_some();
    Ok(Some(Known { member: read(&row)?, told_at: columns.time("told_at")?, deleted }))
}

/// A member who is there.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(connection: &mut SqliteConnection, key: &MemberKey) -> Result<Option<Member>, StoreError> {
    let known = known(connection, key).await?;
    Ok(known.filter(|known| !known.deleted).map(|known| known.member))
}

/// Those of these members who are there.
///
/// # Errors
/// When the database cannot be read.
pub async fn find_all(
    connection: &mut SqliteConnection,
    keys: &BTreeSet<MemberKey>,
) -> Result<Vec<Member>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new("SELECT * FROM members WHERE deleted_at IS NULL AND (workspace, id) IN (");
    query.push_values(keys, |mut pair, key| {
        pair.push_bind(key.workspace.as_str()).push_bind(key.id.as_str());
    });
    query.push(")");
    query.build().fetch_all(connection).await?.iter().map(read).collect()
}

/// Creates or replaces one, as told at `told_at`.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Write, member: &Member, told_at: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO members (workspace, id, email, role, told_at, deleted_at) VALUES ($1, $2, $3, $4, $5, NULL)
        ON CONFLICT (workspace, id) DO UPDATE SET email = excluded.email, role = excluded.role,
            told_at = excluded.told_at, deleted_at = NULL";
    sqlx::query(sql)
        .bind(member.workspace.as_str())
        .bind(member.id.as_str())
        .bind(member.email.as_str())
        .bind(member.role.as_str())
        .bind(told_at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes one; the row stays, so that their tokens are refused.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Write, key: &MemberKey, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE members SET deleted_at = $3, told_at = $3 WHERE workspace = $1 AND id = $2")
        .bind(key.workspace.as_str())
        .bind(key.id.as_str())
        .bind(now.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Member, StoreError> {
    let columns = Columns { row, table: TABLE };
    Ok(Member {
        workspace: columns.parsed("workspace")?,
        id: columns.parsed("id")?,
        email: columns.parsed("email")?,
        role: columns.word("role")?,
    })
}
