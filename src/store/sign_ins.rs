//! Rows of engineers' sign-ins by browser, and which sessions belong to them.
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::domain::id::{EngineerId, SessionId, SignInId};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::identity::{Bound, Proof, SecretHash};

use super::columns::Columns;
use super::sqlite::StoreError;
use super::write::Write;

const TABLE: &str = "sign_ins";

/// An engineer's sign-in by browser.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Its id.
    pub id: SignInId,
    /// Whose.
    pub engineer: EngineerId,
    /// When the identity provider last vouched for the engineer.
    pub verified_at: Timestamp,
    /// When they last proved a second factor, if the identity provider says.
    pub mfa_at: Option<Timestamp>,
    /// The thumbprint of the key that signed the ID token.
    pub signed_by: Option<String>,
    /// Its end.
    pub expires_at: Timestamp,
    /// When the engineer signed out, or was signed out.
    pub ended_at: Option<Timestamp>,
}

impl SignIn {
    /// Whether it has neither ended nor run out at `now`.
    #[must_use]
    pub fn stands(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// The sign-in whose cookie has this hash, ended or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn by_token(connection: &mut SqliteConnection, token: &SecretHash) -> Result<Option<SignIn>, StoreError> {
    let query = sqlx::query("SELECT * FROM sign_ins WHERE token_hash = $1").bind(token.as_bytes().as_slice());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// A sign-in, ended or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(connection: &mut SqliteConnection, id: &SignInId) -> Result<Option<SignIn>, StoreError> {
    let query = sqlx::query("SELECT * FROM sign_ins WHERE id = $1").bind(id.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// Adds one.
///
/// # Errors
/// When the database cannot be written.
pub async fn insert(tx: &mut Write, sign_in: &SignIn, token: &SecretHash) -> Result<(), StoreError> {
    let sql = "INSERT INTO sign_ins (id, token_hash, engineer, verified_at, mfa_at, signed_by, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(sql)
        .bind(sign_in.id.as_str())
        .bind(token.as_bytes().as_slice())
        .bind(sign_in.engineer.as_str())
        .bind(sign_in.verified_at.as_millis())
        .bind(sign_in.mfa_at.map(Timestamp::as_millis))
        .bind(&sign_in.signed_by)
        .bind(sign_in.expires_at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The identity provider has vouched for its engineer again; never moves that time backwards.
///
/// # Errors
/// When the database cannot be written.
pub async fn verify(tx: &mut Write, id: &SignInId, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE sign_ins SET verified_at = $2 WHERE id = $1 AND verified_at < $2")
        .bind(id.as_str())
        .bind(at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends one; its first end stays.
///
/// # Errors
/// When the database cannot be written.
pub async fn end(tx: &mut Write, id: &SignInId, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE sign_ins SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL")
        .bind(id.as_str())
        .bind(at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends all of an engineer's.
///
/// # Errors
/// When the database cannot be written.
pub async fn end_all(tx: &mut Write, engineer: &EngineerId, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE sign_ins SET ended_at = $2 WHERE engineer = $1 AND ended_at IS NULL")
        .bind(engineer.as_str())
        .bind(at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Says that a session belongs to the browser of a sign-in.
///
/// # Errors
/// When the database cannot be written.
pub async fn bind(tx: &mut Write, session: &SessionId, sign_in: &SignInId) -> Result<(), StoreError> {
    let sql = "INSERT INTO bindings (session, sign_in) VALUES ($1, $2)";
    sqlx::query(sql).bind(session.as_str()).bind(sign_in.as_str()).execute(&mut **tx).await?;
    Ok(())
}

/// Moves all sessions of a sign-in to the one that takes its place in the same browser.
///
/// # Errors
/// When the database cannot be written.
pub async fn move_sessions(tx: &mut Write, from: &SignInId, to: &SignIn) -> Result<(), StoreError> {
    let factor = "UPDATE sessions SET mfa_at = $2 WHERE id IN (SELECT session FROM bindings WHERE sign_in = $1)";
    if let Some(at) = to.mfa_at {
        sqlx::query(factor).bind(from.as_str()).bind(at.as_millis()).execute(&mut **tx).await?;
    }
    let sql = "UPDATE bindings SET sign_in = $2 WHERE sign_in = $1";
    sqlx::query(sql).bind(from.as_str()).bind(to.id.as_str()).execute(&mut **tx).await?;
    Ok(())
}

/// Sets the staff cookie of a session at its own origin.
///
/// # Errors
/// When the database cannot be written.
pub async fn set_own_cookie(tx: &mut Write, session: &SessionId, cookie: &SecretHash) -> Result<(), StoreError> {
    sqlx::query("UPDATE bindings SET own_hash = $2 WHERE session = $1")
        .bind(session.as_str())
        .bind(cookie.as_bytes().as_slice())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The sign-in that a session belongs to; none when it began with a bearer token.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_session(connection: &mut SqliteConnection, session: &SessionId) -> Result<Option<SignIn>, StoreError> {
    let sql = "SELECT s.* FROM sign_ins s JOIN bindings b ON b.sign_in = s.id WHERE b.session = $1";
    let query = sqlx::query(sql).bind(session.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// When the engineer last called with a genuine staff token.
///
/// # Errors
/// When the database cannot be read.
pub async fn bearer_verified_at(
    connection: &mut SqliteConnection,
    engineer: &EngineerId,
) -> Result<Option<Timestamp>, StoreError> {
    let query = sqlx::query("SELECT verified_at FROM engineers WHERE id = $1").bind(engineer.as_str());
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(None) };
    Columns { row: &row, table: "engineers" }.optional_time("verified_at")
}

/// The engineer has called with a genuine staff token; never moves that time backwards.
///
/// # Errors
/// When the database cannot be written.
pub async fn bearer_verified(tx: &mut Write, engineer: &EngineerId, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE engineers SET verified_at = $2 WHERE id = $1 AND (verified_at IS NULL OR verified_at < $2)")
        .bind(engineer.as_str())
        .bind(at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What vouches for the engineer of a session.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn proof(connection: &mut SqliteConnection, session: &Session) -> Result<Proof, StoreError> {
    let sql = "SELECT s.*, COALESCE(b.own_hash, s.token_hash) AS cookie_hash
        FROM sign_ins s JOIN bindings b ON b.sign_in = s.id WHERE b.session = $1";
    let row = sqlx::query(sql).bind(session.id.as_str()).fetch_optional(&mut *connection).await?;
    let Some(row) = row else {
        let verified_at = bearer_verified_at(connection, &session.engineer).await?;
        let verified_at = verified_at.map_or(session.started_at, |at| at.max(session.started_at));
        return Ok(Proof { verified_at, bound: None });
    };
    let columns = Columns { row: &row, table: TABLE };
    let hash: [u8; 32] = row
        .try_get::<&[u8], _>("cookie_hash")?
        .try_into()
        .map_err(|_| columns.corrupt("cookie_hash", &"it is no hash of 32 bytes"))?;
    let SignIn { verified_at, expires_at, ended_at, .. } = read(&row)?;
    let until = ended_at.map_or(expires_at, |ended| ended.min(expires_at));
    Ok(Proof { verified_at, bound: Some(Bound { cookie: SecretHash::from_bytes(hash), until }) })
}

fn read(row: &SqliteRow) -> Result<SignIn, StoreError> {
    let columns = Columns { row, table: TABLE };
    Ok(SignIn {
        id: columns.parsed("id")?,
        engineer: columns.parsed("engineer")?,
        verified_at: columns.time("verified_at")?,
        mfa_at: columns.optional_time("mfa_at")?,
        signed_by: columns.plain("signed_by")?,
        expires_at: columns.time("expires_at")?,
        ended_at: columns.optional_time("ended_at")?,
    })
}
