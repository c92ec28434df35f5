//! `chaperone audit checkpoint`.
use super::{Environment, Exit, Source, print};
use crate::audit;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// All of them, not the last one alone
    #[arg(long)]
    all: bool,
}

/// Prints checkpoints byte for byte; exit 1 when there is none.
pub(super) fn run(arguments: &Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let dir = arguments.source.folder(environment)?;
    let lines = audit::checkpoints(&dir)?;
    let shown =
        if arguments.all { lines.as_slice() } else { lines.last().map(std::slice::from_ref).unwrap_or_default() };
    for line in shown {
        print(format!("{line}\n"))?;
    }
    Ok(if shown.is_empty() { Exit::No } else { Exit::Fine })
}
