//! Rows of API keys: only their hashes are kept.
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::domain::id::ApiKeyId;
use crate::domain::time::Timestamp;
use crate::identity::SecretHash;

use super::columns::{Columns, to_json};
use super::sqlite::StoreError;
use super::write::Write;

const TABLE: &str = "api_keys";

/// A key without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its id.
    pub id: ApiKeyId,
    /// Its name.
    pub name: String,
    /// The words of its scopes.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// The key with this hash, revoked or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn by_hash(connection: &mut SqliteConnection, hash: &SecretHash) -> Result<Option<KeyRow>, StoreError> {
    let query = sqlx::query("SELECT * FROM api_keys WHERE key_hash = $1").bind(hash.as_bytes().as_slice());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// The key with this id, revoked or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(connection: &mut SqliteConnection, id: &ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
    let query = sqlx::query("SELECT * FROM api_keys WHERE id = $1").bind(id.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// All keys, newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(connection: &mut SqliteConnection) -> Result<Vec<KeyRow>, StoreError> {
    sqlx::query("SELECT * FROM api_keys ORDER BY id DESC").fetch_all(connection).await?.iter().map(read).collect()
}

/// Adds one.
///
/// # Errors
/// When the database cannot be written.
pub async fn insert(tx: &mut Write, key: &KeyRow, hash: &SecretHash) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO api_keys (id, key_hash, name, scopes, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(key.id.as_str())
        .bind(hash.as_bytes().as_slice())
        .bind(&key.name)
        .bind(to_json(TABLE, &key.scopes)?)
        .bind(key.created_at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Revokes one; its first revocation stays.
///
/// # Errors
/// When the database cannot be written.
pub async fn revoke(tx: &mut Write, id: &ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
        .bind(id.as_str())
        .bind(now.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<KeyRow, StoreError> {
    let columns = Columns { row, table: TABLE };
    Ok(KeyRow {
        id: columns.parsed("id")?,
        name: columns.plain("name")?,
        scopes: columns.json("scopes")?,
        created_at: columns.time("created_at")?,
        revoked_at: columns.optional_time("revoked_at")?,
    })
}
