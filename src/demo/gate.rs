//! The gate of the demo: the real one, from a configuration file like any other.
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};

use crate::access::actor::Scope;
use crate::access::api_keys;
use crate::domain::time::Clock;
use crate::server::{self, Running};
use crate::{config, identity::ApiKey};

/// Starts the gate that `file` describes. The environment has no say: the demo stays on loopback.
pub(super) async fn start(file: &Path, clock: Arc<Clock>) -> anyhow::Result<Running> {
    let loaded = config::load(file, std::iter::empty())
        .map_err(|errors| anyhow!("{errors}"))
        .with_context(|| format!("the demo's own configuration `{}` cannot be used", file.display()))?;
    server::start(loaded.config, clock).await.context("the gate does not start")
}

/// Makes the key that keeps the demo's directory, as `chaperone token create --scope directory` would.
pub(super) async fn directory_key(gate: &Running, clock: &Clock) -> anyhow::Result<ApiKey> {
    let scopes = BTreeSet::from([Scope::Directory]);
    let (_, key) = api_keys::create(&gate.access.store, clock, &"demo".parse()?, &scopes).await?;
    Ok(key)
}
