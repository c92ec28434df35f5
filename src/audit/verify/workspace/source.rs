//! The file of an export: lines, or the rows of a sheet.
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder};

use crate::audit::flaw::Flaw;
use crate::audit::form::sheet;
use crate::audit::segments::Lines;

/// What a file of lines begins with.
const PROOF: &[u8] = br#"{"workspace":"#;

/// Whether the file `path` is the export of one workspace, as far as its first bytes tell; one of which nothing is left may
/// have been.
///
/// # Errors
/// When it cannot be read.
pub(in crate::audit::verify) fn is_export(path: &Path) -> io::Result<bool> {
    let begin = begin(path)?;
    Ok(begin.is_empty() || begin.starts_with(PROOF) || begin.starts_with(sheet::BEGIN))
}

fn begin(path: &Path) -> io::Result<Vec<u8>> {
    let mut begin = [0; 64];
    let read = File::open(path)?.read_at(&mut begin, 0)?;
    Ok(begin.into_iter().take(read).collect())
}

/// The proof or a record, as it stands in the file.
pub(super) struct Item {
    /// Its line or row, from 1.
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    /// What is wrong with the line or row around it.
    pub(super) flaw: Option<Flaw>,
}

/// The proof and the records of an export, in their order.
pub(super) enum Source {
    Lines(Lines),
    Rows(Rows),
}

impl Source {
    /// Opens the file `path`; and what is wrong with what comes before the proof.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Option<Flaw>)> {
        if !begin(path)?.starts_with(sheet::BEGIN) {
            return Ok((Self::Lines(Lines::open(path)?), None));
        }
        let mut rows = Rows::open(path)?;
        let header = rows.next(|_| sheet::header())?;
        Ok((Self::Rows(rows), header.and_then(|header| header.flaw)))
    }

    /// The next one; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Item>> {
        match self {
            Self::Lines(lines) => Ok(lines.next()?.map(|line| match line.whole() {
                Some(whole) => Item { number: line.number, bytes: whole.to_vec(), flaw: None },
                None => Item { number: line.number, bytes: line.raw.to_vec(), flaw: Some(Flaw::Cut) },
            })),
            Self::Rows(rows) if rows.number == 1 => rows.next(sheet::proof_row),
            Self::Rows(rows) => rows.next(sheet::row),
        }
    }
}

/// Reads a sheet row by row, and holds the bytes of each against those that its last column makes.
pub(super) struct Rows {
    reader: Reader<File>,
    raw: File,
    number: u64,
}

impl Rows {
    fn open(path: &Path) -> io::Result<Self> {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_path(path)?;
        Ok(Self { reader, raw: File::open(path)?, number: 0 })
    }

    /// The next row, which must have the bytes that `written` makes of its last column.
    fn next(&mut self, written: impl Fn(&str) -> io::Result<Vec<u8>>) -> io::Result<Option<Item>> {
        let begin = self.reader.position().byte();
        let mut row = ByteRecord::new();
        let more = self.reader.read_byte_record(&mut row)?;
        // What is skipped at the end, such as an empty line, is no row of ours either.
        let end = if more { self.reader.position().byte() } else { self.raw.metadata()?.len() };
        if !more && begin == end {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        let mut raw = vec![0; usize::try_from(end.saturating_sub(begin)).unwrap_or_default()];
        self.raw.read_exact_at(&mut raw, begin)?;
        let bytes = row.iter().next_back().unwrap_or_default().to_vec();
        let expected = std::str::from_utf8(&bytes).ok().and_then(|line| written(line).ok());
        let flaw = (expected.as_deref() != Some(raw.as_slice())).then_some(Flaw::Row);
        Ok(Some(Item { number: self.number, bytes, flaw }))
    }
}
