//! `audit tail`: the last records, and those that are written from now on, across all files of the journal.
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::id::{SessionId, WorkspaceId};

use super::segments::{self, Lines, Segment};

/// Which records to show; what is not given does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Of one of these kinds; `access.*` stands for all that begin so.
    pub kinds: Vec<String>,
    /// Of this session.
    pub session: Option<SessionId>,
}

#[derive(Deserialize)]
struct Looked {
    kind: String,
    workspace: Option<WorkspaceId>,
    session: Option<SessionId>,
}

impl Filter {
    fn takes(&self, line: &[u8]) -> bool {
        let kind =
            |given: &str, kind: &str| given.strip_suffix('*').map_or(given == kind, |begin| kind.starts_with(begin));
        serde_json::from_slice::<Looked>(line).is_ok_and(|record| {
            (self.kinds.is_empty() || self.kinds.iter().any(|given| kind(given, &record.kind)))
                && (self.workspace.is_none() || self.workspace == record.workspace)
                && (self.session.is_none() || self.session == record.session)
        })
    }
}

/// A reader at the end of a journal.
#[derive(Debug)]
pub struct Tail {
    dir: PathBuf,
    filter: Filter,
    segment: Segment,
    /// Where the next line begins in the segment, in bytes.
    offset: u64,
}

impl Tail {
    /// The last `count` records of the journal in `dir` that `filter` takes, a line each, and a reader that goes on
    /// behind them.
    ///
    /// # Errors
    /// When there is no journal, or it cannot be read.
    pub fn open(dir: &Path, filter: Filter, count: usize) -> io::Result<(Self, Vec<Vec<u8>>)> {
        let mut segments = segments::existing(dir)?;
        let Some(last) = segments.pop() else { return Err(io::ErrorKind::NotFound.into()) };
        let mut tail = Self { dir: dir.to_owned(), filter, segment: last.clone(), offset: 0 };
        let mut lines = VecDeque::new();
        tail.offset = tail.read(&last, 0, &mut |line| keep(&mut lines, line, count))?;
        while let Some(segment) = segments.pop().filter(|_| lines.len() < count) {
            let (mut earlier, room) = (VecDeque::new(), count.saturating_sub(lines.len()));
            tail.read(&segment, 0, &mut |line| keep(&mut earlier, line, room))?;
            earlier.append(&mut lines);
            lines = earlier;
        }
        Ok((tail, lines.into()))
    }

    /// The records that were written since the last look.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn look(&mut self) -> io::Result<Vec<Vec<u8>>> {
        let mut lines = Vec::new();
        // Whatever is followed by another segment when it is listed is complete when it is read.
        for segment in segments::existing(&self.dir)? {
            if segment.number > self.segment.number {
                (self.segment, self.offset) = (segment.clone(), 0);
            }
            if segment.number == self.segment.number {
                self.offset = self.read(&segment, self.offset, &mut |line| lines.push(line.to_vec()))?;
            }
        }
        Ok(lines)
    }

    /// Reads `segment` from `offset` on; tells where its last whole line ends.
    fn read(&self, segment: &Segment, offset: u64, take: &mut dyn FnMut(&[u8])) -> io::Result<u64> {
        let mut lines = Lines::open_at(&segment.path, offset)?;
        let mut end = offset;
        while let Some(line) = lines.next()? {
            let Some(whole) = line.whole() else { break };
            if self.filter.takes(whole) {
                take(line.raw);
            }
            end = line.end();
        }
        Ok(end)
    }
}

fn keep(lines: &mut VecDeque<Vec<u8>>, line: &[u8], count: usize) {
    lines.push_back(line.to_vec());
    if lines.len() > count {
        lines.pop_front();
    }
}
