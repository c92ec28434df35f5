//! `chaperone serve`.
use super::{Environment, Exit};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: std::path::PathBuf,
}

/// Runs it.
pub(super) fn run(arguments: Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let _ = (arguments, environment);
    todo!()
}
