//! Rows of emergencies. Where one stands is computed from its times, never stored.
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::domain::emergency::{Declaration, Opening, Outcome, Review};
use crate::domain::id::{EmergencyId, EngineerId, EventId, MemberKey, WorkspaceId};
use crate::domain::time::Timestamp;

use super::columns::{Columns, to_json};
use super::sqlite::StoreError;
use super::write::Write;

const TABLE: &str = "emergencies";

/// Whose emergencies.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// All in a workspace.
    Workspace(&'a WorkspaceId),
    /// All that lend one member's login.
    Subject(&'a MemberKey),
    /// All that one engineer declared.
    Engineer(&'a EngineerId),
}

/// An emergency.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(connection: &mut SqliteConnection, id: &EmergencyId) -> Result<Option<Declaration>, StoreError> {
    let query = sqlx::query("SELECT * FROM emergencies WHERE id = $1").bind(id.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// Up to `limit` emergencies that `engineer` declared or that nobody has reviewed, newest first, older than `after`.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(
    connection: &mut SqliteConnection,
    engineer: &EngineerId,
    after: Option<&EmergencyId>,
    limit: u32,
) -> Result<Vec<Declaration>, StoreError> {
    // Two questions, for each has an index that answers it.
    let sql = "SELECT * FROM emergencies WHERE id IN (
        SELECT id FROM emergencies WHERE declared_by = $1
        UNION SELECT id FROM emergencies WHERE reviewed_at IS NULL) AND ($2 IS NULL OR id < $2)
        ORDER BY id DESC LIMIT $3";
    let query = sqlx::query(sql).bind(engineer.as_str()).bind(after.map(EmergencyId::as_str)).bind(limit);
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// Up to `limit` emergencies of a workspace that were approved, newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn opened(
    connection: &mut SqliteConnection,
    workspace: &WorkspaceId,
    limit: u32,
) -> Result<Vec<Declaration>, StoreError> {
    let sql = "SELECT * FROM emergencies WHERE workspace = $1 AND opened_at IS NOT NULL ORDER BY id DESC LIMIT $2";
    let query = sqlx::query(sql).bind(workspace.as_str()).bind(limit);
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// The emergencies that are not over at `now`, those too that wait for approval.
///
/// # Errors
/// When the database cannot be read.
pub async fn open(
    connection: &mut SqliteConnection,
    of: Of<'_>,
    now: Timestamp,
) -> Result<Vec<Declaration>, StoreError> {
    let query = match of {
        Of::Workspace(id) => sqlx::query(
            "SELECT * FROM emergencies WHERE workspace = $2 AND reviewed_at IS NULL AND ended_at IS NULL
                AND COALESCE(opened_until, lapses_at) > $1",
        )
        .bind(now.as_millis())
        .bind(id.as_str()),
        Of::Subject(key) => sqlx::query(
            "SELECT * FROM emergencies WHERE workspace = $2 AND subject = $3 AND reviewed_at IS NULL
                AND ended_at IS NULL AND COALESCE(opened_until, lapses_at) > $1",
        )
        .bind(now.as_millis())
        .bind(key.workspace.as_str())
        .bind(key.id.as_str()),
        Of::Engineer(id) => sqlx::query(
            "SELECT * FROM emergencies WHERE declared_by = $2 AND reviewed_at IS NULL AND ended_at IS NULL
                AND COALESCE(opened_until, lapses_at) > $1",
        )
        .bind(now.as_millis())
        .bind(id.as_str()),
    };
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// Whether some emergency of an engineer was approved, and nobody has reviewed it.
///
/// # Errors
/// When the database cannot be read.
pub async fn owes_review(connection: &mut SqliteConnection, engineer: &EngineerId) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) FROM emergencies
        WHERE declared_by = $1 AND opened_at IS NOT NULL AND reviewed_at IS NULL";
    let owed: i64 = sqlx::query_scalar(sql).bind(engineer.as_str()).fetch_one(connection).await?;
    Ok(owed > 0)
}

/// Adds one.
///
/// # Errors
/// When the database cannot be written.
pub async fn insert(tx: &mut Write, declaration: &Declaration) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO emergencies (id, workspace, subject, incident, reason_code, reason, declared_by, declared_at,
            lapses_at, approvals) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    sqlx::query(sql)
        .bind(declaration.id.as_str())
        .bind(declaration.workspace.as_str())
        .bind(declaration.subject.as_str())
        .bind(&declaration.incident)
        .bind(&declaration.reason_code)
        .bind(&declaration.reason)
        .bind(declaration.declared_by.as_str())
        .bind(declaration.declared_at.as_millis())
        .bind(declaration.lapses_at.as_millis())
        .bind(to_json(TABLE, &declaration.approvals)?)
        .execute(&mut **tx)
        .await?;
    update(tx, declaration).await
}

/// Writes what may change of one: its approvals, its opening, its early end, its review.
///
/// # Errors
/// When the database cannot be written.
pub async fn update(tx: &mut Write, declaration: &Declaration) -> Result<(), StoreError> {
    let (opening, review) = (declaration.opening.as_ref(), declaration.review.as_ref());
    let sql = "UPDATE emergencies SET approvals = $2, opened_by = $3, opened_at = $4, opened_until = $5,
            opened_event = $6, ended_at = $7, reviewed_by = $8, reviewed_at = $9, review_outcome = $10,
            review_comment = $11 WHERE id = $1";
    sqlx::query(sql)
        .bind(declaration.id.as_str())
        .bind(to_json(TABLE, &declaration.approvals)?)
        .bind(opening.map(|opening| opening.by.as_str()))
        .bind(opening.map(|opening| opening.at.as_millis()))
        .bind(opening.map(|opening| opening.expires_at.as_millis()))
        .bind(opening.map(|opening| opening.told_by.as_str()))
        .bind(declaration.ended_at.map(Timestamp::as_millis))
        .bind(review.map(|review| review.by.as_str()))
        .bind(review.map(|review| review.at.as_millis()))
        .bind(review.map(|review| review.outcome.as_str()))
        .bind(review.map(|review| review.comment.as_str()))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Declaration, StoreError> {
    let columns = Columns { row, table: TABLE };
    Ok(Declaration {
        id: columns.parsed("id")?,
        workspace: columns.parsed("workspace")?,
        subject: columns.parsed("subject")?,
        incident: columns.plain("incident")?,
        reason_code: columns.plain("reason_code")?,
        reason: columns.plain("reason")?,
        declared_by: columns.parsed("declared_by")?,
        declared_at: columns.time("declared_at")?,
        lapses_at: columns.time("lapses_at")?,
        approvals: columns.json("approvals")?,
        opening: opening(&columns)?,
        ended_at: columns.optional_time("ended_at")?,
        review: review(&columns)?,
    })
}

fn opening(columns: &Columns<'_>) -> Result<Option<Opening>, StoreError> {
    let Some(at) = columns.optional_time("opened_at")? else { return Ok(None) };
    let by: EngineerId = columns.parsed("opened_by")?;
    let told_by: EventId = columns.parsed("opened_event")?;
    Ok(Some(Opening { by, at, expires_at: columns.time("opened_until")?, told_by }))
}

fn review(columns: &Columns<'_>) -> Result<Option<Review>, StoreError> {
    let Some(at) = columns.optional_time("reviewed_at")? else { return Ok(None) };
    let outcome: Outcome = columns.word("review_outcome")?;
    Ok(Some(Review { by: columns.parsed("reviewed_by")?, at, outcome, comment: columns.plain("review_comment")? }))
}
