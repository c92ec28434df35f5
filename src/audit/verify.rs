//! `audit verify`: is the chain intact, and how far do signed checkpoints cover it?
mod report;
mod workspace;

#[cfg(test)]
mod exhaustive_tests;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::id::WorkspaceId;
use crate::domain::time::Timestamp;

use super::anchors::{self, Anchor, Anchors, Found, Mistake};
use super::chain::Chain;
use super::flaw::{CheckpointFlaw, Flaw};
use super::journal;
use super::record::Record;
use super::segments::{self, Line, Lines, Segment};
use super::trust::Trust;

pub use report::{Anchored, Mark, Problem, Report};

/// Verification ends after so many problems.
const ENOUGH: usize = 20;

/// What a trail is held against.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Whose signature on a checkpoint counts.
    pub trust: Trust,
    /// Files with checkpoints that were kept elsewhere.
    pub kept: Vec<PathBuf>,
}

/// Verifies the file `path`: the export of a whole journal, or of one workspace with its proof, as its first line tells.
/// With `workspace` it must be of that one.
///
/// # Errors
/// When it, or a file of the evidence, cannot be read at all.
pub fn verify_export(path: &Path, workspace: Option<&WorkspaceId>, evidence: &Evidence) -> io::Result<Report> {
    if workspace.is_none() && !workspace::is_export(path)? {
        return verify(path, evidence);
    }
    if !evidence.kept.is_empty() {
        let told = "this is the export of one workspace, and a kept checkpoint is held against a whole trail";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, told));
    }
    workspace::verify(path, workspace, &evidence.trust)
}

/// Verifies the journal in the folder `path`, or the file `path`, an export of a whole journal.
///
/// # Errors
/// When it, or a file of the evidence, cannot be read at all.
pub fn verify(path: &Path, evidence: &Evidence) -> io::Result<Report> {
    // Checkpoints first: what they cover was on disk before them, also while a gate writes.
    let (mut verifier, torn) = Verifier::with_checkpoints(path.is_dir().then_some(path), evidence)?;
    if let Some(mistake) = torn.filter(|_| !journal::is_being_written(path)) {
        verifier.checkpoint_problem(&mistake);
    }
    if path.is_dir() {
        verifier.set_aside = segments::set_aside(path)?;
        verifier.folder(path)?;
    } else {
        verifier.file(path, None)?;
    }
    Ok(verifier.finish())
}

#[derive(Clone)]
struct Verifier {
    chain: Chain,
    anchors: Anchors,
    checkpoints: u64,
    trusting: bool,
    first_checkpoint: Option<Mark>,
    records: u64,
    first: Option<Mark>,
    last: Option<Mark>,
    /// When the first record happened that no vouched checkpoint covers.
    unanchored_since: Option<Timestamp>,
    control_events: HashSet<Box<str>>,
    set_aside: Vec<String>,
    problems: Vec<Problem>,
}

impl Verifier {
    fn new(anchors: Vec<Anchor>) -> Self {
        Self {
            chain: Chain::new(),
            checkpoints: anchors.len() as u64,
            anchors: Anchors::new(anchors),
            trusting: false,
            first_checkpoint: None,
            records: 0,
            first: None,
            last: None,
            unanchored_since: None,
            control_events: HashSet::new(),
            set_aside: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// A verifier that holds the records against the folder's checkpoints and those that were kept; and, if the
    /// folder's end in a torn one, what is wrong with that.
    fn with_checkpoints(dir: Option<&Path>, evidence: &Evidence) -> io::Result<(Self, Option<Mistake>)> {
        let mut found = dir.map(|dir| Found::in_folder(dir, &evidence.trust)).transpose()?.unwrap_or_default();
        let torn = dir.zip(found.torn).map(|(dir, line)| Mistake {
            file: dir.join(anchors::FILE),
            line,
            flaw: CheckpointFlaw::Torn,
        });
        let first = found.anchors.first().map(|anchor| &anchor.checkpoint.members);
        let first = first.map(|members| Mark { seq: members.seq, at: members.at });
        for path in &evidence.kept {
            let kept = Found::kept(path, &evidence.trust, &found.anchors)?;
            found.anchors.extend(kept.anchors);
            found.mistakes.extend(kept.mistakes);
        }
        let mut verifier = Self::new(found.anchors);
        verifier.trusting = !evidence.trust.is_none();
        verifier.first_checkpoint = first;
        for mistake in &found.mistakes {
            verifier.checkpoint_problem(mistake);
        }
        Ok((verifier, torn))
    }

    fn folder(&mut self, dir: &Path) -> io::Result<()> {
        let mut expected = 1;
        for segment in segments::existing(dir)? {
            if segment.number != expected {
                let flaw = Flaw::MissingSegment(Segment::name(expected));
                self.problem(&segment.path, 1, None, &flaw);
            }
            expected = segment.number.saturating_add(1);
            self.file(&segment.path, Some(dir))?;
        }
        Ok(())
    }

    /// Verifies one file; `journal` is the folder if it is a segment, which may be written at this moment.
    fn file(&mut self, path: &Path, journal: Option<&Path>) -> io::Result<()> {
        let mut lines = Lines::open(path)?;
        while let Some(line) = lines.next()? {
            if self.problems.len() >= ENOUGH {
                break;
            }
            let being_written = || journal.is_some_and(journal::is_being_written);
            if line.whole().is_some() || line.resumes_at.is_some() || !being_written() {
                self.line(path, &line);
            }
        }
        Ok(())
    }

    fn line(&mut self, path: &Path, line: &Line<'_>) {
        let read = match (line.whole(), line.resumes_at) {
            (Some(whole), _) => Record::read(whole),
            (None, None) => Err(Flaw::Torn),
            (None, Some(resumes_at)) => Err(Flaw::Hole { resumes_at }),
        };
        match read {
            Ok(record) => self.record(path, line, &record),
            Err(flaw) => self.problem(path, line.number, None, &flaw),
        }
    }

    /// Checks `record` and goes on from what it says of itself, so that one problem is not reported for every later line.
    fn record(&mut self, path: &Path, line: &Line<'_>, record: &Record) {
        let members = &record.members;
        let seq = Some(members.seq);
        if let Err(flaw) = self.chain.check(record) {
            self.problem(path, line.number, seq, &flaw);
        }
        if members.kind.is_control() && !self.control_events.insert(members.event_id.as_ref().into()) {
            self.problem(path, line.number, seq, &Flaw::Repeated(members.event_id.to_string()));
        }
        self.chain.follow(record);
        self.records = self.records.saturating_add(1);
        self.last = Some(Mark { seq: members.seq, at: members.at });
        self.first = self.first.or(self.last);
        if members.seq > self.anchors.covered() && self.unanchored_since.is_none() {
            self.unanchored_since = Some(members.at);
        }
        for mistake in self.anchors.meet(&self.chain) {
            self.checkpoint_problem(&mistake);
        }
    }

    fn problem(&mut self, path: &Path, line: u64, seq: Option<u64>, flaw: &Flaw) {
        self.problems.push(Problem { file: path.to_owned(), line, seq, what: flaw.to_string() });
    }

    fn checkpoint_problem(&mut self, mistake: &Mistake) {
        let Mistake { file, line, flaw } = mistake;
        self.problems.push(Problem { file: file.clone(), line: *line, seq: None, what: flaw.to_string() });
    }

    /// What was found, now that the trail has ended.
    fn finish(mut self) -> Report {
        if self.problems.len() < ENOUGH {
            for mistake in self.anchors.missed() {
                self.checkpoint_problem(&mistake);
            }
        }
        self.problems.truncate(ENOUGH);
        let anchored = self.anchors.met().map(|anchor| Anchored::of(&anchor.checkpoint));
        let covered = anchored.as_ref().map_or(0, |anchored| anchored.seq);
        let last = self.last.map_or(0, |last| last.seq);
        Report {
            records: self.records,
            first: self.first,
            last: self.last,
            head: self.last.map(|_| self.chain.last().hash.to_string()),
            workspaces: self.chain.workspaces(),
            checkpoints: self.checkpoints,
            first_checkpoint: self.first_checkpoint,
            signatures_checked: self.trusting,
            anchored,
            unanchored: last.saturating_sub(covered),
            unanchored_since: self.unanchored_since.filter(|_| last > covered),
            set_aside: self.set_aside,
            problems: self.problems,
        }
    }
}
