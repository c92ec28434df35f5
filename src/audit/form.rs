//! In which form a workspace's records are handed out. The proof goes first; then each record, as it stands in the trail.
//!
//! * `sheet`: the rows of a spreadsheet.
pub(super) mod sheet;

use std::io;

use super::proof::Proof;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line.
    Jsonl,
    /// One row a record, for spreadsheets, with the record itself in the last column.
    Csv,
}

impl Form {
    /// Writes what comes before the first record.
    pub(super) fn begin(self, proof: &Proof, out: &mut Vec<u8>) -> io::Result<()> {
        let line = proof.line()?;
        match self {
            Self::Jsonl => write_line(&line, out),
            Self::Csv => {
                out.extend_from_slice(&sheet::header()?);
                out.extend_from_slice(&sheet::proof_row(&line)?);
            }
        }
        Ok(())
    }

    /// Writes the record of this line, which has no newline.
    pub(super) fn record(self, line: &str, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Jsonl => write_line(line, out),
            Self::Csv => out.extend_from_slice(&sheet::row(line)?),
        }
        Ok(())
    }
}

fn write_line(line: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}
