//! `audit verify`: is the chain intact?
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::domain::time::Timestamp;

use super::chain::Chain;
use super::flaw::Flaw;
use super::journal;
use super::record::Record;
use super::segments::{self, Line, Lines};

/// Verification ends after so many problems.
const ENOUGH: usize = 20;

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// In which file.
    pub file: PathBuf,
    /// In which line, from 1.
    pub line: u64,
    /// The place that the record claims; none when it cannot be read.
    pub seq: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// A record's place and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Its place in the journal, from 1.
    pub seq: u64,
    /// Its time.
    pub at: Timestamp,
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many records were read.
    pub records: u64,
    /// The first of them.
    pub first: Option<Mark>,
    /// The last of them.
    pub last: Option<Mark>,
    /// The last one's hash.
    pub head: Option<String>,
    /// How many workspaces they are of.
    pub workspaces: usize,
    /// How many records come after the last signed checkpoint: nothing tells whether more of them were there.
    pub unanchored: u64,
    /// What is wrong; verification ends after 20 problems.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether every record is unchanged and in its place.
    #[must_use]
    pub fn intact(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Verifies the journal in the folder `path`, or the file `path`, an export of a whole journal.
///
/// # Errors
/// When it cannot be read at all.
pub fn verify(path: &Path) -> io::Result<Report> {
    let mut verifier = Verifier::new();
    if path.is_dir() {
        for segment in segments::existing(path)? {
            verifier.file(&segment.path, Some(path))?;
        }
    } else {
        verifier.file(path, None)?;
    }
    Ok(verifier.report())
}

struct Verifier {
    chain: Chain,
    records: u64,
    first: Option<Mark>,
    last: Option<Mark>,
    control_events: HashSet<Box<str>>,
    problems: Vec<Problem>,
}

impl Verifier {
    fn new() -> Self {
        Self {
            chain: Chain::new(),
            records: 0,
            first: None,
            last: None,
            control_events: HashSet::new(),
            problems: Vec::new(),
        }
    }

    /// Verifies one file; `journal` is the folder if it is a segment, which may be written at this moment.
    fn file(&mut self, path: &Path, journal: Option<&Path>) -> io::Result<()> {
        let mut lines = Lines::open(path)?;
        while let Some(line) = lines.next()? {
            if self.problems.len() >= ENOUGH {
                break;
            }
            let Some(whole) = line.whole() else {
                if !journal.is_some_and(journal::is_being_written) {
                    self.problem(path, &line, None, &Flaw::Torn);
                }
                break;
            };
            match Record::read(whole) {
                Ok(record) => self.record(path, &line, &record),
                Err(flaw) => self.problem(path, &line, None, &flaw),
            }
        }
        Ok(())
    }

    /// Checks `record` and goes on from what it says of itself, so that one problem is not reported for every later line.
    fn record(&mut self, path: &Path, line: &Line<'_>, record: &Record) {
        let members = &record.members;
        let seq = Some(members.seq);
        if let Err(flaw) = self.chain.check(record) {
            self.problem(path, line, seq, &flaw);
        }
        if members.kind.is_control() && !self.control_events.insert(members.event_id.as_ref().into()) {
            self.problem(path, line, seq, &Flaw::Repeated(members.event_id.to_string()));
        }
        self.chain.follow(record);
        self.records = self.records.saturating_add(1);
        self.last = Some(Mark { seq: members.seq, at: members.at });
        self.first = self.first.or(self.last);
    }

    fn problem(&mut self, path: &Path, line: &Line<'_>, seq: Option<u64>, flaw: &Flaw) {
        self.problems.push(Problem { file: path.to_owned(), line: line.number, seq, what: flaw.to_string() });
    }

    fn report(self) -> Report {
        Report {
            records: self.records,
            first: self.first,
            last: self.last,
            head: self.last.map(|_| self.chain.last().hash.to_string()),
            workspaces: self.chain.workspaces(),
            unanchored: self.records,
            problems: self.problems,
        }
    }
}

#[cfg(test)]
mod tests;
