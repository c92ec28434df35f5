//! The files of a journal: `journal-000001.jsonl`, `journal-000002.jsonl`, …, read in this order as one sequence of lines.
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What the names of files begin with that hold what was set aside.
pub(super) const SET_ASIDE: &str = "torn-";

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
        Self { number, path: dir.join(Self::name(number)) }
    }

    /// The name of the segment of this number.
    pub(super) fn name(number: u32) -> String {
        format!("journal-{number:06}.jsonl")
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

/// The names of the files in `dir` that were set aside when a torn line was cut off, in order.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn set_aside(dir: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        found.extend(entry?.file_name().into_string().ok().filter(|name| name.starts_with(SET_ASIDE)));
    }
    found.sort();
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
    /// Where the file goes on behind the zeros that cut the line off; none when nothing but zeros follows.
    pub(super) resumes_at: Option<u64>,
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

/// Reads a file line by line, up to the zeros that a segment being written is filled with ahead.
#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<File>,
    raw: Vec<u8>,
    number: u64,
    offset: u64,
    ended: bool,
}

impl Lines {
    /// Begins to read the file `path`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::open_at(path, 0)
    }

    /// Begins to read the file `path` at `offset`, where a line begins; lines are counted from there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open_at(path: &Path, offset: u64) -> io::Result<Self> {
        let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
        reader.seek(SeekFrom::Start(offset))?;
        Ok(Self { reader, raw: Vec::new(), number: 0, offset, ended: false })
    }

    /// The next line; none at the end. A line without a newline is the last one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.offset = self.offset.saturating_add(self.raw.len() as u64);
        self.raw.clear();
        if self.ended {
            return Ok(None);
        }
        let resumes_at = self.fill()?;
        if self.raw.is_empty() && resumes_at.is_none() {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        Ok(Some(Line { raw: &self.raw, number: self.number, offset: self.offset, resumes_at }))
    }

    /// Reads up to a newline, to zeros or to the end; tells where there is something behind zeros.
    fn fill(&mut self) -> io::Result<Option<u64>> {
        loop {
            self.reader.read_until(b'\n', &mut self.raw)?;
            // No record has a zero byte: JSON escapes it.
            if !self.raw.contains(&0) {
                self.ended = self.raw.last() != Some(&b'\n');
                return Ok(None);
            }
            let text = self.raw.iter().take_while(|byte| **byte != 0).count();
            let zeros = self.raw.iter().skip(text).take_while(|byte| **byte == 0).count();
            let resumes_at = (text.saturating_add(zeros) < self.raw.len()).then_some((text, zeros));
            let Some((text, zeros)) = resumes_at else {
                self.raw.truncate(text);
                self.ended = true;
                return Ok(None);
            };
            // A gate that writes at this moment may have filled in what were zeros when we read them.
            let zero_at = self.offset.saturating_add(text as u64);
            let mut now = [0];
            self.reader.get_ref().read_at(&mut now, zero_at)?;
            if now == [0] {
                self.raw.truncate(text);
                self.ended = true;
                return Ok(Some(zero_at.saturating_add(zeros as u64)));
            }
            self.raw.clear();
            self.reader.seek(SeekFrom::Start(self.offset))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Vec<(String, u64, Option<u64>)> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let (mut lines, mut found) = (Lines::open(file.path()).unwrap(), Vec::new());
        while let Some(line) = lines.next().unwrap() {
            found.push((String::from_utf8(line.raw.to_vec()).unwrap(), line.offset, line.resumes_at));
        }
        found
    }

    #[test]
    fn zeros_end_a_file_and_what_comes_behind_them_is_told() {
        let line = |text: &str, offset| (text.to_owned(), offset, None);
        assert_eq!(read(b""), []);
        let zeros = vec![0; 100_000];
        assert_eq!(read(&zeros), []);
        assert_eq!(read(b"a\nb\n"), [line("a\n", 0), line("b\n", 2)]);
        assert_eq!(read(b"a\nb"), [line("a\n", 0), line("b", 2)]);
        assert_eq!(read(b"a\nb\0\0"), [line("a\n", 0), line("b", 2)]);
        assert_eq!(read(&[b"a\n".as_slice(), &zeros].concat()), [line("a\n", 0)]);
        assert_eq!(read(b"a\nb\0\0c\nd\n"), [line("a\n", 0), ("b".to_owned(), 2, Some(5))]);
        assert_eq!(read(b"\0\n"), [(String::new(), 0, Some(1))]);
    }
}
