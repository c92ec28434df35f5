//! API keys: made, listed and revoked on the command line.
use std::collections::BTreeSet;

use crate::domain::id::ApiKeyId;
use crate::domain::text::Label;
use crate::domain::time::{Clock, Timestamp};
use crate::identity::ApiKey;
use crate::store::{Store, StoreError};

use super::actor::Scope;

/// A key as it is listed: without the key.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its id.
    pub id: ApiKeyId,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Makes a key. Whoever can write the store may.
///
/// # Errors
/// When the store cannot be written.
pub async fn create(
    store: &Store,
    clock: &Clock,
    name: &Label,
    scopes: &BTreeSet<Scope>,
) -> Result<(ApiKeyId, ApiKey), StoreError> {
    let _ = (store, clock, name, scopes);
    todo!()
}

/// Lists all keys, newest first.
///
/// # Errors
/// When the store cannot be read.
pub async fn list(store: &Store) -> Result<Vec<Listed>, StoreError> {
    let _ = store;
    todo!()
}

/// Revokes a key; false when there is none of that id.
///
/// # Errors
/// When the store cannot be written.
pub async fn revoke(store: &Store, clock: &Clock, id: &ApiKeyId) -> Result<bool, StoreError> {
    let _ = (store, clock, id);
    todo!()
}
