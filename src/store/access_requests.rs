//! Rows of access requests. They stay after their end: both sides can look back.
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::domain::access_request::{AccessRequest, Closing, How, State};
use crate::domain::id::{AccessRequestId, CaseId, EngineerId, GrantId, MemberId, WorkspaceId};
use crate::domain::time::{Span, Timestamp};

use super::columns::Columns;
use super::sqlite::StoreError;
use super::write::Write;

const TABLE: &str = "access_requests";

/// A request and who asks.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The request.
    pub request: AccessRequest,
    /// The engineer's name.
    pub engineer_name: String,
    /// The engineer's e-mail address.
    pub engineer_email: String,
}

/// Whose requests that wait for an answer.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// All in a workspace.
    Workspace(&'a WorkspaceId),
    /// Those that only this member may answer.
    Subject(&'a WorkspaceId, &'a MemberId),
    /// All of one engineer.
    Engineer(&'a EngineerId),
    /// Those whose time is over at that moment.
    Overdue(Timestamp),
}

/// What a page of requests is cut from.
#[derive(Debug, Clone, Copy)]
pub enum Among<'a> {
    /// The requests to a workspace.
    Workspace(&'a WorkspaceId),
    /// The requests of an engineer.
    Engineer(&'a EngineerId),
}

/// A request, waiting or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(
    connection: &mut SqliteConnection,
    id: &AccessRequestId,
) -> Result<Option<AccessRequest>, StoreError> {
    let query = sqlx::query("SELECT * FROM access_requests WHERE id = $1").bind(id.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// The request that an event is about; none for an event about something else.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_case(connection: &mut SqliteConnection, case: &CaseId) -> Result<Option<AccessRequest>, StoreError> {
    let query = sqlx::query("SELECT * FROM access_requests WHERE id = $1").bind(case.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// A request and who asks.
///
/// # Errors
/// When the database cannot be read.
pub async fn find_listed(
    connection: &mut SqliteConnection,
    id: &AccessRequestId,
) -> Result<Option<Listed>, StoreError> {
    let sql = "SELECT r.*, e.name AS engineer_name, e.email AS engineer_email
        FROM access_requests r JOIN engineers e ON e.id = r.engineer WHERE r.id = $1";
    let row = sqlx::query(sql).bind(id.as_str()).fetch_optional(connection).await?;
    row.as_ref().map(read_listed).transpose()
}

/// Up to `limit` requests, newest first, older than `after`.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(
    connection: &mut SqliteConnection,
    among: Among<'_>,
    after: Option<&AccessRequestId>,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    let (sql, id) = match among {
        Among::Workspace(id) => {
            let sql = "SELECT r.*, e.name AS engineer_name, e.email AS engineer_email
                FROM access_requests r JOIN engineers e ON e.id = r.engineer
                WHERE r.workspace = $1 AND ($2 IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3";
            (sql, id.as_str())
        }
        Among::Engineer(id) => {
            let sql = "SELECT r.*, e.name AS engineer_name, e.email AS engineer_email
                FROM access_requests r JOIN engineers e ON e.id = r.engineer
                WHERE r.engineer = $1 AND ($2 IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3";
            (sql, id.as_str())
        }
    };
    let query = sqlx::query(sql).bind(id).bind(after.map(AccessRequestId::as_str)).bind(limit);
    query.fetch_all(connection).await?.iter().map(read_listed).collect()
}

/// The requests to a workspace that wait for an answer at `now`, newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn list_waiting(
    connection: &mut SqliteConnection,
    workspace: &WorkspaceId,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    let sql = "SELECT r.*, e.name AS engineer_name, e.email AS engineer_email
        FROM access_requests r JOIN engineers e ON e.id = r.engineer
        WHERE r.workspace = $1 AND r.outcome IS NULL AND r.lapses_at > $2 ORDER BY r.id DESC";
    let query = sqlx::query(sql).bind(workspace.as_str()).bind(now.as_millis());
    query.fetch_all(connection).await?.iter().map(read_listed).collect()
}

/// The requests that nobody has answered, oldest first; those whose time is over too, until that is written down.
///
/// # Errors
/// When the database cannot be read.
pub async fn unanswered(connection: &mut SqliteConnection, of: Of<'_>) -> Result<Vec<AccessRequest>, StoreError> {
    let query = match of {
        Of::Workspace(id) => {
            let sql = "SELECT * FROM access_requests WHERE outcome IS NULL AND workspace = $1 ORDER BY id";
            sqlx::query(sql).bind(id.as_str())
        }
        Of::Subject(workspace, id) => {
            let sql =
                "SELECT * FROM access_requests WHERE outcome IS NULL AND workspace = $1 AND subject = $2 ORDER BY id";
            sqlx::query(sql).bind(workspace.as_str()).bind(id.as_str())
        }
        Of::Engineer(id) => {
            let sql = "SELECT * FROM access_requests WHERE outcome IS NULL AND engineer = $1 ORDER BY id";
            sqlx::query(sql).bind(id.as_str())
        }
        Of::Overdue(now) => {
            let sql = "SELECT * FROM access_requests WHERE outcome IS NULL AND lapses_at <= $1 ORDER BY id";
            sqlx::query(sql).bind(now.as_millis())
        }
    };
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// How many requests of an engineer to a workspace wait for an answer at `now`.
///
/// # Errors
/// When the database cannot be read.
pub async fn count_waiting(
    connection: &mut SqliteConnection,
    engineer: &EngineerId,
    workspace: &WorkspaceId,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM access_requests
        WHERE engineer = $1 AND workspace = $2 AND outcome IS NULL AND lapses_at > $3";
    let query = sqlx::query_scalar(sql).bind(engineer.as_str()).bind(workspace.as_str()).bind(now.as_millis());
    Ok(query.fetch_one(connection).await?)
}

/// Adds one.
///
/// # Errors
/// When the database cannot be written.
pub async fn insert(tx: &mut Write, request: &AccessRequest) -> Result<(), StoreError> {
    let sql = "INSERT INTO access_requests
            (id, workspace, engineer, subject, access, lasts, reason, ticket, purpose, created_at, lapses_at, extends)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    sqlx::query(sql)
        .bind(request.id.as_str())
        .bind(request.workspace.as_str())
        .bind(request.engineer.as_str())
        .bind(request.subject.as_ref().map(MemberId::as_str))
        .bind(request.access.as_str())
        .bind(request.duration.as_millis())
        .bind(&request.reason)
        .bind(&request.ticket)
        .bind(&request.purpose)
        .bind(request.created_at.as_millis())
        .bind(request.lapses_at.as_millis())
        .bind(request.extends.as_ref().map(GrantId::as_str))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Writes down how one came to its end. The first end stays.
///
/// # Errors
/// When the database cannot be written.
pub async fn close(tx: &mut Write, id: &AccessRequestId, closing: &Closing) -> Result<(), StoreError> {
    let (outcome, comment, grant) = match &closing.how {
        How::Approved(grant) => (State::Approved, None, Some(grant.as_str())),
        How::Declined(comment) => (State::Declined, comment.as_deref(), None),
        How::Withdrawn => (State::Withdrawn, None, None),
        How::Lapsed => (State::Lapsed, None, None),
    };
    let sql = "UPDATE access_requests SET outcome = $2, closed_at = $3, closed_by = $4, comment = $5, grant_id = $6
        WHERE id = $1 AND outcome IS NULL";
    sqlx::query(sql)
        .bind(id.as_str())
        .bind(outcome.as_str())
        .bind(closing.at.as_millis())
        .bind(&closing.by)
        .bind(comment)
        .bind(grant)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<AccessRequest, StoreError> {
    let columns = Columns { row, table: TABLE };
    let (subject, extends): (Option<&str>, Option<&str>) = (columns.plain("subject")?, columns.plain("extends")?);
    Ok(AccessRequest {
        id: columns.parsed("id")?,
        workspace: columns.parsed("workspace")?,
        engineer: columns.parsed("engineer")?,
        subject: subject.map(|_| columns.parsed("subject")).transpose()?,
        access: columns.word("access")?,
        duration: Span::from_millis(columns.plain("lasts")?),
        reason: columns.plain("reason")?,
        ticket: columns.plain("ticket")?,
        purpose: columns.plain("purpose")?,
        extends: extends.map(|_| columns.parsed("extends")).transpose()?,
        created_at: columns.time("created_at")?,
        lapses_at: columns.time("lapses_at")?,
        closing: closing(&columns)?,
    })
}

fn closing(columns: &Columns<'_>) -> Result<Option<Closing>, StoreError> {
    if columns.plain::<Option<&str>>("outcome")?.is_none() {
        return Ok(None);
    }
    let how = match columns.word("outcome")? {
        State::Approved => How::Approved(columns.parsed("grant_id")?),
        State::Declined => How::Declined(columns.plain("comment")?),
        State::Withdrawn => How::Withdrawn,
        State::Lapsed => How::Lapsed,
        State::Pending => return Err(columns.corrupt("outcome", &"a request that waits has none")),
    };
    Ok(Some(Closing { at: columns.time("closed_at")?, by: columns.plain("closed_by")?, how }))
}

fn read_listed(row: &SqliteRow) -> Result<Listed, StoreError> {
    let columns = Columns { row, table: TABLE };
    Ok(Listed {
        request: read(row)?,
        engineer_name: columns.plain("engineer_name")?,
        engineer_email: columns.plain("engineer_email")?,
    })
}
