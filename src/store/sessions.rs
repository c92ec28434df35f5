//! Rows of sessions: they survive a restart, and ended ones keep their cause for 24 hours.
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::domain::id::{EmergencyId, EngineerId, GrantId, MemberKey, SessionId, SignInId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::session::{BasisId, Ended, Session};
use crate::domain::time::Timestamp;
use crate::identity::SecretHash;

use super::columns::Columns;
use super::sqlite::StoreError;
use super::write::Write;

/// Whose sessions.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// All there are.
    Everybody,
    /// All in a workspace.
    Workspace(&'a WorkspaceId),
    /// All as one member.
    Subject(&'a MemberKey),
    /// All of one engineer.
    Engineer(&'a EngineerId),
    /// All on one grant.
    Grant(&'a GrantId),
    /// All on one emergency.
    Emergency(&'a EmergencyId),
    /// All that belong to the browser of one sign-in.
    SignIn(&'a SignInId),
}

/// A session and who its engineer is.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The session.
    pub session: Session,
    /// The engineer's name.
    pub engineer_name: String,
    /// The engineer's e-mail address.
    pub engineer_email: String,
}

/// The session whose token has this hash, ended or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn by_token(connection: &mut SqliteConnection, token: &SecretHash) -> Result<Option<Session>, StoreError> {
    let query = sqlx::query("SELECT * FROM sessions WHERE token_hash = $1").bind(token.as_bytes().as_slice());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// A session, ended or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(connection: &mut SqliteConnection, id: &SessionId) -> Result<Option<Session>, StoreError> {
    let query = sqlx::query("SELECT * FROM sessions WHERE id = $1").bind(id.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// Up to `limit` sessions of a workspace, newest first, older than `after`.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(
    connection: &mut SqliteConnection,
    workspace: &WorkspaceId,
    after: Option<&SessionId>,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    let sql = "SELECT s.*, e.name AS engineer_name, e.email AS engineer_email
        FROM sessions s JOIN engineers e ON e.id = s.engineer
        WHERE s.workspace = $1 AND ($2 IS NULL OR s.id < $2) ORDER BY s.id DESC LIMIT $3";
    let query = sqlx::query(sql).bind(workspace.as_str()).bind(after.map(SessionId::as_str)).bind(limit);
    query.fetch_all(connection).await?.iter().map(read_listed).collect()
}

/// Up to `limit` sessions of an engineer, newest first, older than `after`.
///
/// # Errors
/// When the database cannot be read.
pub async fn list_of(
    connection: &mut SqliteConnection,
    engineer: &EngineerId,
    after: Option<&SessionId>,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let sql = "SELECT * FROM sessions WHERE engineer = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
    let query = sqlx::query(sql).bind(engineer.as_str()).bind(after.map(SessionId::as_str)).bind(limit);
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// The sessions of a workspace that have not ended at `now`, newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn list_live(
    connection: &mut SqliteConnection,
    workspace: &WorkspaceId,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    let sql = "SELECT s.*, e.name AS engineer_name, e.email AS engineer_email
        FROM sessions s JOIN engineers e ON e.id = s.engineer
        WHERE s.workspace = $1 AND s.ended_at IS NULL AND s.expires_at > $2 ORDER BY s.id DESC";
    let query = sqlx::query(sql).bind(workspace.as_str()).bind(now.as_millis());
    query.fetch_all(connection).await?.iter().map(read_listed).collect()
}

/// The sessions that nobody has ended yet.
///
/// # Errors
/// When the database cannot be read.
pub async fn unended(connection: &mut SqliteConnection, of: Of<'_>) -> Result<Vec<Session>, StoreError> {
    let query = match of {
        Of::Everybody => sqlx::query("SELECT * FROM sessions WHERE ended_at IS NULL"),
        Of::Workspace(id) => {
            sqlx::query("SELECT * FROM sessions WHERE workspace = $1 AND ended_at IS NULL").bind(id.as_str())
        }
        Of::Subject(key) => {
            sqlx::query("SELECT * FROM sessions WHERE workspace = $1 AND subject = $2 AND ended_at IS NULL")
                .bind(key.workspace.as_str())
                .bind(key.id.as_str())
        }
        Of::Engineer(id) => {
            sqlx::query("SELECT * FROM sessions WHERE engineer = $1 AND ended_at IS NULL").bind(id.as_str())
        }
        Of::Grant(id) => {
            sqlx::query("SELECT * FROM sessions WHERE grant_id = $1 AND ended_at IS NULL").bind(id.as_str())
        }
        Of::Emergency(id) => {
            sqlx::query("SELECT * FROM sessions WHERE emergency_id = $1 AND ended_at IS NULL").bind(id.as_str())
        }
        Of::SignIn(id) => sqlx::query(
            "SELECT s.* FROM sessions s JOIN bindings b ON b.session = s.id WHERE b.sign_in = $1 AND s.ended_at IS NULL",
        )
        .bind(id.as_str()),
    };
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// Up to 500 sessions that nobody has ended yet although their end has come, or that made no request since
/// `idle_since`.
///
/// # Errors
/// When the database cannot be read.
pub async fn due(
    connection: &mut SqliteConnection,
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    // Two questions, for each has an index that answers it.
    let sql = "SELECT * FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE ended_at IS NULL AND expires_at <= $1
        UNION SELECT id FROM sessions WHERE ended_at IS NULL AND last_seen_at <= $2) LIMIT 500";
    let query = sqlx::query(sql).bind(now.as_millis()).bind(idle_since.as_millis());
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// Adds one.
///
/// # Errors
/// When the database cannot be written.
pub async fn insert(tx: &mut Write, session: &Session, token: &SecretHash) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO sessions (id, token_hash, workspace, subject, engineer, grant_id, emergency_id, reason, ticket,
            started_at, expires_at, last_seen_at, mfa_at, signed_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    sqlx::query(sql)
        .bind(session.id.as_str())
        .bind(token.as_bytes().as_slice())
        .bind(session.workspace.as_str())
        .bind(session.subject.as_str())
        .bind(session.engineer.as_str())
        .bind(session.basis.grant().map(GrantId::as_str))
        .bind(session.basis.emergency().map(EmergencyId::as_str))
        .bind(&session.reason)
        .bind(&session.ticket)
        .bind(session.started_at.as_millis())
        .bind(session.expires_at.as_millis())
        .bind(session.last_seen_at.as_millis())
        .bind(session.mfa_at.map(Timestamp::as_millis))
        .bind(&session.signed_by)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Gives a session a new token: the old one is unknown from then on.
///
/// # Errors
/// When the database cannot be written.
pub async fn set_token(tx: &mut Write, id: &SessionId, token: &SecretHash) -> Result<(), StoreError> {
    sqlx::query("UPDATE sessions SET token_hash = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(token.as_bytes().as_slice())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Moves a session's absolute end.
///
/// # Errors
/// When the database cannot be written.
pub async fn set_end(tx: &mut Write, id: &SessionId, expires_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE sessions SET expires_at = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(expires_at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Sees to it that no session outlasts its grant.
///
/// # Errors
/// When the database cannot be written.
pub async fn cap(tx: &mut Write, grant: &GrantId, end: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE sessions SET expires_at = $2 WHERE grant_id = $1 AND ended_at IS NULL AND expires_at > $2")
        .bind(grant.as_str())
        .bind(end.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends a session; its first end stays.
///
/// # Errors
/// When the database cannot be written.
pub async fn end(tx: &mut Write, id: &SessionId, ended: &Ended) -> Result<(), StoreError> {
    sqlx::query("UPDATE sessions SET ended_at = $2, ended_code = $3 WHERE id = $1 AND ended_at IS NULL")
        .bind(id.as_str())
        .bind(ended.at.as_millis())
        .bind(ended.cause.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn read_listed(row: &SqliteRow) -> Result<Listed, StoreError> {
    let columns = Columns { row, table: "sessions" };
    Ok(Listed {
        session: read(row)?,
        engineer_name: columns.plain("engineer_name")?,
        engineer_email: columns.plain("engineer_email")?,
    })
}

fn read(row: &SqliteRow) -> Result<Session, StoreError> {
    let columns = Columns { row, table: "sessions" };
    let ended = match (columns.optional_time("ended_at")?, columns.plain::<Option<&str>>("ended_code")?) {
        (Some(at), Some(word)) => Some(Ended { at, cause: Code::from_word(word) }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            return Err(columns.corrupt("ended_at", &"it stands without its cause, or the cause without it"));
        }
    };
    Ok(Session {
        id: columns.parsed("id")?,
        workspace: columns.parsed("workspace")?,
        subject: columns.parsed("subject")?,
        engineer: columns.parsed("engineer")?,
        basis: basis(&columns)?,
        reason: columns.plain("reason")?,
        ticket: columns.plain("ticket")?,
        started_at: columns.time("started_at")?,
        expires_at: columns.time("expires_at")?,
        last_seen_at: columns.time("last_seen_at")?,
        mfa_at: columns.optional_time("mfa_at")?,
        signed_by: columns.plain("signed_by")?,
        ended,
    })
}

fn basis(columns: &Columns<'_>) -> Result<BasisId, StoreError> {
    match (columns.plain::<Option<&str>>("grant_id")?, columns.plain::<Option<&str>>("emergency_id")?) {
        (Some(_), None) => Ok(BasisId::Grant(columns.parsed("grant_id")?)),
        (None, Some(_)) => Ok(BasisId::Emergency(columns.parsed("emergency_id")?)),
        (Some(_), Some(_)) | (None, None) => {
            Err(columns.corrupt("grant_id", &"a session stands on a grant or on an emergency"))
        }
    }
}
