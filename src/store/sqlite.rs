//! The pools of the SQLite file.
use crate::config;

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database says no.
    #[error("the database `{path}` cannot be used")]
    Database {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
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
pub struct Store {}

impl Store {
    /// Opens the file, makes it on first start (0600), brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be opened, or was made by a later version.
    pub async fn open(store: &config::Store) -> Result<Self, StoreError> {
        let _ = store;
        todo!()
    }

    /// Closes the pools.
    pub async fn close(&self) {
        todo!()
    }
}
