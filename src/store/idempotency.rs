//! Rows that make a creating call safe to repeat: who called with which key, and what that made.
use sqlx::SqliteConnection;

use crate::domain::time::Timestamp;

use super::columns::Columns;
use super::sqlite::StoreError;
use super::write::Write;

/// What a call with this key made before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// A digest of that call and its body.
    pub digest: Vec<u8>,
    /// The id of what it made.
    pub made: String,
}

/// What `caller` made with this key before, if anything.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(connection: &mut SqliteConnection, caller: &str, key: &str) -> Result<Option<Earlier>, StoreError> {
    let query = sqlx::query("SELECT digest, made FROM idempotency WHERE caller = $1 AND key = $2");
    let Some(row) = query.bind(caller).bind(key).fetch_optional(connection).await? else { return Ok(None) };
    let columns = Columns { row: &row, table: "idempotency" };
    Ok(Some(Earlier { digest: columns.plain("digest")?, made: columns.plain("made")? }))
}

/// Remembers what `caller` made with this key.
///
/// # Errors
/// When the database cannot be written.
pub async fn insert(
    tx: &mut Write,
    caller: &str,
    key: &str,
    earlier: &Earlier,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO idempotency (caller, key, digest, made, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(caller)
        .bind(key)
        .bind(&earlier.digest)
        .bind(&earlier.made)
        .bind(now.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
