//! Rows of members' sign-ins to our own pages, and which of the app's tokens were used for them.
use sqlx::SqliteConnection;

use crate::domain::id::MemberKey;
use crate::domain::time::Timestamp;
use crate::identity::SecretHash;

use super::columns::Columns;
use super::sqlite::{Store, StoreError};
use super::write::Write;

/// A member who came to our own pages from the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSignIn {
    /// Who.
    pub member: MemberKey,
    /// Whether somebody else acted in their login when they came.
    pub impersonated: bool,
    /// Its end.
    pub expires_at: Timestamp,
}

/// The sign-in whose cookie has this hash, over or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn by_token(
    connection: &mut SqliteConnection,
    token: &SecretHash,
) -> Result<Option<MemberSignIn>, StoreError> {
    let query = sqlx::query("SELECT * FROM member_sign_ins WHERE token_hash = $1").bind(token.as_bytes().as_slice());
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(None) };
    let columns = Columns { row: &row, table: "member_sign_ins" };
    Ok(Some(MemberSignIn {
        member: MemberKey { workspace: columns.parsed("workspace")?, id: columns.parsed("member")? },
        impersonated: columns.plain("impersonated")?,
        expires_at: columns.time("expires_at")?,
    }))
}

/// Adds one.
///
/// # Errors
/// When the database cannot be written.
pub async fn insert(tx: &mut Write, sign_in: &MemberSignIn, token: &SecretHash) -> Result<(), StoreError> {
    let sql = "INSERT INTO member_sign_ins (token_hash, workspace, member, impersonated, expires_at)
        VALUES ($1, $2, $3, $4, $5)";
    sqlx::query(sql)
        .bind(token.as_bytes().as_slice())
        .bind(sign_in.member.workspace.as_str())
        .bind(sign_in.member.id.as_str())
        .bind(sign_in.impersonated)
        .bind(sign_in.expires_at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes that the app's token `jti` is used; false when it was before.
///
/// # Errors
/// When the database cannot be written.
pub async fn use_up(tx: &mut Write, jti: &str, expires_at: Timestamp) -> Result<bool, StoreError> {
    let sql = "INSERT INTO used_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING";
    let done = sqlx::query(sql).bind(jti).bind(expires_at.as_millis()).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Removes the sign-in whose cookie has this hash.
///
/// # Errors
/// When the database cannot be written.
pub async fn remove(tx: &mut Write, token: &SecretHash) -> Result<(), StoreError> {
    let sql = "DELETE FROM member_sign_ins WHERE token_hash = $1";
    sqlx::query(sql).bind(token.as_bytes().as_slice()).execute(&mut **tx).await?;
    Ok(())
}

impl Store {
    /// Removes the sign-in of a member who leaves. It only takes from them what they alone had, so there is no event.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn member_leaves(&self, token: &SecretHash) -> Result<(), StoreError> {
        let sql = "DELETE FROM member_sign_ins WHERE token_hash = $1";
        sqlx::query(sql).bind(token.as_bytes().as_slice()).execute(self.writer().await?).await?;
        Ok(())
    }
}
