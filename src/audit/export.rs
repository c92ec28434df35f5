//! `audit export`: the records, byte for byte as they were hashed.
use std::io::{self, Write};
use std::path::Path;

use serde::Deserialize;

use crate::domain::id::WorkspaceId;

use super::form::Form;
use super::proof;
use super::segments::{self, Lines};

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The trail cannot be read, or the export not be written.
    #[error("cannot export the trail")]
    Io(#[from] io::Error),
    /// Nothing can be proved by it.
    #[error("the trail is not intact, so nothing is proved by it: {0}; run `chaperone audit verify`")]
    Broken(String),
    /// There is nothing to prove yet.
    #[error(
        "no checkpoint covers a record of workspace `{0}`: there is none of it, or none old enough (`audit.checkpoint`)"
    )]
    Uncovered(WorkspaceId),
}

/// The members that tell whose a record is.
#[derive(Deserialize)]
struct Of {
    workspace: Option<WorkspaceId>,
    workspace_seq: Option<u64>,
}

/// Writes every record of the journal in `dir` to `out`, one JSON line each. A line that is being written just now is left
/// out.
///
/// # Errors
/// When there is no journal, it cannot be read, or `out` cannot be written.
pub fn export(dir: &Path, out: &mut dyn Write) -> Result<(), ExportError> {
    for segment in segments::existing(dir)? {
        let mut lines = Lines::open(&segment.path)?;
        while let Some(line) = lines.next()? {
            if line.whole().is_some() {
                out.write_all(line.raw)?;
            }
        }
    }
    Ok(out.flush()?)
}

/// Writes the records of `workspace` that the last checkpoint of the journal in `dir` covers to `out`, behind the proof that
/// they are all there. It is the file that the API gives to members of that workspace.
///
/// # Errors
/// When there is no journal, it cannot be read or is not intact, no checkpoint covers a record of the workspace, or `out`
/// cannot be written.
pub fn export_workspace(
    dir: &Path,
    workspace: &WorkspaceId,
    form: Form,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let proof = proof::prove(dir, workspace)?.ok_or_else(|| ExportError::Uncovered(workspace.clone()))?;
    let mut text = Vec::new();
    form.begin(&proof, &mut text)?;
    out.write_all(&text)?;
    for segment in segments::existing(dir)? {
        let mut lines = Lines::open(&segment.path)?;
        while let Some(line) = lines.next()? {
            let Some(whole) = line.whole() else { continue };
            let Of { workspace: of, workspace_seq } = serde_json::from_slice(whole).map_err(io::Error::from)?;
            if of.as_ref() != Some(workspace) {
                continue;
            }
            text.clear();
            form.record(&String::from_utf8_lossy(whole), &mut text)?;
            out.write_all(&text)?;
            if workspace_seq >= Some(proof.count()) {
                return Ok(out.flush()?);
            }
        }
    }
    Ok(out.flush()?)
}
