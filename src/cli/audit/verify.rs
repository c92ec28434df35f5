//! `chaperone audit verify`.
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Environment, Exit, Format, load, print};
use crate::audit::{self, Evidence, Report, Trust};
use crate::domain::id::WorkspaceId;
use crate::identity::{KeyError, Keys, keys_folder};
use crate::server;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Trust the keys of this JWKS document, as `/.chaperone/jwks.json` serves it; by default those beside the store of
    /// `--config`
    #[arg(long, value_name = "FILE")]
    jwks: Vec<PathBuf>,
    /// Hold the trail against the checkpoints in this file, which were kept elsewhere
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The export must be of this workspace
    #[arg(long, value_name = "ID", requires = "export", conflicts_with = "checkpoint")]
    workspace: Option<WorkspaceId>,
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
    /// A whole trail that was exported to this file, or one workspace's records with their proof, as JSON Lines or CSV
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let Subject { config, dir, export } = &arguments.subject;
    let mut trust = jwks(&arguments.jwks)?;
    let path = match (dir, export) {
        (Some(path), _) | (None, Some(path)) => path.clone(),
        (None, None) => {
            let config = load(config.as_deref(), environment)?;
            if trust.is_none() {
                trust = match Keys::existing(&keys_folder(&config.store.path)) {
                    Err(KeyError::None { .. }) => Trust::default(),
                    own => server::trust(&own?),
                };
            }
            config.audit.dir
        }
    };
    if trust.is_none() && !arguments.checkpoint.is_empty() {
        anyhow::bail!("whose signature on the checkpoint counts? Name the gate's keys by --jwks");
    }
    let report = match verify(arguments, &path, trust) {
        Ok(report) => report,
        Err(error) => {
            // What cannot be read is not intact: that is an answer, and the answer is no.
            writeln!(io::stderr(), "error: cannot verify `{}`: {error}", path.display())?;
            return Ok(Exit::No);
        }
    };
    let fine = if arguments.require_anchored { report.wholly_anchored() } else { report.intact() };
    match arguments.format {
        Format::Text => print(text(&path, &report, arguments.require_anchored)?)?,
        Format::Json => print(serde_json::to_string_pretty(&report)? + "\n")?,
        Format::Jsonl => print(serde_json::to_string(&report)? + "\n")?,
    }
    Ok(if fine { Exit::Fine } else { Exit::No })
}

fn jwks(files: &[PathBuf]) -> anyhow::Result<Trust> {
    let mut trust = Trust::default();
    for file in files {
        let named = || format!("cannot take keys from `{}`", file.display());
        let document = fs::read(file).with_context(named)?;
        trust.extend(Trust::from_jwks(&document).with_context(named)?);
    }
    Ok(trust)
}

fn verify(arguments: &Arguments, path: &Path, trust: Trust) -> io::Result<Report> {
    let evidence = Evidence { trust, kept: arguments.checkpoint.clone() };
    match arguments.subject.export {
        Some(_) => audit::verify_export(path, arguments.workspace.as_ref(), &evidence),
        None => audit::verify(path, &evidence),
    }
}

/// The report for people.
pub(super) fn text(path: &Path, report: &Report, require_anchored: bool) -> Result<String, std::fmt::Error> {
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
    anchoring(&mut out, report, require_anchored)?;
    for name in &report.set_aside {
        writeln!(out, "set aside   {name}: what a crash left of records that no answer relied on")?;
    }
    Ok(out)
}

fn anchoring(out: &mut String, report: &Report, require_anchored: bool) -> std::fmt::Result {
    match &report.anchored {
        Some(anchored) => writeln!(
            out,
            "anchored    up to record {} by checkpoint {} of {} at {}, signed by {}",
            anchored.seq, anchored.checkpoint, anchored.node, anchored.at, anchored.kid
        )?,
        None if report.checkpoints == 0 => writeln!(out, "anchored    no: there is no checkpoint")?,
        None if !report.signatures_checked => writeln!(
            out,
            "anchored    no: the signatures of {} checkpoints were not checked; name the gate's keys by --jwks",
            report.checkpoints
        )?,
        None => writeln!(out, "anchored    no: none of {} checkpoints counts", report.checkpoints)?,
    }
    if let Some(first) = report.first_checkpoint {
        writeln!(out, "            The first checkpoint is of {} and covers records 1 to {}.", first.at, first.seq)?;
    }
    if report.unanchored == 0 {
        return Ok(());
    }
    let since = report.unanchored_since.map(|at| format!(" since {at}")).unwrap_or_default();
    let refused = if require_anchored { ", and so refused" } else { "" };
    writeln!(out, "un-anchored {} records{since}: no checkpoint covers them{refused}", report.unanchored)?;
    writeln!(out, "            That more of them were there, and were cut off or written anew, would not show.")
}
