//! The chain: every record names its place and the hash of the record before it, in the journal and in its workspace.
use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::id::WorkspaceId;

use super::digest::Digest;
use super::draft::Draft;
use super::flaw::Flaw;
use super::record::{Position, Record};

/// A place in a chain: the record that stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number, from 1.
    pub(super) seq: u64,
    /// Its hash.
    pub(super) hash: Digest,
}

impl Place {
    /// Before the first record.
    pub(super) const START: Self = Self { seq: 0, hash: Digest::NONE };
}

/// The last record of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// Which workspace.
    pub(super) workspace: Arc<str>,
    /// Its place among the workspace's records.
    pub(super) place: Place,
}

/// The end of a journal's chain and of each workspace's.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    last: Place,
    workspaces: HashMap<Arc<str>, Place>,
}

impl Chain {
    /// The chain before its first record.
    pub(super) fn new() -> Self {
        Self { last: Place::START, workspaces: HashMap::new() }
    }

    /// Where the chain ends.
    pub(super) fn last(&self) -> Place {
        self.last
    }

    /// How many workspaces have records.
    pub(super) fn workspaces(&self) -> usize {
        self.workspaces.len()
    }

    /// The last record of each workspace, in no order.
    pub(super) fn heads(&self) -> Vec<Head> {
        let heads = self.workspaces.iter();
        heads.map(|(workspace, place)| Head { workspace: Arc::clone(workspace), place: *place }).collect()
    }

    /// Gives `draft` the next place and writes its line at the end of `out`.
    ///
    /// # Errors
    /// When the node's name cannot be written as JSON; chain and `out` are then as before.
    pub(super) fn append(&mut self, draft: &Draft, node: &str, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let workspace = draft.workspace.as_ref().map(WorkspaceId::as_str);
        let before = workspace.map(|id| self.place_in(id));
        let seq = self.last.seq.saturating_add(1);
        let hash = Position { seq, node, workspace: before, prev: self.last.hash }.write(draft, out)?;
        let workspace_seq = before.map(|place| place.seq.saturating_add(1));
        self.advance(Place { seq, hash }, workspace.zip(workspace_seq));
        Ok(())
    }

    /// Whether `record` is the next one, unchanged.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(super) fn check(&self, record: &Record) -> Result<(), Flaw> {
        let members = &record.members;
        let expected = self.last.seq.saturating_add(1);
        let before = members.workspace.as_deref().map(|id| self.place_in(id));
        if record.stated != record.actual {
            Err(Flaw::Changed)
        } else if members.seq != expected {
            Err(Flaw::Seq { expected, found: members.seq })
        } else if members.prev != self.last.hash {
            Err(Flaw::Prev)
        } else if members.workspace_seq != before.map(|place| place.seq.saturating_add(1))
            || members.workspace_prev != before.map(|place| place.hash)
        {
            Err(Flaw::Workspace)
        } else {
            Ok(())
        }
    }

    /// Goes on from `record`, believing what it says of itself.
    pub(super) fn follow(&mut self, record: &Record) {
        let members = &record.members;
        let place = Place { seq: members.seq, hash: record.stated };
        self.advance(place, members.workspace.as_deref().zip(members.workspace_seq));
    }

    fn advance(&mut self, last: Place, workspace: Option<(&str, u64)>) {
        self.last = last;
        let Some((id, seq)) = workspace else { return };
        let place = Place { seq, hash: last.hash };
        if let Some(known) = self.workspaces.get_mut(id) {
            *known = place;
        } else {
            self.workspaces.insert(id.into(), place);
        }
    }

    fn place_in(&self, workspace: &str) -> Place {
        self.workspaces.get(workspace).copied().unwrap_or(Place::START)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::samples::documented;

    const DOCUMENT: &str = include_str!("../../docs/TRAIL.md");

    #[test]
    fn the_sample_in_the_document_is_what_is_written() {
        let (mut chain, mut written) = (Chain::new(), Vec::new());
        for event in documented() {
            chain.append(&Draft::try_from(event).unwrap(), "node-1", &mut written).unwrap();
        }
        assert_eq!(String::from_utf8(written).unwrap(), sample());
    }

    /// Computed here as the document says it, without the code that writes.
    #[test]
    fn the_sample_s_hashes_are_what_the_document_says_they_are() {
        let mut prev = "0".repeat(64);
        for line in sample().lines() {
            let (body, hash) = line.split_at(line.len() - 75);
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{body}}}").as_bytes());
            let hex = digest.as_ref().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            assert_eq!(hash, format!(r#","hash":"{hex}"}}"#));
            assert!(body.ends_with(&format!(r#","prev":"{prev}""#)), "{body}");
            prev = hex;
        }
    }

    fn sample() -> &'static str {
        DOCUMENT.split("```jsonl\n").nth(1).unwrap().split("```").next().unwrap()
    }
}
