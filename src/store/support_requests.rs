//! Rows of support requests and of their attachments. How far one has come is computed from its times, never stored.
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::domain::attachment::Attachment;
use crate::domain::id::{AttachmentId, SupportRequestId, WorkspaceId};
use crate::domain::support_request::{Resolution, SupportRequest};
use crate::domain::text::Prose;
use crate::domain::time::Timestamp;

use super::columns::Columns;
use super::sqlite::StoreError;
use super::write::Write;

const TABLE: &str = "support_requests";

/// One of any workspace.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(
    connection: &mut SqliteConnection,
    id: &SupportRequestId,
) -> Result<Option<SupportRequest>, StoreError> {
    let query = sqlx::query("SELECT * FROM support_requests WHERE id = $1").bind(id.as_str());
    match query.fetch_optional(&mut *connection).await? {
        Some(row) => Ok(Some(whole(connection, &row).await?)),
        None => Ok(None),
    }
}

/// What a page of support requests is cut from.
#[derive(Debug, Clone, Copy)]
pub enum Among<'a> {
    /// All there are.
    All,
    /// Those of a workspace.
    Workspace(&'a WorkspaceId),
    /// Those that nobody has resolved.
    Unresolved,
}

/// Up to `limit`, newest first, older than `after`.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(
    connection: &mut SqliteConnection,
    among: Among<'_>,
    after: Option<&SupportRequestId>,
    limit: u32,
) -> Result<Vec<SupportRequest>, StoreError> {
    let (sql, workspace) = match among {
        Among::All => {
            let sql = "SELECT * FROM support_requests WHERE ($1 IS NULL OR id < $1) ORDER BY id DESC LIMIT $2";
            (sql, None)
        }
        Among::Workspace(id) => {
            let sql = "SELECT * FROM support_requests WHERE ($1 IS NULL OR id < $1) AND workspace = $3
                ORDER BY id DESC LIMIT $2";
            (sql, Some(id.as_str()))
        }
        Among::Unresolved => {
            let sql = "SELECT * FROM support_requests WHERE ($1 IS NULL OR id < $1) AND resolved_at IS NULL
                ORDER BY id DESC LIMIT $2";
            (sql, None)
        }
    };
    let query = sqlx::query(sql).bind(after.map(SupportRequestId::as_str)).bind(limit);
    let query = if let Some(id) = workspace { query.bind(id) } else { query };
    let rows = query.fetch_all(&mut *connection).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(whole(connection, row).await?);
    }
    Ok(found)
}

/// How many of a workspace are not resolved.
///
/// # Errors
/// When the database cannot be read.
pub async fn count_open(connection: &mut SqliteConnection, workspace: &WorkspaceId) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM support_requests WHERE workspace = $1 AND resolved_at IS NULL";
    Ok(sqlx::query_scalar(sql).bind(workspace.as_str()).fetch_one(connection).await?)
}

/// Whether an attachment belongs to a support request.
///
/// # Errors
/// When the database cannot be read.
pub async fn has_attachment(connection: &mut SqliteConnection, id: &AttachmentId) -> Result<bool, StoreError> {
    let query = sqlx::query("SELECT 1 FROM attachments WHERE id = $1").bind(id.as_str());
    Ok(query.fetch_optional(connection).await?.is_some())
}

/// Adds one with its attachments.
///
/// # Errors
/// When the database cannot be written.
pub async fn insert(tx: &mut Write, case: &SupportRequest) -> Result<(), StoreError> {
    let sql = "INSERT INTO support_requests (id, workspace, subject, issue, tried, expected, grant_id, opened_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(sql)
        .bind(case.id.as_str())
        .bind(case.workspace.as_str())
        .bind(case.subject.as_str())
        .bind(case.issue.as_str())
        .bind(case.tried.as_ref().map(Prose::as_str))
        .bind(case.expected.as_ref().map(Prose::as_str))
        .bind(case.grant.as_str())
        .bind(case.opened_at.as_millis())
        .execute(&mut **tx)
        .await?;
    for (position, attachment) in (0..).zip(&case.attachments) {
        attach(tx, &case.id, position, attachment).await?;
    }
    Ok(())
}

async fn attach(
    tx: &mut Write,
    case: &SupportRequestId,
    position: i64,
    attachment: &Attachment,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO attachments (id, support_request, position, name, media, size, sha256)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(sql)
        .bind(attachment.id.as_str())
        .bind(case.as_str())
        .bind(position)
        .bind(attachment.name.as_str())
        .bind(attachment.media.mime())
        .bind(i64::try_from(attachment.size).unwrap_or(i64::MAX))
        .bind(attachment.sha256.as_slice())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Writes what may change of one: when it was started, and how it was resolved.
///
/// # Errors
/// When the database cannot be written.
pub async fn update(tx: &mut Write, case: &SupportRequest) -> Result<(), StoreError> {
    let sql =
        "UPDATE support_requests SET started_at = $2, resolved_at = $3, resolved_by = $4, summary = $5 WHERE id = $1";
    let resolution = case.resolution.as_ref();
    sqlx::query(sql)
        .bind(case.id.as_str())
        .bind(case.started_at.map(Timestamp::as_millis))
        .bind(resolution.map(|resolution| resolution.at.as_millis()))
        .bind(resolution.map(|resolution| &resolution.by))
        .bind(resolution.map(|resolution| &resolution.summary))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The request of that row, with its attachments.
async fn whole(connection: &mut SqliteConnection, row: &SqliteRow) -> Result<SupportRequest, StoreError> {
    let columns = Columns { row, table: TABLE };
    let id: SupportRequestId = columns.parsed("id")?;
    let query = sqlx::query("SELECT * FROM attachments WHERE support_request = $1 ORDER BY position").bind(id.as_str());
    let attachments = query.fetch_all(connection).await?.iter().map(read_attachment).collect::<Result<_, _>>()?;
    Ok(SupportRequest {
        id,
        workspace: columns.parsed("workspace")?,
        subject: columns.parsed("subject")?,
        issue: columns.parsed("issue")?,
        tried: optional_prose(&columns, "tried")?,
        expected: optional_prose(&columns, "expected")?,
        grant: columns.parsed("grant_id")?,
        opened_at: columns.time("opened_at")?,
        started_at: columns.optional_time("started_at")?,
        resolution: resolution(&columns)?,
        attachments,
    })
}

fn optional_prose(columns: &Columns<'_>, column: &str) -> Result<Option<Prose>, StoreError> {
    match columns.plain::<Option<&str>>(column)? {
        Some(_) => columns.parsed(column).map(Some),
        None => Ok(None),
    }
}

fn resolution(columns: &Columns<'_>) -> Result<Option<Resolution>, StoreError> {
    let by: Option<String> = columns.plain("resolved_by")?;
    let summary: Option<String> = columns.plain("summary")?;
    match (columns.optional_time("resolved_at")?, by, summary) {
        (Some(at), Some(by), Some(summary)) => Ok(Some(Resolution { at, by, summary })),
        (None, None, None) => Ok(None),
        (Some(_) | None, _, _) => {
            Err(columns.corrupt("resolved_at", &"it stands without the rest, or the rest without it"))
        }
    }
}

fn read_attachment(row: &SqliteRow) -> Result<Attachment, StoreError> {
    let columns = Columns { row, table: "attachments" };
    let (size, sha256): (i64, Vec<u8>) = (columns.plain("size")?, columns.plain("sha256")?);
    Ok(Attachment {
        id: columns.parsed("id")?,
        name: columns.parsed("name")?,
        media: columns.parsed("media")?,
        size: u64::try_from(size).map_err(|error| columns.corrupt("size", &error))?,
        sha256: sha256.try_into().map_err(|_| columns.corrupt("sha256", &"it has not 32 bytes"))?,
    })
}
