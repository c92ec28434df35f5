//! Rows of workspaces.
use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, SqliteConnection};

use crate::domain::id::WorkspaceId;
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;

use super::columns::{Columns, to_json};
use super::sqlite::StoreError;
use super::write::Write;

const TABLE: &str = "workspaces";

/// A workspace that the directory has.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(connection: &mut SqliteConnection, id: &WorkspaceId) -> Result<Option<Workspace>, StoreError> {
    let query = sqlx::query("SELECT * FROM workspaces WHERE id = $1 AND deleted_at IS NULL").bind(id.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// A workspace, deleted or not: an ended session still names it.
///
/// # Errors
/// When the database cannot be read.
pub async fn find_or_deleted(
    connection: &mut SqliteConnection,
    id: &WorkspaceId,
) -> Result<Option<Workspace>, StoreError> {
    let query = sqlx::query("SELECT * FROM workspaces WHERE id = $1").bind(id.as_str());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// Up to `limit` workspaces, by name, behind the workspace `after`: all, or those whose id, or a word of whose name, begins
/// with `prefix`.
///
/// # Errors
/// When the database cannot be read.
pub async fn search(
    connection: &mut SqliteConnection,
    prefix: &str,
    after: Option<&WorkspaceId>,
    limit: u32,
) -> Result<Vec<Workspace>, StoreError> {
    let sql = "SELECT * FROM workspaces WHERE deleted_at IS NULL
        AND ($1 = '' OR LOWER(id) LIKE $1 ESCAPE '!' OR LOWER(name) LIKE $1 ESCAPE '!' OR LOWER(name) LIKE $2 ESCAPE '!')
        AND ($3 IS NULL OR (LOWER(name), id) > (SELECT LOWER(name), id FROM workspaces WHERE id = $3))
        ORDER BY LOWER(name), id LIMIT $4";
    let (whole, word) = patterns(prefix);
    let query = sqlx::query(sql).bind(whole).bind(word).bind(after.map(WorkspaceId::as_str)).bind(limit);
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// What a text is like that begins with `prefix`, and one with a later word that does; what `LIKE` reads in its own way is
/// escaped by `!`. Both are empty without a prefix.
fn patterns(prefix: &str) -> (String, String) {
    if prefix.is_empty() {
        return (String::new(), String::new());
    }
    let mut plain = String::new();
    for character in prefix.to_ascii_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            plain.push('!');
        }
        plain.push(character);
    }
    (format!("{plain}%"), format!("% {plain}%"))
}

/// The names of these workspaces, deleted or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn names(
    connection: &mut SqliteConnection,
    ids: &BTreeSet<WorkspaceId>,
) -> Result<Vec<(WorkspaceId, String)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new("SELECT id, name FROM workspaces WHERE id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.as_str());
    }
    query.push(")");
    let rows = query.build().fetch_all(connection).await?;
    let columns = rows.iter().map(|row| Columns { row, table: TABLE });
    columns.map(|columns| Ok((columns.parsed("id")?, columns.plain("name")?))).collect()
}

/// Creates or replaces one.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Write, workspace: &Workspace) -> Result<(), StoreError> {
    let sql = "INSERT INTO workspaces (id, name, plan, forced_sso, region, emergency_access, labels, deleted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, plan = excluded.plan, forced_sso = excluded.forced_sso,
            region = excluded.region, emergency_access = excluded.emergency_access, labels = excluded.labels,
            deleted_at = NULL";
    sqlx::query(sql)
        .bind(workspace.id.as_str())
        .bind(&workspace.name)
        .bind(workspace.plan.as_str())
        .bind(workspace.forced_sso)
        .bind(&workspace.region)
        .bind(workspace.emergency_access.as_str())
        .bind(to_json(TABLE, &workspace.labels)?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes one, and forgets its members. Members whom the directory deleted stay deleted, should it come back.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Write, id: &WorkspaceId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM members WHERE workspace = $1 AND deleted_at IS NULL")
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
    sqlx::query("UPDATE workspaces SET deleted_at = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(now.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Workspace, StoreError> {
    let columns = Columns { row, table: TABLE };
    Ok(Workspace {
        id: columns.parsed("id")?,
        name: columns.plain("name")?,
        plan: columns.word("plan")?,
        forced_sso: columns.plain("forced_sso")?,
        region: columns.plain("region")?,
        emergency_access: columns.word("emergency_access")?,
        labels: columns.json("labels")?,
    })
}
