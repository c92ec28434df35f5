//! `chaperone man`: the manual's pages.
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use super::{Exit, command, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Write the pages of all commands into this folder [default: print the first page]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(out) = &arguments.out else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command().disable_help_subcommand(true)).render(&mut page)?;
        print(String::from_utf8(page)?)?;
        return Ok(Exit::Fine);
    };
    let failed = || format!("cannot write the pages to `{}`", out.display());
    fs::create_dir_all(out).with_context(failed)?;
    clap_mangen::generate_to(command(), out).with_context(failed)?;
    Ok(Exit::Fine)
}
