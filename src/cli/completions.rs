//! `chaperone completions`: what a shell needs to complete our commands and options.
use clap_complete::{Shell, generate};

use super::{Exit, command, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    // The generator panics when it cannot write, so it does not write to stdout itself.
    let mut script = Vec::new();
    generate(arguments.shell, &mut command(), "chaperone", &mut script);
    print(String::from_utf8(script)?)?;
    Ok(Exit::Fine)
}
