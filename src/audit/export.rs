//! `audit export`: the records, byte for byte as they were hashed.
use std::io::{self, Write};
use std::path::Path;

use serde::Deserialize;

use crate::domain::id::WorkspaceId;

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
}

/// Which records to export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only those of this workspace; none: all.
    pub workspace: Option<WorkspaceId>,
    /// Only those whose `seq` is greater; none: all.
    pub after: Option<u64>,
}

/// The members that a selection looks at.
#[derive(Deserialize)]
struct Selected {
    seq: u64,
    workspace: Option<WorkspaceId>,
}

impl Selection {
    /// A line that is no record belongs to nobody: it is in a whole export, for `verify` to find, and in no other.
    fn takes(&self, line: &[u8]) -> bool {
        if *self == Self::default() {
            return true;
        }
        serde_json::from_slice::<Selected>(line).is_ok_and(|record| {
            self.after.is_none_or(|after| record.seq > after)
                && self.workspace.as_ref().is_none_or(|workspace| record.workspace.as_ref() == Some(workspace))
        })
    }
}

/// Writes every record of the journal in `dir` to `out`, one JSON line each.
///
/// # Errors
/// When the journal cannot be read or `out` cannot be written.
pub fn export(dir: &Path, out: &mut dyn Write) -> Result<(), ExportError> {
    export_selected(dir, &Selection::default(), out)
}

/// Writes the records of the journal in `dir` that `selection` names to `out`, one JSON line each. A line that is being
/// written just now is left out.
///
/// # Errors
/// When there is no journal, it cannot be read, or `out` cannot be written.
pub fn export_selected(dir: &Path, selection: &Selection, out: &mut dyn Write) -> Result<(), ExportError> {
    for segment in segments::existing(dir)? {
        let mut lines = Lines::open(&segment.path)?;
        while let Some(line) = lines.next()? {
            if line.whole().is_some_and(|whole| selection.takes(whole)) {
                out.write_all(line.raw)?;
            }
        }
    }
    Ok(out.flush()?)
}
