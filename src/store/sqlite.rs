//! The pools of the SQLite file.
use std::fs::OpenOptions;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqliteConnection, Transaction};
use tokio::sync::{Notify, watch};

use crate::config;

use super::obstacle::{Doing, Obstacle};
use super::place::Place;

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
    /// Its file is not where it was: what is read or written here, nobody would find after a restart.
    #[error("the database `{0}` was removed or replaced: put it back as it was, or restart")]
    Gone(PathBuf),
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
    writer: SqlitePool,
    readers: SqlitePool,
    place: Arc<Place>,
    obstacle: Option<Arc<dyn Obstacle>>,
    /// Told after each commit: there are events to relay.
    pub(super) events: Arc<Notify>,
    /// Counts commits: whoever looks at the events themselves wakes by it.
    pub(super) commits: Arc<watch::Sender<u64>>,
}

impl Store {
    /// Opens the file, makes it on first start (0600), brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be opened, or was made by a later version.
    pub async fn open(store: &config::Store) -> Result<Self, StoreError> {
        Self::open_behind(None, store).await
    }

    /// As [`Store::open`], with something in the way to the database.
    ///
    /// # Errors
    /// The same.
    pub async fn open_behind(obstacle: Option<Arc<dyn Obstacle>>, store: &config::Store) -> Result<Self, StoreError> {
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
        let place = Place::of(&store.path).map_err(|error| failed(error.into()))?;
        Ok(Self { writer, readers, place: Arc::new(place), obstacle, events: Arc::default(), commits: Arc::default() })
    }

    /// Begins to read: all that one [`Read`] tells is of one moment.
    ///
    /// # Errors
    /// When the database cannot be read, or no connection becomes free.
    pub async fn read(&self) -> Result<Read, StoreError> {
        self.reach(Doing::Read).await?;
        Ok(Read(self.readers.begin().await?))
    }

    /// As [`Store::read`], for a look at the change feed.
    ///
    /// # Errors
    /// The same.
    pub(super) async fn look(&self) -> Result<Read, StoreError> {
        self.reach(Doing::Look).await?;
        Ok(Read(self.readers.begin().await?))
    }

    /// The pool of the one connection that writes.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub(super) async fn writer(&self) -> Result<&SqlitePool, StoreError> {
        self.reach(Doing::Write).await?;
        Ok(&self.writer)
    }

    /// Begins a transaction that will write.
    ///
    /// # Errors
    /// When the database cannot be written, or another writer takes too long.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer().await?.begin_with("BEGIN IMMEDIATE").await?)
    }

    async fn reach(&self, doing: Doing) -> Result<(), StoreError> {
        if let Some(obstacle) = &self.obstacle {
            obstacle.before(doing).await.map_err(sqlx::Error::Io)?;
        }
        self.place.holds()
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
