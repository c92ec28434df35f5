//! A look at the store that changes nothing: is it there, can it be written, whose schema is it.
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::config;

use super::sqlite::{MIGRATIONS, PATIENCE, StoreError};

/// What the store is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspected {
    /// There is none yet.
    Missing,
    /// Its schema is this version's.
    Current,
    /// It was made by an earlier version.
    Older {
        /// How many migrations would run.
        pending: usize,
    },
    /// It was made by a later version.
    Newer,
}

/// Looks at the store, and begins a write that is taken back.
///
/// # Errors
/// When it cannot be opened, read or written.
pub async fn inspect(store: &config::Store) -> Result<Inspected, StoreError> {
    if !store.path.exists() {
        return Ok(Inspected::Missing);
    }
    let failed = |source| StoreError::Database { path: store.path.display().to_string(), source };
    let options = SqliteConnectOptions::new().filename(&store.path).busy_timeout(PATIENCE);
    let mut connection = options.connect().await.map_err(failed)?;
    let looked = look(&mut connection).await.map_err(failed);
    connection.close().await.map_err(failed)?;
    looked
}

async fn look(connection: &mut SqliteConnection) -> Result<Inspected, sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let made = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'";
    let made: i64 = sqlx::query_scalar(made).fetch_one(&mut *connection).await?;
    let applied: Vec<i64> = if made == 0 {
        Vec::new()
    } else {
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(&mut *connection).await?
    };
    sqlx::query("ROLLBACK").execute(connection).await?;
    let known: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    if applied.iter().any(|version| !known.contains(version)) {
        return Ok(Inspected::Newer);
    }
    let pending = known.iter().filter(|version| !applied.contains(version)).count();
    Ok(if pending == 0 { Inspected::Current } else { Inspected::Older { pending } })
}
