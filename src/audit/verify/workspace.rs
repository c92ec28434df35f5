//! The export of one workspace: the proof, and behind it exactly the records that the proof's checkpoint covers.
//!
//! * `source`: the file, as lines or as the rows of a sheet.
mod source;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;

use crate::audit::chain::Place;
use crate::audit::flaw::{CheckpointFlaw, Flaw};
use crate::audit::proof::{Proof, Proven};
use crate::audit::record::Record;
use crate::audit::trust::Trust;
use crate::domain::id::WorkspaceId;

use super::ENOUGH;
use super::report::{Anchored, Mark, Problem, Report};

use source::{Item, Source};

pub(super) use source::is_export;

/// Verifies the file `path`, the export of `wanted`'s records, or of whichever workspace it says.
///
/// # Errors
/// When it cannot be read.
pub(super) fn verify(path: &Path, wanted: Option<&WorkspaceId>, trust: &Trust) -> io::Result<Report> {
    let mut export = Export::new(path, trust);
    let (mut source, flaw) = Source::open(path)?;
    if let Some(flaw) = flaw {
        export.problem(1, None, &flaw);
    }
    let first = source.next()?;
    let begun = match &first {
        Some(item) => export.begin(item, wanted),
        None => Err(CheckpointFlaw::NoProof),
    };
    if let Err(flaw) = begun {
        export.problem(first.map_or(1, |item| item.number), None, &flaw);
        return Ok(export.finish());
    }
    while let Some(item) = source.next()? {
        if export.problems.len() >= ENOUGH {
            break;
        }
        export.take(&item);
    }
    Ok(export.finish())
}

struct Export<'a> {
    path: &'a Path,
    trust: &'a Trust,
    /// Whose records, and how many, by the proof's own word.
    claimed: Option<(WorkspaceId, u64)>,
    /// What the proof shows, if it is one.
    proven: Option<Proven>,
    /// The last record, by its place in the workspace.
    last: Place,
    /// The last record, by its place in the journal.
    mark: Option<Mark>,
    first: Option<Mark>,
    records: u64,
    problems: Vec<Problem>,
}

impl<'a> Export<'a> {
    fn new(path: &'a Path, trust: &'a Trust) -> Self {
        Self {
            path,
            trust,
            claimed: None,
            proven: None,
            last: Place::START,
            mark: None,
            first: None,
            records: 0,
            problems: Vec::new(),
        }
    }

    /// Reads the proof. Where it is one that does not hold, that is a problem, and the records are looked at all the same.
    fn begin(&mut self, item: &Item, wanted: Option<&WorkspaceId>) -> Result<(), CheckpointFlaw> {
        if let Some(flaw) = &item.flaw {
            self.problem(item.number, None, flaw);
        }
        let proof = Proof::read(&item.bytes)?;
        self.claimed = Some((proof.workspace().clone(), proof.count()));
        if let Some(wanted) = wanted.filter(|wanted| *wanted != proof.workspace()) {
            let (found, wanted) = (proof.workspace().to_string(), wanted.to_string());
            self.problem(item.number, None, &CheckpointFlaw::OtherWorkspace { found, wanted });
        }
        match proof.check(self.trust) {
            Ok(proven) => self.proven = Some(proven),
            Err(flaw) => self.problem(item.number, None, &flaw),
        }
        Ok(())
    }

    fn take(&mut self, item: &Item) {
        if let Some(flaw) = &item.flaw {
            self.problem(item.number, None, flaw);
        }
        let record = match Record::read(&item.bytes) {
            Ok(record) => record,
            Err(flaw) => return self.problem(item.number, None, &flaw),
        };
        let members = &record.members;
        if let Err(flaw) = self.check(&record) {
            self.problem(item.number, Some(members.seq), &flaw);
        }
        self.last = Place { seq: members.workspace_seq.unwrap_or(self.last.seq), hash: record.stated };
        self.mark = Some(Mark { seq: members.seq, at: members.at });
        self.first = self.first.or(self.mark);
        self.records = self.records.saturating_add(1);
    }

    fn check(&self, record: &Record) -> Result<(), Flaw> {
        let members = &record.members;
        let expected = self.last.seq.saturating_add(1);
        let (workspace, covered) = self.claimed.as_ref().map_or(("", 0), |(id, count)| (id.as_str(), *count));
        let found = members.workspace_seq.unwrap_or_default();
        if record.stated != record.actual {
            Err(Flaw::Changed)
        } else if members.workspace.as_deref() != Some(workspace) {
            Err(Flaw::OtherWorkspace(workspace.to_owned()))
        } else if found > covered {
            Err(Flaw::Added { covered })
        } else if found != expected {
            Err(Flaw::Seq { expected, found })
        } else if members.workspace_prev != Some(self.last.hash) {
            Err(Flaw::Workspace)
        } else if self.mark.is_some_and(|before| members.seq <= before.seq) {
            Err(Flaw::Order)
        } else {
            Ok(())
        }
    }

    fn problem(&mut self, line: u64, seq: Option<u64>, what: &dyn std::fmt::Display) {
        self.problems.push(Problem { file: self.path.to_owned(), line, seq, what: what.to_string() });
    }

    fn finish(mut self) -> Report {
        let ended = self.proven.as_ref().filter(|proven| proven.place != self.last);
        if let Some(proven) = ended {
            let (number, seq) = (proven.checkpoint.members.checkpoint, proven.place.seq);
            let found = self.records;
            self.problem(found.saturating_add(1), None, &CheckpointFlaw::Missing { number, seq });
        }
        let vouched = self.proven.as_ref().filter(|proven| proven.vouched && proven.place == self.last);
        let covered = vouched.map_or(0, |proven| proven.place.seq);
        let unanchored = self.last.seq.saturating_sub(covered);
        Report {
            records: self.records,
            first: self.first,
            last: self.mark,
            head: self.mark.map(|_| self.last.hash.to_string()),
            workspaces: usize::from(self.records > 0),
            checkpoints: u64::from(self.proven.is_some()),
            first_checkpoint: None,
            signatures_checked: !self.trust.is_none(),
            anchored: vouched.map(|proven| Anchored::of(&proven.checkpoint)),
            unanchored,
            unanchored_since: self.first.map(|first| first.at).filter(|_| unanchored > 0),
            set_aside: Vec::new(),
            problems: self.problems,
        }
    }
}
