//! `chaperone serve`: runs the gate until a signal ends it.
use std::path::PathBuf;

use anyhow::Context;

use crate::config;
use crate::domain::time::Clock;
use crate::server;
use crate::telemetry::logs;

use super::{Environment, Exit};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs it.
pub(super) fn run(arguments: Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    logs::init(environment.get("CHAPERONE_LOG").map(String::as_str));
    let Arguments { config: path } = arguments;
    let loaded = config::load(&path, environment.clone().into_iter()).map_err(|errors| anyhow::anyhow!("{errors}"))?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut reload = server::reload_signal()?;
        let running = server::start(loaded.config, Clock::system()).await.context("chaperone does not start")?;
        let stop = server::stop_signal();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                stopped = &mut stop => break stopped?,
                _ = reload.recv() => running.reload.everything(),
            }
        }
        tracing::info!("stopping");
        running.shutdown().await;
        Ok(Exit::Fine)
    })
}
