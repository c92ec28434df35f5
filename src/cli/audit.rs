//! `chaperone audit`: verify, export and watch the trail. All of it only reads, and may run beside a serving gate.
//!
//! `verify`, `export`, `tail` and `checkpoint` have a file each; here is what they share.
mod checkpoint;
mod export;
mod tail;
mod verify;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Environment, Exit, Format, print};
use crate::config::{self, Config};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check that no record was changed, removed, added or moved: exit 0 when the trail is intact, else 1
    Verify(verify::Arguments),
    /// Print the records, byte for byte as they were hashed
    Export(export::Arguments),
    /// Show the last records, a line each, and with --follow those that are written from now on
    Tail(tail::Arguments),
    /// Print the last signed checkpoint: kept elsewhere, it shows later whether records were removed
    Checkpoint(checkpoint::Arguments),
}

/// Which trail.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// The trail of this configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The trail in this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Source {
    /// The trail's folder.
    fn folder(&self, environment: &Environment) -> anyhow::Result<PathBuf> {
        match &self.dir {
            Some(dir) => Ok(dir.clone()),
            None => Ok(load(self.config.as_deref(), environment)?.audit.dir),
        }
    }
}

/// Runs it.
pub(super) fn run(command: Command, environment: &Environment) -> anyhow::Result<Exit> {
    match command {
        Command::Verify(arguments) => verify::run(&arguments, environment),
        Command::Export(arguments) => export::run(arguments, environment),
        Command::Tail(arguments) => tail::run(arguments, environment),
        Command::Checkpoint(arguments) => checkpoint::run(&arguments, environment),
    }
}

fn load(config: Option<&Path>, environment: &Environment) -> anyhow::Result<Config> {
    let file = config.context("name the trail by --config or --dir")?;
    let variables = environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    let loaded = config::load(file, variables).map_err(|_| {
        let file = file.display();
        anyhow::anyhow!("the configuration `{file}` has mistakes: `chaperone config check --config {file}` lists them")
    })?;
    Ok(loaded.config)
}
