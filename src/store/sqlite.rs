//! The pools of the SQLite file.
use std::fs::OpenOptions;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqliteConnection, Transaction};
use tokio::sync::Notify;

use crate::config;

/// How long a statement waits for another process's write, and a caller for a free connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that read at the same time.
const READERS: u32 = 4;

/// The steps of the schema, in order.
pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/migrations");

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error("the database `{path}` cannot be used")]
    Database {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The open database cannot be read or written now.
    #[error("the database cannot be read or written")]
    Query(#[from] sqlx::Error),
    /// A row holds what no row of ours may hold.
    #[error("the database holds a `{table}` row that cannot be read: {problem}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// What is wrong.
        problem: String,
    },
}

/// The open store.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) writer: SqlitePool,
    readers: SqlitePool,
    /// Told after each commit: there are events to relay.
    pub(super) events: Arc<Notify>,
}

impl Store {
    /// Opens the file, makes it on first start (0600), brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be opened, or was made by a later version.
    pub async fn open(store: &config::Store) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Database { path: store.path.display().to_string(), source };
        make_private(&store.path).map_err(|error| failed(error.into()))?;
        let options = SqliteConnectOptions::new()
            .filename(&store.path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let pool = SqlitePoolOptions::new().acquire_timeout(PATIENCE).idle_timeout(None).max_lifetime(None);
        let writer = pool.clone().max_connections(1).connect_with(options.clone()).await.map_err(failed)?;
        MIGRATIONS.run(&writer).await.map_err(|error| failed(error.into()))?;
        let read_only = options.pragma("query_only", "ON");
        let readers = pool.max_connections(READERS).connect_with(read_only).await.map_err(failed)?;
        Ok(Self { writer, readers, events: Arc::default() })
    }

    /// Begins to read: all that one [`Read`] tells is of one moment.
    ///
    /// # Errors
    /// When the database cannot be read, or no connection becomes free.
    pub async fn read(&self) -> Result<Read, StoreError> {
        Ok(Read(self.readers.begin().await?))
    }

    /// Closes the pools.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Makes the file readable by us alone; SQLite gives its companions (`-wal`, `-shm`) the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

/// What reads the state: a [`Read`], or a [`super::Write`] that has not ended.
pub type Connection = SqliteConnection;

/// A consistent look at the state.
#[derive(Debug)]
pub struct Read(Transaction<'static, Sqlite>);

impl Deref for Read {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.0
    }
}

impl DerefMut for Read {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}
