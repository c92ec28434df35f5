//! `chaperone demo`.
use std::path::PathBuf;

use super::{Environment, Exit};
use crate::config::Profile;
use crate::demo::{self, Options};
use crate::telemetry::logs;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The rules to run with: `lambdatest`, `segment`, `salesforce`, `bizible` or `tsa`
    #[arg(long, value_name = "NAME", default_value = "segment")]
    profile: Profile,
    /// Keep state in this folder, for a later run; without it, in a temporary one that goes with the demo
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The gate's port; the app, the desk and the operators' listener take the next three
    #[arg(long, value_name = "N", default_value_t = 8443)]
    port: u16,
}

/// Runs it. The environment has no say, so that nothing can move the demo off loopback.
pub(super) fn run(arguments: Arguments, _environment: &Environment) -> anyhow::Result<Exit> {
    logs::init(Some("warn"));
    let Arguments { profile, dir, port } = arguments;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(demo::run(Options { dir, port, profile }, |text| super::print(text)))?;
    Ok(Exit::Fine)
}
