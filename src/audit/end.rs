//! The end of a journal, for a quick look: do its last records follow each other, and what is its newest checkpoint?
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::Deserialize;

use crate::domain::time::Timestamp;

use super::anchors::FILE;
use super::segments::{self, Lines, Segment};

/// How much of the end is read, in bytes.
const END: u64 = 256 * 1024;
/// How much is looked at at once for the end of the zeros that a segment is filled with ahead, in bytes.
const STEP: usize = 64 * 1024;

/// What ties a record to the one before it.
#[derive(Debug, Deserialize)]
pub struct Link {
    /// Its number.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The hash of the record before it.
    pub prev: String,
    /// Its own hash, which is not computed anew here.
    pub hash: String,
}

/// The last whole records of the journal in `dir`, as many as a quarter of a MiB of its last file with any has.
///
/// # Errors
/// When it cannot be read, or has something else than records there.
pub fn last_links(dir: &Path) -> io::Result<Vec<Link>> {
    for segment in segments::list(dir)?.iter().rev() {
        let links = read(segment)?;
        if !links.is_empty() {
            return Ok(links);
        }
    }
    Ok(Vec::new())
}

fn read(segment: &Segment) -> io::Result<Vec<Link>> {
    let from = written(&File::open(&segment.path)?)?.saturating_sub(END);
    let mut lines = Lines::open_at(&segment.path, from)?;
    if from > 0 {
        // It has lost its beginning.
        lines.next()?;
    }
    let mut found = Vec::new();
    while let Some(line) = lines.next()? {
        // The last one is being written, or a crash has torn it.
        let Some(whole) = line.whole() else { break };
        found.push(serde_json::from_slice(whole)?);
    }
    Ok(found)
}

/// How much of the end of the checkpoints is read, in bytes: several of them.
const CHECKPOINTS_END: u64 = 8 * 1024;

/// The newest whole checkpoint of the journal in `dir`: its line, without the newline; none before the first.
///
/// # Errors
/// When the file cannot be read.
pub fn newest_checkpoint(dir: &Path) -> io::Result<Option<String>> {
    let file = match File::open(dir.join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let length = file.metadata()?.len();
    let from = length.saturating_sub(CHECKPOINTS_END);
    let mut end = vec![0; usize::try_from(length.saturating_sub(from)).unwrap_or_default()];
    file.read_exact_at(&mut end, from)?;
    let end = String::from_utf8_lossy(&end);
    // What stands behind the last newline is being written, or a crash has torn it.
    let Some((whole, _)) = end.rsplit_once('\n') else { return Ok(None) };
    Ok(whole.rsplit('\n').next().map(str::to_owned).filter(|line| !line.is_empty()))
}

/// Where the zeros at the end of `file` begin.
fn written(file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut block = vec![0; STEP];
    while end > 0 {
        let begin = end.saturating_sub(STEP as u64);
        let length = usize::try_from(end.saturating_sub(begin)).unwrap_or(STEP).min(STEP);
        let (block, _) = block.split_at_mut(length);
        file.read_exact_at(block, begin)?;
        if let Some(last) = block.iter().rposition(|byte| *byte != 0) {
            return Ok(begin.saturating_add(last as u64).saturating_add(1));
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn record(seq: u64) -> String {
        format!("{{\"seq\":{seq},\"at\":\"2026-11-22T00:00:00Z\",\"prev\":\"{}\",\"hash\":\"{seq}\"}}\n", seq - 1)
    }

    fn seqs(dir: &Path) -> Vec<u64> {
        last_links(dir).unwrap().iter().map(|link| link.seq).collect()
    }

    #[test]
    fn the_last_records_are_found_before_zeros_and_in_the_file_before_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = |number| Segment::new(dir.path(), number).path;
        assert!(seqs(dir.path()).is_empty());
        let text = [record(1), record(2)].concat();
        fs::write(file(1), &text).unwrap();
        assert_eq!(seqs(dir.path()), [1, 2]);
        fs::write(file(1), [text.as_bytes(), b"{\"seq\":3", vec![0; 1_000_000].as_slice()].concat()).unwrap();
        assert_eq!(seqs(dir.path()), [1, 2]);
        fs::write(file(2), vec![0; 200_000]).unwrap();
        assert_eq!(seqs(dir.path()), [1, 2]);
        fs::write(file(2), [record(3).as_bytes(), vec![0; 65_536].as_slice()].concat()).unwrap();
        assert_eq!(seqs(dir.path()), [3]);
    }

    #[test]
    fn the_newest_checkpoint_is_the_last_whole_line() {
        let dir = tempfile::tempdir().unwrap();
        let newest = || newest_checkpoint(dir.path()).unwrap();
        assert_eq!(newest(), None);
        for (text, line) in [("", None), ("{1", None), ("{1}\n", Some("{1}")), ("{1}\n{2}\n{3", Some("{2}"))] {
            fs::write(dir.path().join(FILE), text).unwrap();
            assert_eq!(newest().as_deref(), line, "{text:?}");
        }
        let many = (1..=1000).map(|n| format!("{{\"checkpoint\":{n}}}\n")).collect::<Vec<_>>().concat();
        fs::write(dir.path().join(FILE), many).unwrap();
        assert_eq!(newest().as_deref(), Some("{\"checkpoint\":1000}"));
    }

    #[test]
    fn of_a_long_file_whole_records_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let text: String = (1..=10_000).map(record).collect();
        fs::write(Segment::new(dir.path(), 1).path, text).unwrap();
        let found = seqs(dir.path());
        assert!(found.len() > 1000 && found.len() < 10_000, "{}", found.len());
        assert_eq!(found.last(), Some(&10_000));
    }
}
