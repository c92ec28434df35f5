//! The files of a journal: `journal-000001.jsonl`, `journal-000002.jsonl`, …, read in this order as one sequence of lines.
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// One file of a journal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    /// Its number, from 1.
    pub(super) number: u32,
    /// Where it is.
    pub(super) path: PathBuf,
}

impl Segment {
    /// The segment of this number in the journal's folder.
    pub(super) fn new(dir: &Path, number: u32) -> Self {
        Self { number, path: dir.join(format!("journal-{number:06}.jsonl")) }
    }
}

/// The segments in the folder `dir`, in order.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn list(dir: &Path) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("journal-")?.strip_suffix(".jsonl")?.parse().ok());
        found.extend(number.map(|number| Segment::new(dir, number)).filter(|segment| segment.path.ends_with(&name)));
    }
    found.sort();
    Ok(found)
}

/// As [`list`], for readers: a folder without any segment is the wrong one, or has lost them.
///
/// # Errors
/// When the folder cannot be read, or has no segment.
pub(super) fn existing(dir: &Path) -> io::Result<Vec<Segment>> {
    let found = list(dir)?;
    if found.is_empty() {
        let problem = format!("there is no journal in `{}`: no file named like `journal-000001.jsonl`", dir.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, problem));
    }
    Ok(found)
}

/// A line of a segment.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// Its bytes, newline included.
    pub(super) raw: &'a [u8],
    /// Its number in the file, from 1.
    pub(super) number: u64,
    /// Where it begins in the file, in bytes.
    pub(super) offset: u64,
}

impl<'a> Line<'a> {
    /// Its bytes without the newline; none when the file ends inside the line.
    pub(super) fn whole(&self) -> Option<&'a [u8]> {
        self.raw.strip_suffix(b"\n")
    }

    /// Where it ends in the file, in bytes.
    pub(super) fn end(&self) -> u64 {
        self.offset.saturating_add(self.raw.len() as u64)
    }
}

/// Reads a file line by line.
#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<File>,
    raw: Vec<u8>,
    number: u64,
    offset: u64,
}

impl Lines {
    /// Begins to read the file `path`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let reader = BufReader::with_capacity(1 << 16, File::open(path)?);
        Ok(Self { reader, raw: Vec::new(), number: 0, offset: 0 })
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.offset = self.offset.saturating_add(self.raw.len() as u64);
        self.raw.clear();
        if self.reader.read_until(b'\n', &mut self.raw)? == 0 {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        Ok(Some(Line { raw: &self.raw, number: self.number, offset: self.offset }))
    }
}
