//! What verification found.
use std::path::PathBuf;

use serde::Serialize;

use crate::audit::checkpoint::Checkpoint;
use crate::domain::time::Timestamp;

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// In which file.
    pub file: PathBuf,
    /// In which line, from 1.
    pub line: u64,
    /// The place that the record claims; none when it cannot be read, and for a checkpoint.
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

/// The last signed checkpoint that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anchored {
    /// Its number, from 1.
    pub checkpoint: u64,
    /// The last record that it covers.
    pub seq: u64,
    /// When it was made.
    pub at: Timestamp,
    /// Which gate made it.
    pub node: String,
    /// The name of the key that signed it.
    pub kid: String,
}

impl Anchored {
    /// As far as a report tells.
    pub(super) fn of(checkpoint: &Checkpoint) -> Self {
        let members = &checkpoint.members;
        Self {
            checkpoint: members.checkpoint,
            seq: members.seq,
            at: members.at,
            node: members.node.to_string(),
            kid: members.kid.to_string(),
        }
    }
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
    /// How many checkpoints were found, kept ones included.
    pub checkpoints: u64,
    /// The last record that the journal's first checkpoint covers, and when it was made: before, none tied the records
    /// down. Much later than the first record, it may be the first since somebody removed those before it.
    pub first_checkpoint: Option<Mark>,
    /// Whether keys were given to check their signatures by: without, no checkpoint counts.
    pub signatures_checked: bool,
    /// The last checkpoint that a trusted key vouches for and that fits the records.
    pub anchored: Option<Anchored>,
    /// How many records come after it: nothing tells whether more of them were there.
    pub unanchored: u64,
    /// When the first of these happened.
    pub unanchored_since: Option<Timestamp>,
    /// Files with what was set aside after crashes: beginnings of records that no answer relied on.
    pub set_aside: Vec<String>,
    /// What is wrong; verification ends after 20 problems.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether every record is unchanged and in its place.
    #[must_use]
    pub fn intact(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether, beyond that, no record comes after the last checkpoint that counts.
    #[must_use]
    pub fn wholly_anchored(&self) -> bool {
        self.intact() && self.unanchored == 0
    }
}
