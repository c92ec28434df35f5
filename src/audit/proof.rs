//! That the records of one workspace are all there were up to a checkpoint: the way from the workspace's last record
//! to the Merkle root that the checkpoint signs.
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::id::WorkspaceId;

use super::anchors::Found;
use super::chain::{Chain, Head, Place};
use super::checkpoint::{self, Checkpoint};
use super::digest::Digest;
use super::export::ExportError;
use super::flaw::{CheckpointFlaw, Flaw};
use super::library::Covered;
use super::merkle;
use super::record::Record;
use super::segments::{self, Lines};
use super::trust::Trust;

/// The proof for one workspace, as it is handed out: the first line of an export, a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// Whose records.
    workspace: WorkspaceId,
    /// How many records of the workspace the checkpoint covers.
    workspace_seq: u64,
    /// The hash of the last one of them.
    hash: Digest,
    /// The leaf's place among all workspaces, from 0.
    index: u64,
    /// The neighbours on the way to the root, the leaf's own first.
    path: Vec<Digest>,
    /// The checkpoint's line.
    checkpoint: String,
}

/// What a proof shows of a workspace's records.
#[derive(Debug)]
pub(super) struct Proven {
    /// The last record that the checkpoint covers.
    pub(super) place: Place,
    pub(super) checkpoint: Checkpoint,
    /// Whether a trusted key signed the checkpoint.
    pub(super) vouched: bool,
}

/// The proof for `workspace` by the last checkpoint of the journal in `dir`; none when no checkpoint covers a record of
/// it.
///
/// # Errors
/// When the journal cannot be read or is not intact up to the checkpoint.
pub(super) fn prove(dir: &Path, workspace: &WorkspaceId) -> Result<Option<Proof>, ExportError> {
    let found = Found::in_folder(dir, &Trust::default())?;
    let Some(checkpoint) = found.anchors.last().map(|anchor| &anchor.checkpoint) else { return Ok(None) };
    let chain = chain_up_to(dir, checkpoint.members.seq)?;
    checkpoint.covers(&chain).map_err(|flaw| ExportError::Broken(flaw.to_string()))?;
    let covered = Covered::new(checkpoint.line.clone(), chain.heads());
    Ok(Proof::by(&covered.checkpoint, &covered.heads, workspace))
}

fn chain_up_to(dir: &Path, seq: u64) -> Result<Chain, ExportError> {
    let mut chain = Chain::new();
    for segment in segments::existing(dir)? {
        let mut lines = Lines::open(&segment.path)?;
        while let Some(line) = lines.next()? {
            if chain.last().seq == seq {
                return Ok(chain);
            }
            let broken =
                |flaw: Flaw| ExportError::Broken(format!("{}, line {}: {flaw}", segment.path.display(), line.number));
            let record = line.whole().ok_or(Flaw::Torn).and_then(Record::read).map_err(broken)?;
            chain.check(&record).map_err(broken)?;
            chain.follow(&record);
        }
    }
    Ok(chain)
}

impl Proof {
    /// The proof for `workspace` by `checkpoint`, which covers `heads`, in the order of the workspaces' names; none when it
    /// covers no record of it.
    pub(super) fn by(checkpoint: &str, heads: &[Head], workspace: &WorkspaceId) -> Option<Self> {
        let index = heads.iter().position(|head| *head.workspace == *workspace.as_str())?;
        let (path, head) = merkle::path(&checkpoint::leaves(heads), index).zip(heads.get(index))?;
        Some(Self {
            workspace: workspace.clone(),
            workspace_seq: head.place.seq,
            hash: head.place.hash,
            index: index as u64,
            path,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// Whose records it is about.
    pub(super) fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// How many records of the workspace it covers.
    pub(super) fn count(&self) -> u64 {
        self.workspace_seq
    }

    /// Reads the line of one, as it was written: the same in other bytes is none.
    pub(super) fn read(line: &[u8]) -> Result<Self, CheckpointFlaw> {
        let proof: Self = serde_json::from_slice(line).map_err(CheckpointFlaw::NotAProof)?;
        let written = proof.line().map_err(CheckpointFlaw::NotAProof)?;
        if written.as_bytes() == line { Ok(proof) } else { Err(CheckpointFlaw::RewrittenProof) }
    }

    /// Its line, without newline.
    pub(super) fn line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// What it shows, if it is one.
    pub(super) fn check(&self, trust: &Trust) -> Result<Proven, CheckpointFlaw> {
        let checkpoint = Checkpoint::read(self.checkpoint.as_bytes())?;
        let members = &checkpoint.members;
        let place = Place { seq: self.workspace_seq, hash: self.hash };
        let leaf = merkle::leaf(self.workspace.as_str(), place);
        if merkle::climb(leaf, self.index, members.workspaces, &self.path) != Some(members.root) {
            return Err(CheckpointFlaw::Path { number: members.checkpoint });
        }
        let vouched = trust.vouches_for(&checkpoint)?;
        if !vouched && !trust.is_none() {
            return Err(CheckpointFlaw::UnknownKey { number: members.checkpoint, kid: members.kid.to_string() });
        }
        Ok(Proven { place, checkpoint, vouched })
    }
}
