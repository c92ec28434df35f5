//! `chaperone audit export`.
use std::fs;
use std::io::{self, BufWriter};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;

use super::{Environment, Exit, Source};
use crate::audit::{self, Selection};
use crate::domain::id::WorkspaceId;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// How to print the records
    #[arg(long, value_enum, default_value = "jsonl")]
    format: ExportFormat,
    /// Only the records of this workspace
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    /// Write to this file what proves, by the last checkpoint, that the workspace's records are all there
    #[arg(long, value_name = "FILE", requires = "workspace")]
    proof: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// One record a line, as in the trail itself
    Jsonl,
}

/// Runs it.
pub(super) fn run(arguments: Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let Arguments { source, format: ExportFormat::Jsonl, workspace, proof } = arguments;
    let dir = source.folder(environment)?;
    // The proof first: the records then reach at least as far.
    if let (Some(file), Some(workspace)) = (proof, &workspace) {
        let proof = audit::prove(&dir, workspace)?.with_context(|| {
            format!("no checkpoint covers a record of workspace `{workspace}`: nothing to prove yet")
        })?;
        let named = || format!("cannot write `{}`", file.display());
        fs::write(&file, serde_json::to_string_pretty(&proof)? + "\n").with_context(named)?;
    }
    let selection = Selection { workspace, after: None };
    audit::export_selected(&dir, &selection, &mut BufWriter::new(io::stdout().lock()))?;
    Ok(Exit::Fine)
}
