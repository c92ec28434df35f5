//! Codes by which a browser enters a session's own origin: kept as hashes, taken out when they are used.
use crate::domain::id::{SessionId, SignInId};
use crate::domain::time::Timestamp;
use crate::identity::SecretHash;

use super::columns::Columns;
use super::sqlite::{Store, StoreError};
use super::write::Write;

/// What a code is for.
#[derive(Debug, Clone)]
pub struct EntryFor {
    /// The session that it enters.
    pub session: SessionId,
    /// The sign-in that asked for it.
    pub sign_in: SignInId,
    /// The path that the browser goes to.
    pub back: String,
    /// Until when it may be used.
    pub expires_at: Timestamp,
}

impl Store {
    /// Keeps a code. It changes nothing until it is used, so there is no event.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn keep_entry_code(&self, code: &SecretHash, entry: &EntryFor) -> Result<(), StoreError> {
        let sql = "INSERT INTO entry_codes (code_hash, session, sign_in, back, expires_at) VALUES ($1, $2, $3, $4, $5)";
        sqlx::query(sql)
            .bind(code.as_bytes().as_slice())
            .bind(entry.session.as_str())
            .bind(entry.sign_in.as_str())
            .bind(&entry.back)
            .bind(entry.expires_at.as_millis())
            .execute(self.writer().await?)
            .await?;
        Ok(())
    }
}

/// Takes out what the code is for: nobody finds it again.
///
/// # Errors
/// When the database cannot be written.
pub async fn take(tx: &mut Write, code: &SecretHash) -> Result<Option<EntryFor>, StoreError> {
    let sql = "DELETE FROM entry_codes WHERE code_hash = $1 RETURNING *";
    let Some(row) = sqlx::query(sql).bind(code.as_bytes().as_slice()).fetch_optional(&mut **tx).await? else {
        return Ok(None);
    };
    let columns = Columns { row: &row, table: "entry_codes" };
    Ok(Some(EntryFor {
        session: columns.parsed("session")?,
        sign_in: columns.parsed("sign_in")?,
        back: columns.plain("back")?,
        expires_at: columns.time("expires_at")?,
    }))
}
