//! Checkpoints, read from the trail's own file or from one that somebody kept, and held against the records.
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::chain::Chain;
use super::checkpoint::Checkpoint;
use super::digest::Digest;
use super::flaw::CheckpointFlaw;
use super::segments::Lines;
use super::trust::Trust;

/// The file in the journal's folder that has all its checkpoints.
pub(super) const FILE: &str = "checkpoints";

/// A checkpoint, and where it was found.
#[derive(Debug, Clone)]
pub(super) struct Anchor {
    pub(super) file: PathBuf,
    /// The line, from 1.
    pub(super) line: u64,
    pub(super) checkpoint: Checkpoint,
    /// Whether a trusted key vouches for it: by its own signature, or by that of one that follows it.
    pub(super) vouched: bool,
}

/// Something wrong with a line of a file of checkpoints.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) file: PathBuf,
    pub(super) line: u64,
    pub(super) flaw: CheckpointFlaw,
}

/// What a file of checkpoints says.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) anchors: Vec<Anchor>,
    pub(super) mistakes: Vec<Mistake>,
    /// Where the last whole line ends, in bytes.
    pub(super) end: u64,
    /// The line that the file ends in.
    pub(super) torn: Option<u64>,
}

impl Found {
    /// Reads all checkpoints of the journal in `dir`: each names the digest of the one before, so whoever vouches for
    /// the last vouches for all. No file, no checkpoints.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn in_folder(dir: &Path, trust: &Trust) -> io::Result<Self> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        let mut found = Self::read(&path, false)?;
        found.check_order();
        if !trust.is_none() {
            found.check_signatures(trust);
        }
        Ok(found)
    }

    /// Reads checkpoints that somebody kept in a file of their own, one or more. Each must be vouched for, by itself or
    /// by being the same as one of `journal`'s.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn kept(path: &Path, trust: &Trust, journal: &[Anchor]) -> io::Result<Self> {
        let mut found = Self::read(path, true)?;
        if found.anchors.is_empty() && found.mistakes.is_empty() {
            found.mistakes.push(Mistake { file: path.to_owned(), line: 1, flaw: CheckpointFlaw::Empty });
        }
        for anchor in &mut found.anchors {
            let known = |other: &&Anchor| other.checkpoint.digest == anchor.checkpoint.digest && other.vouched;
            let result = match trust.vouches_for(&anchor.checkpoint) {
                Ok(false) if journal.iter().rev().any(|other| known(&other)) => Ok(true),
                other => other,
            };
            anchor.vouched = matches!(result, Ok(true));
            found.mistakes.extend(mistake(anchor, result));
        }
        Ok(found)
    }

    /// Reads `path`; a last line without a newline counts only in a file that somebody `kept`.
    fn read(path: &Path, kept: bool) -> io::Result<Self> {
        let mut found = Self::default();
        let mut lines = Lines::open(path)?;
        while let Some(line) = lines.next()? {
            let (file, number) = (path.to_owned(), line.number);
            if line.whole().is_none() && line.resumes_at.is_none() && !kept {
                found.torn = Some(number);
                break;
            }
            found.end = line.end();
            match Checkpoint::read(line.whole().unwrap_or(line.raw)) {
                Ok(checkpoint) => found.anchors.push(Anchor { file, line: number, checkpoint, vouched: false }),
                Err(flaw) => found.mistakes.push(Mistake { file, line: number, flaw }),
            }
        }
        Ok(found)
    }

    fn check_order(&mut self) {
        let (mut expected, mut previous, mut seq) = (1, Digest::NONE, 0);
        for Anchor { file, line, checkpoint, .. } in &self.anchors {
            let members = &checkpoint.members;
            let flaw = if members.checkpoint != expected {
                Some(CheckpointFlaw::Number { expected, found: members.checkpoint })
            } else if members.previous != previous {
                Some(CheckpointFlaw::Previous)
            } else if members.seq <= seq {
                Some(CheckpointFlaw::Order)
            } else {
                None
            };
            self.mistakes.extend(flaw.map(|flaw| Mistake { file: file.clone(), line: *line, flaw }));
            (expected, previous, seq) = (members.checkpoint.saturating_add(1), checkpoint.digest, members.seq);
        }
    }

    fn check_signatures(&mut self, trust: &Trust) {
        let mut vouched = false;
        for anchor in self.anchors.iter_mut().rev() {
            if !vouched {
                let result = trust.vouches_for(&anchor.checkpoint);
                vouched = matches!(result, Ok(true));
                self.mistakes.extend(mistake(anchor, result));
            }
            anchor.vouched = vouched;
        }
    }
}

fn mistake(anchor: &Anchor, result: Result<bool, CheckpointFlaw>) -> Option<Mistake> {
    let members = &anchor.checkpoint.members;
    let flaw = match result {
        Ok(true) => return None,
        Ok(false) => CheckpointFlaw::UnknownKey { number: members.checkpoint, kid: members.kid.to_string() },
        Err(flaw) => flaw,
    };
    Some(Mistake { file: anchor.file.clone(), line: anchor.line, flaw })
}

/// The lines of all checkpoints of the journal in `dir`, without their newlines, as they stand there.
///
/// # Errors
/// When they cannot be read.
pub fn checkpoints(dir: &Path) -> io::Result<Vec<String>> {
    let found = Found::in_folder(dir, &Trust::default())?;
    Ok(found.anchors.into_iter().map(|anchor| anchor.checkpoint.line).collect())
}

/// Checkpoints on their way along the records.
#[derive(Debug, Clone)]
pub(super) struct Anchors {
    all: Arc<[Anchor]>,
    next: usize,
    /// The last one that is vouched for and met its record.
    met: Option<usize>,
}

impl Anchors {
    pub(super) fn new(mut all: Vec<Anchor>) -> Self {
        all.sort_by_key(|anchor| anchor.checkpoint.members.seq);
        Self { all: all.into(), next: 0, met: None }
    }

    /// The last record that a vouched checkpoint claims to cover.
    pub(super) fn covered(&self) -> u64 {
        let vouched = self.all.iter().filter(|anchor| anchor.vouched);
        vouched.map(|anchor| anchor.checkpoint.members.seq).max().unwrap_or(0)
    }

    /// The last checkpoint that is vouched for and met its record.
    pub(super) fn met(&self) -> Option<&Anchor> {
        self.all.get(self.met?)
    }

    /// Holds the checkpoints of the record that `chain` has come to against it.
    pub(super) fn meet(&mut self, chain: &Chain) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        while let Some(anchor) = self.all.get(self.next) {
            let seq = anchor.checkpoint.members.seq;
            if seq > chain.last().seq {
                break;
            }
            if seq < chain.last().seq {
                mistakes.push(missed(anchor));
            } else if let Err(flaw) = anchor.checkpoint.covers(chain) {
                mistakes.push(Mistake { file: anchor.file.clone(), line: anchor.line, flaw });
            } else if anchor.vouched {
                self.met = Some(self.next);
            }
            self.next = self.next.saturating_add(1);
        }
        mistakes
    }

    /// At the trail's end: the checkpoints whose records never came.
    pub(super) fn missed(&self) -> Vec<Mistake> {
        self.all.iter().skip(self.next).map(missed).collect()
    }
}

fn missed(anchor: &Anchor) -> Mistake {
    let members = &anchor.checkpoint.members;
    let flaw = CheckpointFlaw::Ahead { number: members.checkpoint, seq: members.seq };
    Mistake { file: anchor.file.clone(), line: anchor.line, flaw }
}
