//! The export of one workspace: complete by its own chain, and by a proof up to a signed checkpoint.
use std::io;
use std::path::Path;

use crate::audit::chain::Place;
use crate::audit::flaw::{CheckpointFlaw, Flaw};
use crate::audit::proof::{Proof, Proven};
use crate::audit::record::Record;
use crate::audit::segments::{Line, Lines};
use crate::audit::trust::Trust;
use crate::domain::id::WorkspaceId;
use crate::domain::time::Timestamp;

use super::ENOUGH;
use super::report::{Anchored, Mark, Problem, Report};

/// Verifies the file `path`, the export of one workspace's records; with the `proof` that came with it, also that none
/// is missing up to the proof's checkpoint.
///
/// # Errors
/// When the file cannot be read.
pub fn verify_workspace(
    path: &Path,
    workspace: &WorkspaceId,
    proof: Option<(&Path, &Proof)>,
    trust: &Trust,
) -> io::Result<Report> {
    let mut export = Export::new(path, workspace);
    let proven = proof.and_then(|(file, proof)| {
        let wrong_one = (proof.workspace() != workspace).then_some(CheckpointFlaw::OtherWorkspace);
        let proven = wrong_one.map_or_else(|| proof.check(trust), Err);
        proven.map_err(|flaw| export.problem_in(file, 1, None, &flaw)).ok()
    });
    let mut lines = Lines::open(path)?;
    while let Some(line) = lines.next()? {
        if export.problems.len() >= ENOUGH {
            break;
        }
        export.line(&line, proven.as_ref());
    }
    Ok(export.finish(proof.map(|(file, _)| file).zip(proven), !trust.is_none()))
}

struct Export<'a> {
    path: &'a Path,
    workspace: &'a WorkspaceId,
    /// The last record, by its place in the workspace.
    last: Place,
    /// The last record, by its place in the journal.
    mark: Option<Mark>,
    first: Option<Mark>,
    records: u64,
    proof_met: bool,
    unanchored_since: Option<Timestamp>,
    problems: Vec<Problem>,
}

impl<'a> Export<'a> {
    fn new(path: &'a Path, workspace: &'a WorkspaceId) -> Self {
        Self {
            path,
            workspace,
            last: Place::START,
            mark: None,
            first: None,
            records: 0,
            proof_met: false,
            unanchored_since: None,
            problems: Vec::new(),
        }
    }

    fn line(&mut self, line: &Line<'_>, proven: Option<&Proven>) {
        let record = match line.whole().ok_or(Flaw::Torn).and_then(Record::read) {
            Ok(record) => record,
            Err(flaw) => return self.problem_in(self.path, line.number, None, &flaw),
        };
        let members = &record.members;
        if let Err(flaw) = self.check(&record) {
            self.problem_in(self.path, line.number, Some(members.seq), &flaw);
        }
        self.last = Place { seq: members.workspace_seq.unwrap_or(self.last.seq), hash: record.stated };
        self.mark = Some(Mark { seq: members.seq, at: members.at });
        self.first = self.first.or(self.mark);
        self.records = self.records.saturating_add(1);
        let covered = proven.filter(|proven| proven.vouched).map_or(0, |proven| proven.place.seq);
        if self.last.seq > covered && self.unanchored_since.is_none() {
            self.unanchored_since = Some(members.at);
        }
        self.proof_met |= proven.is_some_and(|proven| proven.place == self.last);
    }

    fn check(&self, record: &Record) -> Result<(), Flaw> {
        let members = &record.members;
        let expected = self.last.seq.saturating_add(1);
        if record.stated != record.actual {
            Err(Flaw::Changed)
        } else if members.workspace.as_deref() != Some(self.workspace.as_str()) {
            Err(Flaw::OtherWorkspace(self.workspace.to_string()))
        } else if self.mark.is_some_and(|before| members.seq <= before.seq) {
            Err(Flaw::Order)
        } else if members.workspace_seq != Some(expected) || members.workspace_prev != Some(self.last.hash) {
            Err(Flaw::Workspace)
        } else {
            Ok(())
        }
    }

    fn problem_in(&mut self, file: &Path, line: u64, seq: Option<u64>, what: &dyn std::fmt::Display) {
        self.problems.push(Problem { file: file.to_owned(), line, seq, what: what.to_string() });
    }

    fn finish(mut self, proven: Option<(&Path, Proven)>, signatures_checked: bool) -> Report {
        if let Some((file, proven)) = proven.as_ref().filter(|_| !self.proof_met) {
            let (number, seq) = (proven.checkpoint.members.checkpoint, proven.place.seq);
            self.problem_in(file, 1, None, &CheckpointFlaw::Missing { number, seq });
        }
        let checkpoints = u64::from(proven.is_some());
        let vouched = proven.filter(|(_, proven)| proven.vouched && self.proof_met).map(|(_, proven)| proven);
        let covered = vouched.as_ref().map_or(0, |proven| proven.place.seq);
        Report {
            records: self.records,
            first: self.first,
            last: self.mark,
            head: self.mark.map(|_| self.last.hash.to_string()),
            workspaces: usize::from(self.records > 0),
            checkpoints,
            first_checkpoint: None,
            signatures_checked,
            anchored: vouched.as_ref().map(|proven| Anchored::of(&proven.checkpoint)),
            unanchored: self.last.seq.saturating_sub(covered),
            unanchored_since: self.unanchored_since.filter(|_| self.last.seq > covered),
            set_aside: Vec::new(),
            problems: self.problems,
        }
    }
}
