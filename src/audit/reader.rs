//! The records of one workspace, read from where the index says that they stand; never the whole trail.
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::domain::id::{EngineerId, SessionId, WorkspaceId};

use super::form::Form;
use super::index::Spot;
use super::kind::Kind;
use super::library::Library;
use super::proof::Proof;
use super::segments::Segment;

/// How many places are looked up at once: whoever writes waits no longer than that takes.
const STEP: usize = 1024;
/// How much is read at once, in bytes: some dozens of records.
const WINDOW: usize = 32 * 1024;
/// How many records an export hands out at once.
const PART: usize = 256;

/// Which records of a workspace; what is not given does not matter.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Of one of these kinds; empty: of any.
    pub kinds: Vec<Kind>,
    /// Of this session.
    pub session: Option<SessionId>,
    /// About this engineer.
    pub engineer: Option<EngineerId>,
}

impl Query {
    fn may_take(&self, spot: Spot) -> bool {
        let (session, engineer) = (self.session.as_ref(), self.engineer.as_ref());
        (self.kinds.is_empty() || self.kinds.contains(&spot.kind()))
            && spot.may_be_of(session.map(SessionId::as_str), engineer.map(EngineerId::as_str))
    }

    fn takes(&self, looked: &Looked) -> bool {
        (self.session.is_none() || self.session == looked.session)
            && (self.engineer.is_none() || self.engineer == looked.engineer)
    }
}

/// A record of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its number in its workspace, from 1.
    pub seq: u64,
    /// What happened.
    pub kind: Kind,
    /// Its line as it stands in the trail, without newline.
    pub line: String,
}

/// The members that are looked at.
#[derive(Deserialize)]
struct Looked {
    workspace: Option<WorkspaceId>,
    session: Option<SessionId>,
    engineer: Option<EngineerId>,
    workspace_seq: Option<u64>,
}

/// Reads records that are on disk. All of it waits for the disk: not for a thread that serves.
#[derive(Debug, Clone)]
pub struct Reader {
    library: Arc<Library>,
}

impl Reader {
    pub(super) fn new(library: Arc<Library>) -> Self {
        Self { library }
    }

    /// How many records a workspace has.
    #[must_use]
    pub fn count(&self, workspace: &WorkspaceId) -> u64 {
        self.library.index().count(workspace.as_str())
    }

    /// How many records of a workspace the last checkpoint covers.
    #[must_use]
    pub fn covered(&self, workspace: &WorkspaceId) -> u64 {
        self.library.covered().map_or(0, |covered| covered.count(workspace.as_str()))
    }

    /// The last checkpoint's line.
    #[must_use]
    pub fn checkpoint(&self) -> Option<String> {
        self.library.covered().map(|covered| covered.checkpoint.clone())
    }

    /// Up to `limit` records before the number `before` (none: before none that there is), newest first.
    ///
    /// # Errors
    /// When the trail cannot be read, or is not as it was written.
    pub fn newest(
        &self,
        workspace: &WorkspaceId,
        query: &Query,
        before: Option<u64>,
        limit: usize,
    ) -> io::Result<Vec<Found>> {
        let count = self.count(workspace);
        let end = before.map_or(count, |before| count.min(before.saturating_sub(1)));
        self.take(workspace, query, (1..=end).rev(), limit)
    }

    /// Up to `limit` records after the number `after`, up to the number `upto`, oldest first.
    ///
    /// # Errors
    /// When the trail cannot be read, or is not as it was written.
    pub fn oldest(
        &self,
        workspace: &WorkspaceId,
        query: &Query,
        (after, upto): (u64, u64),
        limit: usize,
    ) -> io::Result<Vec<Found>> {
        let end = upto.min(self.count(workspace));
        self.take(workspace, query, after.saturating_add(1)..=end, limit)
    }

    /// Everything of a workspace up to the last checkpoint, with its proof; none when that covers nothing of it.
    #[must_use]
    pub fn export(&self, workspace: &WorkspaceId, form: Form) -> Option<WorkspaceExport> {
        let covered = self.library.covered()?;
        let proof = Proof::by(&covered.checkpoint, &covered.heads, workspace)?;
        let workspace = workspace.clone();
        let upto = proof.count();
        Some(WorkspaceExport { reader: self.clone(), workspace, form, proof: Some(proof), after: 0, upto })
    }

    fn take(
        &self,
        workspace: &WorkspaceId,
        query: &Query,
        mut seqs: impl Iterator<Item = u64>,
        limit: usize,
    ) -> io::Result<Vec<Found>> {
        let mut desk = Desk::new(&self.library.dir);
        let mut found = Vec::new();
        loop {
            let step: Vec<u64> = seqs.by_ref().take(STEP).collect();
            if step.is_empty() {
                return Ok(found);
            }
            for (seq, spot) in self.spots(workspace, query, &step) {
                if found.len() >= limit {
                    return Ok(found);
                }
                let line = desk.line(spot)?;
                let looked: Looked = serde_json::from_str(&line)?;
                if looked.workspace.as_ref() != Some(workspace) || looked.workspace_seq != Some(seq) {
                    return Err(moved());
                }
                if query.takes(&looked) {
                    found.push(Found { seq, kind: spot.kind(), line });
                }
            }
        }
    }

    fn spots(&self, workspace: &WorkspaceId, query: &Query, seqs: &[u64]) -> Vec<(u64, Spot)> {
        let index = self.library.index();
        let spots = seqs.iter().filter_map(|seq| Some((*seq, index.spot(workspace.as_str(), *seq)?)));
        spots.filter(|(_, spot)| query.may_take(*spot)).collect()
    }
}

/// The records of one workspace on their way out, a part at a time.
#[derive(Debug)]
pub struct WorkspaceExport {
    reader: Reader,
    workspace: WorkspaceId,
    form: Form,
    /// It goes first.
    proof: Option<Proof>,
    after: u64,
    upto: u64,
}

impl WorkspaceExport {
    /// The next part; none after the last one.
    ///
    /// # Errors
    /// When the trail cannot be read, or is not as it was written.
    pub fn part(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut out = Vec::new();
        if let Some(proof) = self.proof.take() {
            self.form.begin(&proof, &mut out)?;
            return Ok(Some(out));
        }
        if self.after >= self.upto {
            return Ok(None);
        }
        let range = (self.after, self.upto);
        for Found { seq, line, .. } in self.reader.oldest(&self.workspace, &Query::default(), range, PART)? {
            self.form.record(&line, &mut out)?;
            self.after = seq;
        }
        if out.is_empty() { Err(moved()) } else { Ok(Some(out)) }
    }
}

fn moved() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a record is not where it was written: run `chaperone audit verify`")
}

/// Reads lines by their place; a part of the last file is kept, for the next line is often near.
struct Desk<'a> {
    dir: &'a Path,
    file: Option<(u32, File)>,
    window: Vec<u8>,
    /// Where the window begins in the file, in bytes.
    begin: u64,
}

impl<'a> Desk<'a> {
    fn new(dir: &'a Path) -> Self {
        Self { dir, file: None, window: Vec::new(), begin: 0 }
    }

    fn line(&mut self, spot: Spot) -> io::Result<String> {
        let number = spot.segment();
        let file = match self.file.take() {
            Some((open, file)) if open == number => file,
            Some(_) | None => {
                self.window.clear();
                let path: PathBuf = Segment::new(self.dir, number).path;
                File::open(path)?
            }
        };
        let line = self.line_of(&file, spot.offset());
        self.file = Some((number, file));
        line
    }

    fn line_of(&mut self, file: &File, offset: u64) -> io::Result<String> {
        if let Some(line) = self.in_window(offset) {
            return line;
        }
        let mut size = WINDOW;
        loop {
            self.window.resize(size, 0);
            let read = read_at(file, &mut self.window, offset)?;
            self.window.truncate(read);
            self.begin = offset;
            match self.in_window(offset) {
                Some(line) => return line,
                None if read < size => return Err(moved()),
                None => size = size.saturating_mul(2),
            }
        }
    }

    /// The line that begins at `offset`, if all of it is in the window.
    fn in_window(&self, offset: u64) -> Option<io::Result<String>> {
        let begin = usize::try_from(offset.checked_sub(self.begin)?).ok()?;
        let rest = self.window.get(begin..)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = rest.get(..end)?.to_vec();
        Some(String::from_utf8(line).map_err(|_| moved()))
    }
}

/// Reads as much as there is, up to the size of `into`.
fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset.saturating_add(done as u64)) {
            Ok(0) => break,
            Ok(read) => done = done.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
