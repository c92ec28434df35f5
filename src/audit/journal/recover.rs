//! Finding the end of the chain on disk: at the start, and after a failure.
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::audit::chain::{Chain, Place};
use crate::audit::record::Record;
use crate::audit::segments::{self, Line, Lines, Segment};
use crate::domain::time::Timestamp;

use super::JournalError;
use super::file::{MODE, sync_folder_of};
use super::shared::Recent;

/// What is on disk.
pub(super) struct Found {
    /// The end of the chain.
    pub(super) chain: Chain,
    /// The latest control-plane events.
    pub(super) recent: Recent,
    /// The latest time of a record.
    pub(super) latest: Option<Timestamp>,
    /// The last segment with anything in it.
    last: Option<Segment>,
    /// Where in the last segment the records begin that may not be on disk though they can be read.
    unsettled_from: u64,
    /// Where in the last segment a torn line begins.
    torn_at: Option<u64>,
}

/// Reads and verifies the whole journal in `dir`. After a failure it must contain `on_disk`, the last record that is
/// known to have reached the disk.
pub(super) fn scan(dir: &Path, on_disk: Option<Place>) -> Result<Found, JournalError> {
    let mut found = Found {
        chain: Chain::new(),
        recent: Recent::default(),
        latest: None,
        last: None,
        unsettled_from: 0,
        torn_at: None,
    };
    for segment in segments::list(dir).map_err(|source| unreadable(dir, source))? {
        found.read(&segment, on_disk)?;
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
            self.take(&line).map_err(broken)?;
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
            self.unsettled_from = 0;
        }
    }

    fn take(&mut self, line: &Line<'_>) -> Result<(), String> {
        if self.torn_at.is_some() {
            return Err("the segment before this one ends in a torn line".to_owned());
        }
        let Some(whole) = line.whole() else {
            self.torn_at = Some(line.offset);
            return Ok(());
        };
        let record = Record::read(whole).map_err(|flaw| flaw.to_string())?;
        self.chain.check(&record).map_err(|flaw| flaw.to_string())?;
        self.chain.follow(&record);
        self.latest = self.latest.max(Some(record.members.at));
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

    /// The segment to continue at the start.
    pub(super) fn last_segment(&self, dir: &Path) -> Segment {
        self.last.clone().unwrap_or_else(|| Segment::new(dir, 1))
    }

    /// Cuts off a torn last line, after copying it aside, and brings the last segment to disk.
    pub(super) fn repair(&self, dir: &Path) -> Result<(), JournalError> {
        let Some(last) = &self.last else { return Ok(()) };
        let repaired = self.cut(dir, last).and_then(|()| self.settle(last));
        repaired.map_err(|source| JournalError::Io { path: last.path.clone(), source })
    }

    fn cut(&self, dir: &Path, last: &Segment) -> io::Result<()> {
        let Some(offset) = self.torn_at else { return Ok(()) };
        let mut file = OpenOptions::new().read(true).write(true).open(&last.path)?;
        let mut torn = Vec::new();
        file.seek(SeekFrom::Start(offset))?;
        file.read_to_end(&mut torn)?;
        let aside = dir.join(format!("torn-{:06}-{offset}", last.number));
        keep(&aside, &torn)?;
        file.set_len(offset)?;
        tracing::warn!(
            segment = %last.path.display(), offset, bytes = torn.len(), kept = %aside.display(),
            "the trail's last line was torn, as by a crash: it was never acknowledged, and was cut off and kept aside"
        );
        Ok(())
    }

    /// A failed fsync may leave pages that look clean and are not on disk, and no later fsync would bring them there.
    /// Written once more through a new descriptor they are dirty again, and its fsync tells the truth.
    fn settle(&self, last: &Segment) -> io::Result<()> {
        let mut file = OpenOptions::new().read(true).write(true).open(&last.path)?;
        let mut unsettled = Vec::new();
        file.seek(SeekFrom::Start(self.unsettled_from))?;
        file.read_to_end(&mut unsettled)?;
        file.write_all_at(&unsettled, self.unsettled_from)?;
        file.sync_all()
    }
}

fn keep(aside: &Path, torn: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(aside)?;
    file.write_all(torn)?;
    file.sync_all()?;
    sync_folder_of(aside)
}

fn unreadable(path: &Path, source: io::Error) -> JournalError {
    JournalError::Io { path: PathBuf::from(path), source }
}
