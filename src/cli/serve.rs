//! `chaperone serve`: runs the gate until a signal ends it.
use std::path::PathBuf;

use anyhow::Context;
use sd_notify::NotifyState;

use crate::config;
use crate::server::{self, Seams, Signalled, Signals};
use crate::telemetry::logs;

use super::policy::prove::solver_program;
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
    let mut config = loaded.config;
    // Its place is known here only: the gate reads no environment.
    config.policy.solver = Some(solver_program(config.policy.solver, environment));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(config))?;
    // After a second signal nothing is waited for any more.
    runtime.shutdown_background();
    Ok(Exit::Fine)
}

async fn serve(config: config::Config) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let running = server::start(config, Seams::default()).await.context("chaperone does not start")?;
    tell_the_service_manager(NotifyState::Ready);
    while signals.next().await == Signalled::Reload {
        running.reload.everything();
    }
    tracing::info!("stopping; a second signal ends it at once");
    tell_the_service_manager(NotifyState::Stopping);
    tokio::select! {
        () = running.shutdown() => {}
        () = signals.stop() => tracing::warn!("stopped at once: what was open is cut"),
    }
    Ok(())
}

/// Under systemd with `Type=notify`; elsewhere nobody listens.
fn tell_the_service_manager(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot tell the service manager");
    }
}
