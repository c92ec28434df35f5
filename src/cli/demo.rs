//! `chaperone demo`.
use super::{Environment, Exit};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

/// Runs it.
pub(super) fn run(arguments: Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let _ = (arguments, environment);
    todo!()
}
