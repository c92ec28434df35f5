//! `chaperone audit`: verify and export the trail. Both only read, and may run beside a serving gate.
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;

use super::{Environment, Exit, Format, print};
use crate::audit::{self, Report, Selection};
use crate::config;
use crate::domain::id::WorkspaceId;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check that no record was changed, removed, added or moved: exit 0 when the trail is intact, else 1
    Verify(Verify),
    /// Print the records, byte for byte as they were hashed
    Export(Export),
}

#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    #[command(flatten)]
    subject: Subject,
    /// Exit 1, too, when records come after the last signed checkpoint
    #[arg(long)]
    require_anchored: bool,
    /// How to print the report
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// What to verify.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Subject {
    /// The trail of this configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The trail in this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// A whole trail that was exported to this file
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    #[command(flatten)]
    source: Source,
    /// How to print the records
    #[arg(long, value_enum, default_value = "jsonl")]
    format: ExportFormat,
    /// Only the records of this workspace
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
}

/// What to export.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// One record a line, as in the trail itself
    Jsonl,
}

/// Runs it.
pub(super) fn run(command: Command, environment: &Environment) -> anyhow::Result<Exit> {
    match command {
        Command::Verify(verify) => run_verify(&verify, environment),
        Command::Export(export) => run_export(export, environment),
    }
}

fn run_verify(arguments: &Verify, environment: &Environment) -> anyhow::Result<Exit> {
    let Subject { config, dir, export } = &arguments.subject;
    let path = match export {
        Some(file) => file.clone(),
        None => folder(config.as_deref(), dir.as_deref(), environment)?,
    };
    let report = match audit::verify(&path) {
        Ok(report) => report,
        Err(error) => {
            // What cannot be read is not intact: that is an answer, and the answer is no.
            writeln!(io::stderr(), "error: cannot verify `{}`: {error}", path.display())?;
            return Ok(Exit::No);
        }
    };
    let fine = report.intact() && !(arguments.require_anchored && report.unanchored > 0);
    match arguments.format {
        Format::Text => print(text(&path, &report, arguments.require_anchored)?)?,
        Format::Json => print(serde_json::to_string_pretty(&report)? + "\n")?,
        Format::Jsonl => print(serde_json::to_string(&report)? + "\n")?,
    }
    Ok(if fine { Exit::Fine } else { Exit::No })
}

fn run_export(arguments: Export, environment: &Environment) -> anyhow::Result<Exit> {
    let Export { source, format: ExportFormat::Jsonl, workspace } = arguments;
    let dir = folder(source.config.as_deref(), source.dir.as_deref(), environment)?;
    let selection = Selection { workspace, after: None };
    audit::export_selected(&dir, &selection, &mut BufWriter::new(io::stdout().lock()))?;
    Ok(Exit::Fine)
}

/// The trail's folder: `dir`, or the one that the configuration names.
fn folder(config: Option<&Path>, dir: Option<&Path>, environment: &Environment) -> anyhow::Result<PathBuf> {
    if let Some(dir) = dir {
        return Ok(dir.to_owned());
    }
    let file = config.context("name the trail by --config or --dir")?;
    let variables = environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    let loaded = config::load(file, variables).map_err(|_| {
        let file = file.display();
        anyhow::anyhow!("the configuration `{file}` has mistakes: `chaperone config check --config {file}` lists them")
    })?;
    Ok(loaded.config.audit.dir)
}

/// The report for people.
fn text(path: &Path, report: &Report, require_anchored: bool) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "trail       {}", path.display())?;
    match (report.first, report.last, &report.head) {
        (Some(first), Some(last), Some(head)) => {
            writeln!(out, "records     {}", report.records)?;
            writeln!(out, "workspaces  {}", report.workspaces)?;
            writeln!(out, "first       {} at {}", first.seq, first.at)?;
            writeln!(out, "last        {} at {}", last.seq, last.at)?;
            writeln!(out, "head        {head}")?;
        }
        _ => writeln!(out, "records     none")?,
    }
    if report.intact() {
        writeln!(out, "chain       intact: every record is unchanged and in its place")?;
    } else {
        writeln!(out, "chain       NOT INTACT")?;
        for problem in &report.problems {
            writeln!(out, "  {}, line {}: {}", problem.file.display(), problem.line, problem.what)?;
        }
    }
    if report.unanchored > 0 {
        let refused = if require_anchored { ", and so refused" } else { "" };
        writeln!(out, "un-anchored {} records: no checkpoint covers them yet{refused}", report.unanchored)?;
        writeln!(
            out,
            "            Records cut from the end, or a whole trail put in place of this one, would not show."
        )?;
        writeln!(out, "            Compare `head` with one that you have kept elsewhere.")?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
