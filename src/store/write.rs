//! The unit of change: state, events and changes in one transaction.
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::{Sqlite, SqliteConnection, Transaction};
use tokio::sync::{Notify, watch};

use crate::audit::Event;

use super::feed::Change;
use super::sqlite::{Store, StoreError};
use super::{events, feed};

/// One transaction that changes state. It holds the only writing connection, so what it reads stays true until its
/// end. Dropped without a commit, it has changed nothing.
///
/// Architecture Invariant: state changes only here, and only with an event: there is no commit without one. (What
/// `housekeeping` writes is no state that anybody decided on.)
#[derive(Debug)]
pub struct Write {
    transaction: Transaction<'static, Sqlite>,
    sequence: i64,
    committed: Arc<Notify>,
    commits: Arc<watch::Sender<u64>>,
}

impl Store {
    /// Begins to change state.
    ///
    /// # Errors
    /// When the database cannot be written, or another writer takes too long.
    pub async fn write(&self) -> Result<Write, StoreError> {
        let transaction = self.begin().await?;
        Ok(Write { transaction, sequence: 0, committed: self.events.clone(), commits: self.commits.clone() })
    }
}

impl Write {
    /// Adds a row to the change feed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn change(&mut self, change: &Change) -> Result<(), StoreError> {
        self.sequence = feed::insert(self, change).await?;
        Ok(())
    }

    /// Adds an event beside the one that [`Write::commit`] takes.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn event(&mut self, event: &Event) -> Result<(), StoreError> {
        events::insert(self, event).await
    }

    /// Makes it so, with the event that tells of it. Returns the sequence number of the last change, 0 without any:
    /// whoever changed something announces it by that number (`Feed::announce`) before answering.
    ///
    /// # Errors
    /// When the database cannot be written: then nothing has changed.
    pub async fn commit(mut self, event: &Event) -> Result<i64, StoreError> {
        self.event(event).await?;
        self.transaction.commit().await?;
        self.committed.notify_one();
        self.commits.send_modify(|count| *count = count.wrapping_add(1));
        Ok(self.sequence)
    }
}

impl Deref for Write {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}
