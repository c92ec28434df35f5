//! Where each workspace's records stand, kept in memory so that no call reads the whole trail: 16 bytes a record.
//!
//! It is made while the journal is verified at the start, and grows when records have reached the disk: nobody reads here
//! of a record that a crash could still take away.
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::domain::id::WorkspaceId;

use super::kind::Kind;

/// How many places are kept together: a long list grows without being copied.
const BLOCK: usize = 1024;
/// How many bits of a place tell where in its file the record begins; the bits before them are the file's number.
const OFFSET_BITS: u32 = 40;

/// Parts of the hashes of a record's session and engineer: whatever has others is of other people, whatever has the same
/// is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tags {
    session: u32,
    engineer: u16,
}

impl Tags {
    /// Of these ids.
    pub(super) fn of(session: Option<&str>, engineer: Option<&str>) -> Self {
        let (session, engineer) = (hash(session) & u64::from(u32::MAX), hash(engineer) & u64::from(u16::MAX));
        Self {
            session: u32::try_from(session).unwrap_or_default(),
            engineer: u16::try_from(engineer).unwrap_or_default(),
        }
    }
}

fn hash(id: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// Where a record stands, and what it is looked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    place: u64,
    session: u32,
    engineer: u16,
    kind: Kind,
}

impl Spot {
    /// In the file of this number, so many bytes from its beginning.
    pub(super) fn new(segment: u32, offset: u64, tags: Tags, kind: Kind) -> Self {
        let Tags { session, engineer } = tags;
        Self { place: u64::from(segment) << OFFSET_BITS | offset, session, engineer, kind }
    }

    /// What happened.
    pub(super) fn kind(self) -> Kind {
        self.kind
    }

    /// Whether the record may be of that session and engineer, where they are given.
    pub(super) fn may_be_of(self, session: Option<&str>, engineer: Option<&str>) -> bool {
        let wanted = Tags::of(session, engineer);
        (session.is_none() || self.session == wanted.session)
            && (engineer.is_none() || self.engineer == wanted.engineer)
    }

    /// The file's number.
    pub(super) fn segment(self) -> u32 {
        u32::try_from(self.place >> OFFSET_BITS).unwrap_or(u32::MAX)
    }

    /// Where in the file the record begins, in bytes.
    pub(super) fn offset(self) -> u64 {
        self.place & ((1 << OFFSET_BITS) - 1)
    }
}

/// A place, on its way into the index.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) workspace: WorkspaceId,
    pub(super) spot: Spot,
}

/// Where the records of all workspaces stand.
#[derive(Debug, Default)]
pub(super) struct Index {
    workspaces: HashMap<Arc<str>, Spots>,
}

impl Index {
    /// Adds the next record of a workspace.
    pub(super) fn add(&mut self, workspace: &str, spot: Spot) {
        if let Some(spots) = self.workspaces.get_mut(workspace) {
            spots.push(spot);
        } else {
            self.workspaces.entry(workspace.into()).or_default().push(spot);
        }
    }

    /// Adds records that have reached the disk.
    pub(super) fn extend(&mut self, entries: Vec<Entry>) {
        for Entry { workspace, spot } in entries {
            self.add(workspace.as_str(), spot);
        }
    }

    /// How many records a workspace has.
    pub(super) fn count(&self, workspace: &str) -> u64 {
        self.workspaces.get(workspace).map_or(0, Spots::len)
    }

    /// Where the record stands that is the `seq`th of its workspace, from 1.
    pub(super) fn spot(&self, workspace: &str, seq: u64) -> Option<Spot> {
        self.workspaces.get(workspace)?.get(seq.checked_sub(1)?)
    }
}

/// Where the records of one workspace stand, in their order.
#[derive(Debug, Default)]
struct Spots {
    full: Vec<Box<[Spot]>>,
    last: Vec<Spot>,
}

impl Spots {
    fn push(&mut self, spot: Spot) {
        self.last.push(spot);
        if self.last.len() == BLOCK {
            self.full.push(std::mem::take(&mut self.last).into_boxed_slice());
        }
    }

    fn len(&self) -> u64 {
        (self.full.len() * BLOCK + self.last.len()) as u64
    }

    fn get(&self, index: u64) -> Option<Spot> {
        let index = usize::try_from(index).ok()?;
        self.full.get(index / BLOCK).map_or(self.last.as_slice(), |block| block).get(index % BLOCK).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_takes_sixteen_bytes() {
        assert_eq!(size_of::<Spot>(), 16);
    }

    #[test]
    fn every_record_is_found_where_it_was_put_and_no_other() {
        let mut index = Index::default();
        let tags = Tags::of(Some("se_1"), None);
        let spot = |n: u64| Spot::new(3, n * 1_000_000, tags, Kind::AccessPermitted);
        for n in 1..=3000 {
            index.add("acme", spot(n));
            assert_eq!((index.count("acme"), index.spot("acme", n)), (n, Some(spot(n))));
        }
        for n in 1..=3000 {
            let found = index.spot("acme", n).unwrap();
            assert_eq!((found.segment(), found.offset()), (3, n * 1_000_000));
        }
        assert_eq!((index.spot("acme", 0), index.spot("acme", 3001)), (None, None));
        assert_eq!((index.count("globex"), index.spot("globex", 1)), (0, None));
    }

    #[test]
    fn a_place_holds_the_largest_file_and_many_of_them() {
        let tags = Tags::of(None, None);
        let spot = Spot::new(9_999_999, 64 << 30, tags, Kind::AccessPermitted);
        assert_eq!((spot.segment(), spot.offset()), (9_999_999, 64 << 30));
    }

    #[test]
    fn tags_never_hide_what_is_looked_for() {
        let spot = Spot::new(1, 0, Tags::of(Some("se_1"), Some("ada")), Kind::AccessPermitted);
        assert!(spot.may_be_of(None, None) && spot.may_be_of(Some("se_1"), None) && spot.may_be_of(None, Some("ada")));
        assert!(!spot.may_be_of(Some("se_2"), None) && !spot.may_be_of(Some("se_1"), Some("ben")));
    }
}
