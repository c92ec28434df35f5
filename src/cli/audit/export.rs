//! `chaperone audit export`.
use std::io::{self, BufWriter};

use clap::ValueEnum;

use super::{Environment, Exit, Source};
use crate::audit::{self, Form};
use crate::domain::id::WorkspaceId;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// How to print the records; CSV for one workspace alone
    #[arg(long, value_enum, default_value = "jsonl")]
    format: ExportFormat,
    /// Only the records of this workspace, up to the last checkpoint and behind the proof that they are all there: the
    /// file that its members get from the API
    #[arg(long, value_name = "ID", required_if_eq("format", "csv"))]
    workspace: Option<WorkspaceId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// One record a line, as in the trail itself
    Jsonl,
    /// One record a row, for spreadsheets
    Csv,
}

/// Runs it.
pub(super) fn run(arguments: Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let Arguments { source, format, workspace } = arguments;
    let dir = source.folder(environment)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let form = match format {
        ExportFormat::Jsonl => Form::Jsonl,
        ExportFormat::Csv => Form::Csv,
    };
    match workspace {
        Some(workspace) => audit::export_workspace(&dir, &workspace, form, &mut out)?,
        None => audit::export(&dir, &mut out)?,
    }
    Ok(Exit::Fine)
}
