//! `audit export`: the records, byte for byte as they were hashed.
use std::io::Write;
use std::path::Path;

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot export the trail")]
pub struct ExportError(#[from] std::io::Error);

/// Writes every record of the journal in `dir` to `out`, one JSON line each.
///
/// # Errors
/// When the journal cannot be read or `out` cannot be written.
pub fn export(dir: &Path, out: &mut dyn Write) -> Result<(), ExportError> {
    let _ = (dir, out);
    todo!()
}
