//! API keys: made, listed and revoked on the command line.
use std::collections::BTreeSet;

use serde_json::json;
use serde_json::value::to_raw_value;

use crate::audit::{Decision, Event, Kind};
use crate::domain::id::ApiKeyId;
use crate::domain::text::Label;
use crate::domain::time::{Clock, Timestamp};
use crate::identity::ApiKey;
use crate::store::api_keys::{self, KeyRow};
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
    let mut tx = store.write().await?;
    let now = clock.now();
    let key = ApiKey::mint();
    let row = KeyRow {
        id: ApiKeyId::mint(now),
        name: name.to_string(),
        scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        created_at: now,
        revoked_at: None,
    };
    api_keys::insert(&mut tx, &row, &key.hash()).await?;
    tx.commit(&told(Kind::TokenCreated, &row, now)?).await?;
    Ok((row.id, key))
}

/// Lists all keys, newest first.
///
/// # Errors
/// When the store cannot be read.
pub async fn list(store: &Store) -> Result<Vec<Listed>, StoreError> {
    let rows = api_keys::list(&mut *store.read().await?).await?;
    let listed = rows.into_iter().map(|row| Listed {
        id: row.id,
        name: row.name,
        scopes: row.scopes.iter().filter_map(|word| word.parse().ok()).collect(),
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    });
    Ok(listed.collect())
}

/// Revokes a key; false when there is none of that id. Revoking twice is fine.
///
/// # Errors
/// When the store cannot be written.
pub async fn revoke(store: &Store, clock: &Clock, id: &ApiKeyId) -> Result<bool, StoreError> {
    let mut tx = store.write().await?;
    let now = clock.now();
    let Some(row) = api_keys::find(&mut tx, id).await? else { return Ok(false) };
    if row.revoked_at.is_none() {
        api_keys::revoke(&mut tx, id, now).await?;
        tx.commit(&told(Kind::TokenRevoked, &row, now)?).await?;
    }
    Ok(true)
}

/// The event about a key. No policy is asked: whoever can write the store may, so the bundle is empty.
fn told(kind: Kind, row: &KeyRow, now: Timestamp) -> Result<Event, StoreError> {
    let facts = json!({ "by": "command-line", "key": row.id, "name": row.name, "scopes": row.scopes });
    let facts =
        to_raw_value(&facts).map_err(|error| StoreError::Corrupt { table: "events", problem: error.to_string() })?;
    let decision = Decision { allow: true, code: None, policies: [].into(), bundle: "".into(), facts };
    Ok(Event { decision: Some(decision), ..Event::new(now, kind) })
}
