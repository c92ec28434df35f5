//! Finding the end of the chain on disk: at the start, and after a failure.
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::audit::anchors::{self, Anchor, Anchors, Mistake};
use crate::audit::chain::{Chain, Place};
use crate::audit::flaw::Flaw;
use crate::audit::index::{Index, Spot, Tags};
use crate::audit::library::Covered;
use crate::audit::record::Record;
use crate::audit::segments::{self, Line, Lines, SET_ASIDE, Segment};
use crate::audit::trust::Trust;
use crate::domain::time::Timestamp;

use super::JournalError;
use super::file::{MODE, sync_folder_of};
use super::sealer::Sealed;
use super::shared::Recent;

/// Disks write at least so many bytes at once or not at all.
const SECTOR: u64 = 512;

/// What is on disk.
pub(super) struct Found {
    /// The end of the chain.
    pub(super) chain: Chain,
    /// The latest control-plane events.
    pub(super) recent: Recent,
    /// The latest time of a record.
    pub(super) latest: Option<Timestamp>,
    /// Where the records of each workspace stand.
    pub(super) index: Index,
    /// The last checkpoint, and the workspaces' last records that it covers.
    pub(super) covered: Option<Covered>,
    /// That checkpoint's line and record.
    last_anchor: Option<(String, u64)>,
    anchors: Anchors,
    /// The last segment with anything in it.
    last: Option<Segment>,
    /// Where its records end.
    end: u64,
    /// Where in the last segment the records begin that may not be on disk though they can be read.
    unsettled_from: u64,
    /// Where in the last segment a torn line begins.
    torn_at: Option<u64>,
}

/// The journal's checkpoints, and where their file goes on.
pub(super) struct Checkpoints {
    pub(super) anchors: Vec<Anchor>,
    pub(super) end: Sealed,
}

/// Reads the checkpoints of the journal in `dir`, after setting a torn last one aside. One that our own keys have not
/// signed is fine: the key may have been another then.
pub(super) fn checkpoints(dir: &Path, own: &Trust) -> Result<Checkpoints, JournalError> {
    let path = dir.join(anchors::FILE);
    let failed = |source| unreadable(&path, source);
    let found = anchors::Found::in_folder(dir, own).map_err(failed)?;
    if let Some(mistake) = found.mistakes.iter().find(|mistake| !mistake.flaw.is_unknown_key()) {
        return Err(broken(mistake));
    }
    if found.torn.is_some() {
        cut(dir, &path, "checkpoints", found.end).map_err(failed)?;
    }
    let end = found.anchors.last().map(|Anchor { checkpoint, .. }| Sealed {
        number: checkpoint.members.checkpoint,
        digest: checkpoint.digest,
        seq: checkpoint.members.seq,
        length: found.end,
    });
    Ok(Checkpoints { anchors: found.anchors, end: end.unwrap_or(Sealed::START) })
}

/// Reads and verifies the whole journal in `dir`, and holds it against `anchors`. After a failure it must contain
/// `on_disk`, the last record that is known to have reached the disk.
pub(super) fn scan(dir: &Path, on_disk: Option<Place>, anchors: Vec<Anchor>) -> Result<Found, JournalError> {
    let mut found = Found {
        chain: Chain::new(),
        recent: Recent::default(),
        latest: None,
        index: Index::default(),
        covered: None,
        last_anchor: anchors.last().map(|Anchor { checkpoint, .. }| (checkpoint.line.clone(), checkpoint.members.seq)),
        anchors: Anchors::new(anchors),
        last: None,
        end: 0,
        unsettled_from: 0,
        torn_at: None,
    };
    let mut expected = 1;
    for segment in segments::list(dir).map_err(|source| unreadable(dir, source))? {
        if segment.number != expected {
            let problem = Flaw::MissingSegment(Segment::name(expected)).to_string();
            return Err(JournalError::Broken { path: segment.path, problem });
        }
        expected = segment.number.saturating_add(1);
        found.read(&segment, on_disk)?;
    }
    if let Some(mistake) = found.anchors.missed().first() {
        return Err(broken(mistake));
    }
    let last = found.chain.last().seq;
    if let Some(Place { seq, .. }) = on_disk.filter(|on_disk| last < on_disk.seq) {
        let problem = format!("record {seq} was on disk, and now the last one is {last}: records were removed");
        return Err(JournalError::Broken { path: dir.to_owned(), problem });
    }
    Ok(found)
}

impl Found {
    fn read(&mut self, segment: &Segment, on_disk: Option<Place>) -> Result<(), JournalError> {
        let path = &segment.path;
        let mut lines = Lines::open(path).map_err(|source| unreadable(path, source))?;
        while let Some(line) = lines.next().map_err(|source| unreadable(path, source))? {
            self.enter(segment);
            let broken = |problem: String| JournalError::Broken {
                path: path.clone(),
                problem: format!("line {}: {problem}", line.number),
            };
            self.take(segment, &line).map_err(broken)?;
            self.note_last_checkpoint();
            if let Some(mistake) = self.anchors.meet(&self.chain).first() {
                return Err(self::broken(mistake));
            }
            let here = self.chain.last();
            if on_disk.is_none_or(|on_disk| on_disk == here) {
                self.unsettled_from = line.end();
            } else if on_disk.is_some_and(|on_disk| on_disk.seq == here.seq) {
                return Err(broken(format!("record {} is another one than was written", here.seq)));
            }
        }
        Ok(())
    }

    /// Notes that `segment` has content; then the one before it may not end in a torn line, which `take` finds.
    fn enter(&mut self, segment: &Segment) {
        if self.last.as_ref() != Some(segment) {
            self.last = Some(segment.clone());
            self.end = 0;
            self.unsettled_from = 0;
        }
    }

    /// Keeps what the last checkpoint covers, when the chain has come to its record.
    fn note_last_checkpoint(&mut self) {
        let seq = self.chain.last().seq;
        if let Some((line, _)) = self.last_anchor.take_if(|(_, last)| *last == seq) {
            self.covered = Some(Covered::new(line, self.chain.heads()));
        }
    }

    fn take(&mut self, segment: &Segment, line: &Line<'_>) -> Result<(), String> {
        if self.torn_at.is_some() {
            return Err("the segment before this one ends in a torn line".to_owned());
        }
        let Some(whole) = line.whole() else {
            self.may_be_torn(line)?;
            self.torn_at = Some(line.offset);
            return Ok(());
        };
        let record = Record::read(whole).map_err(|flaw| flaw.to_string())?;
        self.chain.check(&record).map_err(|flaw| flaw.to_string())?;
        self.chain.follow(&record);
        self.end = line.end();
        self.latest = self.latest.max(Some(record.members.at));
        if let Some(workspace) = &record.members.workspace {
            let tags = Tags::of(record.members.session.as_deref(), record.members.engineer.as_deref());
            self.index.add(workspace, Spot::new(segment.number, line.offset, tags, record.members.kind));
        }
        if record.members.kind.is_control() {
            let id = record.members.event_id.parse().map_err(|bad| format!("`event_id`: {bad}"))?;
            self.recent.insert(id);
        }
        Ok(())
    }

    /// The segment to begin after a failure: a new one, unless the last one is still empty.
    pub(super) fn next_segment(&self, dir: &Path) -> Segment {
        Segment::new(dir, self.last.as_ref().map_or(1, |last| last.number.saturating_add(1)))
    }

    /// What a crash leaves at the end: the beginning of the next record, perhaps with sectors missing that the disk had
    /// not written yet. Anything else was written by somebody else, and is not to be swept aside.
    fn may_be_torn(&self, line: &Line<'_>) -> Result<(), String> {
        let next = self.chain.last().seq.saturating_add(1);
        let start = format!("{{\"seq\":{next},\"at\":\"");
        let begins = line.raw.starts_with(start.as_bytes()) || start.as_bytes().starts_with(line.raw);
        let text = !line.raw.iter().any(u8::is_ascii_control);
        let whole_sectors = line.resumes_at.is_none_or(|at| at.is_multiple_of(SECTOR));
        if begins && text && whole_sectors {
            return Ok(());
        }
        Err(format!("the file ends in something that is not the beginning of record {next}: no crash leaves that"))
    }

    /// The segment to continue at the start, and behind how many bytes; a new one if that has `full` bytes or more.
    pub(super) fn last_segment(&self, dir: &Path, full: u64) -> (Segment, u64) {
        match &self.last {
            Some(last) if self.end < full => (last.clone(), self.end),
            Some(_) => (self.next_segment(dir), 0),
            None => (Segment::new(dir, 1), 0),
        }
    }

    /// Cuts off a torn last line, after copying it aside, and the zeros; brings the last segment to disk.
    pub(super) fn repair(&self, dir: &Path) -> Result<(), JournalError> {
        let Some(last) = &self.last else { return Ok(()) };
        let torn = self.torn_at.map_or(Ok(()), |offset| cut(dir, &last.path, &format!("{:06}", last.number), offset));
        let repaired = torn.and_then(|()| self.settle(last));
        repaired.map_err(|source| JournalError::Io { path: last.path.clone(), source })
    }

    /// A failed fsync may leave pages that look clean and are not on disk, and no later fsync would bring them there.
    /// Written once more through a new descriptor they are dirty again, and its fsync tells the truth.
    fn settle(&self, last: &Segment) -> io::Result<()> {
        let mut file = OpenOptions::new().read(true).write(true).open(&last.path)?;
        file.set_len(self.end)?;
        let mut unsettled = Vec::new();
        file.seek(SeekFrom::Start(self.unsettled_from))?;
        file.read_to_end(&mut unsettled)?;
        file.write_all_at(&unsettled, self.unsettled_from)?;
        file.sync_all()
    }
}

/// Cuts the file `path` off at `offset`, after copying what comes there to a file of its own.
fn cut(dir: &Path, path: &Path, name: &str, offset: u64) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut torn = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.read_to_end(&mut torn)?;
    let zeros = torn.iter().rev().take_while(|byte| **byte == 0).count();
    torn.truncate(torn.len().saturating_sub(zeros));
    let aside = keep(dir, &format!("{SET_ASIDE}{name}-{offset}"), &torn)?;
    file.set_len(offset)?;
    file.sync_all()?;
    tracing::warn!(
        file = %path.display(), offset, bytes = torn.len(), kept = %aside.display(),
        "the last line was torn, as by a crash: it was never acknowledged, and was cut off and kept aside"
    );
    Ok(())
}

/// Writes `torn` to the file `name` in `dir`, or to one with a number behind that if an earlier crash has left one.
fn keep(dir: &Path, name: &str, torn: &[u8]) -> io::Result<PathBuf> {
    let mut aside = dir.join(name);
    let mut copy = 2_u32;
    while aside.exists() {
        aside = dir.join(format!("{name}-{copy}"));
        copy = copy.saturating_add(1);
    }
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&aside)?;
    file.write_all(torn)?;
    file.sync_all()?;
    sync_folder_of(&aside)?;
    Ok(aside)
}

fn broken(mistake: &Mistake) -> JournalError {
    let problem = format!("line {}: {}", mistake.line, mistake.flaw);
    JournalError::Broken { path: mistake.file.clone(), problem }
}

fn unreadable(path: &Path, source: io::Error) -> JournalError {
    JournalError::Io { path: PathBuf::from(path), source }
}
