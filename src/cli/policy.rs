//! `chaperone policy`.
use super::{Environment, Exit};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// To be written
    Placeholder,
}

/// Runs it.
pub(super) fn run(command: Command, environment: &Environment) -> anyhow::Result<Exit> {
    let _ = (command, environment);
    todo!()
}
