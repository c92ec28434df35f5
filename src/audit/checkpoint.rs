//! A checkpoint: a signed line that says how far the trail had come. docs/TRAIL.md says the same in prose.
use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

use super::chain::{Chain, Head, Place};
use super::digest::Digest;
use super::flaw::CheckpointFlaw;
use super::merkle;
use super::trust::Seal;

/// What is signed begins with this, so that no other signature of the same key passes for one of a checkpoint.
const PURPOSE: &[u8] = b"chaperone checkpoint\n";
/// What stands between a line's other members and its signature.
const BEFORE_SIGNATURE: &str = r#","signature":""#;
/// What ends a line.
const AFTER_SIGNATURE: &str = r#""}"#;

/// The end of a journal at one moment: what a checkpoint is made of.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) at: Timestamp,
    /// The last record.
    pub(super) last: Place,
    /// The last record of each workspace.
    pub(super) heads: Vec<Head>,
}

/// The members of a line but its signature, in their order on the line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Members<'a> {
    /// Its number, from 1.
    pub(super) checkpoint: u64,
    pub(super) at: Timestamp,
    pub(super) node: Cow<'a, str>,
    /// The last record that it covers, and so how many it covers.
    pub(super) seq: u64,
    /// That record's hash.
    pub(super) head: Digest,
    /// How many leaves the tree has.
    pub(super) workspaces: u64,
    /// The root over the heads of all workspaces.
    pub(super) root: Digest,
    /// The digest of the checkpoint before it.
    pub(super) previous: Digest,
    /// The name of the key that signed it.
    pub(super) kid: Cow<'a, str>,
}

/// A checkpoint as it was read. Whether its signature is genuine is a question of trust.
#[derive(Debug, Clone)]
pub(super) struct Checkpoint {
    pub(super) members: Members<'static>,
    /// Its line, without newline.
    pub(super) line: String,
    pub(super) signature: [u8; 64],
    /// The digest of its line.
    pub(super) digest: Digest,
}

impl Checkpoint {
    /// Reads a line, without its newline.
    ///
    /// # Errors
    /// When it does not have the shape of a checkpoint.
    pub(super) fn read(line: &[u8]) -> Result<Self, CheckpointFlaw> {
        let text = std::str::from_utf8(line).map_err(|_| CheckpointFlaw::NoSignature)?;
        let (body, signature) = text
            .strip_suffix(AFTER_SIGNATURE)
            .and_then(|rest| rest.rsplit_once(BEFORE_SIGNATURE))
            .ok_or(CheckpointFlaw::NoSignature)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok().and_then(|bytes| bytes.try_into().ok());
        let signature = signature.ok_or(CheckpointFlaw::NoSignature)?;
        let members = serde_json::from_str(&format!("{body}}}")).map_err(CheckpointFlaw::NotACheckpoint)?;
        Ok(Self { members, line: text.to_owned(), signature, digest: Digest::of(line) })
    }

    /// The digest of a line that may still have its newline.
    pub(super) fn digest_of(line: &str) -> Digest {
        Digest::of(line.trim_end_matches('\n').as_bytes())
    }

    /// What was signed.
    pub(super) fn signed(&self) -> Vec<u8> {
        let body = self.line.rsplit_once(BEFORE_SIGNATURE).map_or("", |(body, _)| body);
        message(&format!("{body}}}"))
    }

    /// Whether the chain, which has come to this checkpoint's record, is the one that it was made of.
    ///
    /// # Errors
    /// What differs.
    pub(super) fn covers(&self, chain: &Chain) -> Result<(), CheckpointFlaw> {
        let number = self.members.checkpoint;
        if self.members.head != chain.last().hash {
            return Err(CheckpointFlaw::Head { number, seq: self.members.seq });
        }
        let leaves = leaves(&chain.heads());
        if self.members.workspaces != leaves.len() as u64 || self.members.root != merkle::root(&leaves) {
            return Err(CheckpointFlaw::Root { number, seq: self.members.seq });
        }
        Ok(())
    }
}

/// The line of the checkpoint `number` of this end of a journal, its newline included; none when it cannot be signed.
pub(super) fn line(snapshot: &Snapshot, number: u64, previous: Digest, node: &str, seal: &dyn Seal) -> Option<String> {
    let leaves = leaves(&snapshot.heads);
    let kid = seal.kid();
    let members = Members {
        checkpoint: number,
        at: snapshot.at,
        node: node.into(),
        seq: snapshot.last.seq,
        head: snapshot.last.hash,
        workspaces: leaves.len() as u64,
        root: merkle::root(&leaves),
        previous,
        kid: kid.as_str().into(),
    };
    let body = serde_json::to_string(&members).ok()?;
    let signature = URL_SAFE_NO_PAD.encode(seal.sign(&kid, &message(&body))?);
    let open = body.strip_suffix('}')?;
    Some(format!("{open}{BEFORE_SIGNATURE}{signature}{AFTER_SIGNATURE}\n"))
}

/// The leaves of the tree over `heads`, in the order of the workspaces' names.
pub(super) fn leaves(heads: &[Head]) -> Vec<Digest> {
    let mut sorted: Vec<&Head> = heads.iter().collect();
    sorted.sort_by(|one, other| one.workspace.cmp(&other.workspace));
    sorted.into_iter().map(|head| merkle::leaf(&head.workspace, head.place)).collect()
}

fn message(body: &str) -> Vec<u8> {
    [PURPOSE, body.as_bytes()].concat()
}
