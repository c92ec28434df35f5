//! Rows of grants. Where a grant stands is computed from its times, never stored.
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, SqliteConnection};

use crate::domain::grant::{Grant, Origin};
use crate::domain::id::{GrantId, WorkspaceId};
use crate::domain::time::Timestamp;

use super::columns::{Columns, to_optional_json};
use super::sqlite::StoreError;
use super::write::Write;

const TABLE: &str = "grants";

/// A grant of that workspace.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(
    connection: &mut SqliteConnection,
    workspace: &WorkspaceId,
    id: &GrantId,
) -> Result<Option<Grant>, StoreError> {
    let query = sqlx::query("SELECT * FROM grants WHERE workspace = $1 AND id = $2");
    let row = query.bind(workspace.as_str()).bind(id.as_str()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// Up to `limit` grants of a workspace, newest first, older than `after`.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(
    connection: &mut SqliteConnection,
    workspace: &WorkspaceId,
    after: Option<&GrantId>,
    limit: u32,
) -> Result<Vec<Grant>, StoreError> {
    let sql = "SELECT * FROM grants WHERE workspace = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
    let query = sqlx::query(sql).bind(workspace.as_str()).bind(after.map(GrantId::as_str)).bind(limit);
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// The grants of a workspace that are live or still to come at `now`, newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn open(
    connection: &mut SqliteConnection,
    workspace: &WorkspaceId,
    now: Timestamp,
) -> Result<Vec<Grant>, StoreError> {
    let sql = "SELECT * FROM grants
        WHERE workspace = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) ORDER BY id DESC";
    let query = sqlx::query(sql).bind(workspace.as_str()).bind(now.as_millis());
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// The grants of these workspaces that are live or still to come at `now`, newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn open_in(
    connection: &mut SqliteConnection,
    workspaces: &[WorkspaceId],
    now: Timestamp,
) -> Result<Vec<Grant>, StoreError> {
    if workspaces.is_empty() {
        return Ok(Vec::new());
    }
    let mut query =
        QueryBuilder::new("SELECT * FROM grants WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ");
    query.push_bind(now.as_millis()).push(") AND workspace IN (");
    let mut ids = query.separated(", ");
    for id in workspaces {
        ids.push_bind(id.as_str());
    }
    query.push(") ORDER BY id DESC");
    query.build().fetch_all(connection).await?.iter().map(read).collect()
}

/// The grants that name a ticket and are live or still to come at `now`: of one workspace, or of all.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_ticket(
    connection: &mut SqliteConnection,
    ticket: &str,
    workspace: Option<&WorkspaceId>,
    now: Timestamp,
) -> Result<Vec<Grant>, StoreError> {
    let sql = "SELECT * FROM grants WHERE ticket = $1 AND ($2 IS NULL OR workspace = $2) AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > $3) ORDER BY id";
    let query = sqlx::query(sql).bind(ticket).bind(workspace.map(WorkspaceId::as_str)).bind(now.as_millis());
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// How many grants are live at `now`, over all workspaces.
///
/// # Errors
/// When the database cannot be read.
pub async fn count_live(connection: &mut SqliteConnection, now: Timestamp) -> Result<i64, StoreError> {
    // Two counts, for each is answered by the index alone.
    let sql = "SELECT
        (SELECT COUNT(*) FROM grants WHERE revoked_at IS NULL AND expires_at > $1 AND starts_at <= $1)
        + (SELECT COUNT(*) FROM grants WHERE revoked_at IS NULL AND expires_at IS NULL AND starts_at <= $1)";
    Ok(sqlx::query_scalar(sql).bind(now.as_millis()).fetch_one(connection).await?)
}

/// Adds one.
///
/// # Errors
/// When the database cannot be written.
pub async fn insert(tx: &mut Write, grant: &Grant) -> Result<(), StoreError> {
    let sql = "INSERT INTO grants (id, workspace, subject, access, origin, starts_at, expires_at, named_engineers,
            named_teams, named_organization, ticket, purpose, scope, created_at, revoked_at, revoked_by, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    sqlx::query(sql)
        .bind(grant.id.as_str())
        .bind(grant.workspace.as_str())
        .bind(grant.subject.as_str())
        .bind(grant.access.as_str())
        .bind(origin_word(grant.origin))
        .bind(grant.starts_at.as_millis())
        .bind(grant.expires_at.map(Timestamp::as_millis))
        .bind(to_optional_json(TABLE, grant.engineers.as_ref())?)
        .bind(to_optional_json(TABLE, grant.groups.as_ref())?)
        .bind(&grant.organization)
        .bind(&grant.ticket)
        .bind(&grant.purpose)
        .bind(to_optional_json(TABLE, grant.scope.as_ref())?)
        .bind(grant.created_at.as_millis())
        .bind(grant.revoked_at.map(Timestamp::as_millis))
        .bind(&grant.revoked_by)
        .bind(i64::try_from(grant.revision).unwrap_or(i64::MAX))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Writes what may change of one: its end, the engineers it names, its revocation, its revision.
///
/// # Errors
/// When the database cannot be written.
pub async fn update(tx: &mut Write, grant: &Grant) -> Result<(), StoreError> {
    let sql = "UPDATE grants SET expires_at = $2, revoked_at = $3, revoked_by = $4, revision = $5, named_engineers = $6
        WHERE id = $1";
    sqlx::query(sql)
        .bind(grant.id.as_str())
        .bind(grant.expires_at.map(Timestamp::as_millis))
        .bind(grant.revoked_at.map(Timestamp::as_millis))
        .bind(&grant.revoked_by)
        .bind(i64::try_from(grant.revision).unwrap_or(i64::MAX))
        .bind(to_optional_json(TABLE, grant.engineers.as_ref())?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

const fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Direct => "direct",
        Origin::Approval => "approval",
        Origin::SupportRequest => "support_request",
    }
}

/// A grant of its row.
pub(super) fn read(row: &SqliteRow) -> Result<Grant, StoreError> {
    let columns = Columns { row, table: TABLE };
    let revision: i64 = columns.plain("revision")?;
    Ok(Grant {
        id: columns.parsed("id")?,
        workspace: columns.parsed("workspace")?,
        subject: columns.parsed("subject")?,
        access: columns.word("access")?,
        origin: columns.word("origin")?,
        starts_at: columns.time("starts_at")?,
        expires_at: columns.optional_time("expires_at")?,
        engineers: columns.optional_json("named_engineers")?,
        groups: columns.optional_json("named_teams")?,
        organization: columns.plain("named_organization")?,
        ticket: columns.plain("ticket")?,
        purpose: columns.plain("purpose")?,
        scope: columns.optional_json("scope")?,
        created_at: columns.time("created_at")?,
        revoked_at: columns.optional_time("revoked_at")?,
        revoked_by: columns.plain("revoked_by")?,
        revision: u64::try_from(revision).map_err(|error| columns.corrupt("revision", &error))?,
    })
}
