//! builds everything once, listens, and shuts down in order.
use std::net::SocketAddr;
use std::sync::Arc;

use crate::access::Access;
use crate::config::Config;
use crate::domain::time::Clock;

/// A gate that runs.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Its control plane.
    pub access: Arc<Access>,
}

impl Running {
    /// Stops it in order.
    pub async fn shutdown(self) {
        todo!()
    }
}

/// Builds and starts a gate.
///
/// # Errors
/// When something of it cannot be opened or bound.
pub async fn start(config: Config, clock: Arc<Clock>) -> anyhow::Result<Running> {
    let _ = (config, clock);
    todo!()
}
