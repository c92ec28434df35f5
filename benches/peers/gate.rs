//! The real gate, started like `chaperone serve` does it, with its sessions.
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use chaperone::config::{self, Config};
use chaperone::domain::time::Clock;
use chaperone::server::{self, Running};

use super::requests::Session;
use super::{child, people};

/// A gate with people in it.
pub(crate) struct Gate {
    pub(crate) running: Running,
    pub(crate) config: Config,
    pub(crate) clock: Arc<Clock>,
    pub(crate) sessions: Vec<Session>,
}

/// Runs it before the app at `app`.
pub(crate) async fn run(app: SocketAddr, durability: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let gate = start(folder.path(), app, durability).await?;
    child::serving(gate.running.address, &gate.sessions).await?;
    gate.running.shutdown().await;
    Ok(())
}

/// Starts it with its state in `folder`, and has everybody enter.
pub(crate) async fn start(folder: &Path, app: SocketAddr, durability: &str) -> anyhow::Result<Gate> {
    let file = folder.join("chaperone.toml");
    std::fs::write(&file, include_str!("../gate.toml"))?;
    std::fs::write(folder.join("issuers.jwks.json"), include_str!("../issuers.jwks.json"))?;
    let overrides = [
        ("CHAPERONE__ROUTE__0__UPSTREAM".to_owned(), format!("[\"http://{app}\"]")),
        ("CHAPERONE__AUDIT__DURABILITY".to_owned(), durability.to_owned()),
    ];
    let config = config::load(&file, overrides.into_iter()).map_err(|errors| anyhow!("{errors}"))?.config;
    let clock = Clock::system();
    let running = server::start(config.clone(), Arc::clone(&clock)).await?;
    let sessions = people::enter(&running.access, clock.now()).await?;
    Ok(Gate { running, config, clock, sessions })
}
