//! What can be wrong with a record, and with a checkpoint.

/// Why a line is not the next record of the chain.
#[derive(Debug, thiserror::Error)]
pub(super) enum Flaw {
    /// The file ends inside it.
    #[error(
        "the line is torn: the file ends inside it. After a crash that is a record which no answer relied on: the next \
         start of the gate sets it aside"
    )]
    Torn,
    /// Zeros follow it, and then something else.
    #[error(
        "zeros, and at byte {resumes_at} something behind them: a part of the file was blanked, or lost in a crash"
    )]
    Hole {
        /// Where there is something again, in bytes from the file's beginning.
        resumes_at: u64,
    },
    /// Before it, a file is not there.
    #[error("`{0}` is missing: the numbers of the files have a gap")]
    MissingSegment(String),
    /// It does not end like a record.
    #[error("the line does not end with a hash: it is not a record, or its end was changed")]
    NoHash,
    /// It is not JSON, or JSON of another shape.
    #[error("the line is not a record: {0}")]
    NotARecord(serde_json::Error),
    /// Its bytes have another hash.
    #[error("the record was changed: its bytes do not have the hash that it states")]
    Changed,
    /// Its place is another one.
    #[error("record {expected} is expected here, and this is record {found}: records are missing, doubled or moved")]
    Seq {
        /// The place.
        expected: u64,
        /// Its own claim.
        found: u64,
    },
    /// It follows another record.
    #[error("`prev` is not the hash of the record before it: one of the two was replaced")]
    Prev,
    /// Its place in its workspace is another one.
    #[error("`workspace_seq` or `workspace_prev` does not continue the records of its workspace")]
    Workspace,
    /// It is of somebody else.
    #[error("the record is not of workspace `{0}`")]
    OtherWorkspace(String),
    /// Nothing of the workspace was covered behind the one before it.
    #[error("the proof covers {covered} records, and this comes after them: it was added")]
    Added {
        /// How many the proof covers.
        covered: u64,
    },
    /// Its row is not what the record says.
    #[error("the row is not what the record in its last column says: a cell was changed, or the row was written anew")]
    Row,
    /// The file ends inside it.
    #[error("the file ends inside this line: its end was cut off")]
    Cut,
    /// It stands before the one before it.
    #[error("`seq` is not greater than that of the record before it: records were doubled or moved")]
    Order,
    /// Its control-plane event is in the trail already.
    #[error("event `{0}` is recorded a second time")]
    Repeated(String),
}

/// Why a checkpoint does not count, or what it shows to be wrong with the trail.
#[derive(Debug, thiserror::Error)]
pub(super) enum CheckpointFlaw {
    /// The file ends inside it.
    #[error("the checkpoint is torn: the file ends inside it; the next start of the gate sets it aside")]
    Torn,
    /// It does not end like a checkpoint.
    #[error("the line does not end with a signature: it is no checkpoint, or its end was changed")]
    NoSignature,
    /// It is not JSON, or JSON of another shape.
    #[error("the line is no checkpoint: {0}")]
    NotACheckpoint(serde_json::Error),
    /// The file has no line at all.
    #[error("there is no checkpoint in this file")]
    Empty,
    /// Its place is another one.
    #[error("checkpoint {expected} is expected here, and this is {found}: checkpoints are missing, doubled or moved")]
    Number {
        /// The place.
        expected: u64,
        /// Its own claim.
        found: u64,
    },
    /// It follows another one.
    #[error("`previous` is not the digest of the checkpoint before it: one of the two was changed")]
    Previous,
    /// It covers no more than the one before.
    #[error("it covers no more records than the checkpoint before it")]
    Order,
    /// Its signature is not of the key that it names.
    #[error("its signature is not genuine: it was changed, or made with another key")]
    Signature,
    /// Nobody trusts its key.
    #[error("checkpoint {number} is signed by the key `{kid}`, which is not among those to trust (`--jwks`)")]
    UnknownKey {
        /// Its number.
        number: u64,
        /// The key's name.
        kid: String,
    },
    /// The trail has another record there.
    #[error("record {seq} is another one than checkpoint {number} covers: the trail was written anew up to there")]
    Head {
        /// The checkpoint's number.
        number: u64,
        /// The last record that it covers.
        seq: u64,
    },
    /// The workspaces' records end elsewhere.
    #[error("the records of the workspaces up to record {seq} are not those that checkpoint {number} covers")]
    Root {
        /// The checkpoint's number.
        number: u64,
        /// The last record that it covers.
        seq: u64,
    },
    /// The trail does not reach as far.
    #[error("checkpoint {number} covers {seq} records, and the trail does not have record {seq}: records were removed")]
    Ahead {
        /// The checkpoint's number.
        number: u64,
        /// The last record that it covers.
        seq: u64,
    },
    /// The first line is not the proof.
    #[error("the export does not begin with its proof: {0}")]
    NotAProof(serde_json::Error),
    /// It says what a proof says, in other bytes.
    #[error("the proof was written anew: it is not in the bytes that chaperone writes")]
    RewrittenProof,
    /// There is none at all.
    #[error("there is nothing in this file, not even a proof: it was cut off")]
    NoProof,
    /// The way does not lead to its root.
    #[error("the proof does not lead to the root that checkpoint {number} signs")]
    Path {
        /// The checkpoint's number.
        number: u64,
    },
    /// The proof is about somebody else.
    #[error("the export is of workspace `{found}`, not of `{wanted}`")]
    OtherWorkspace {
        /// Whose it is.
        found: String,
        /// Whose it was to be.
        wanted: String,
    },
    /// The export lacks the record that the proof is about.
    #[error(
        "checkpoint {number} covers {seq} records of the workspace, and the export does not have the last of them as it \
         was: records were removed or replaced"
    )]
    Missing {
        /// The checkpoint's number.
        number: u64,
        /// The place of the record in the workspace.
        seq: u64,
    },
}

impl CheckpointFlaw {
    /// Whether nothing is known to be wrong but that nobody trusts the key.
    pub(super) fn is_unknown_key(&self) -> bool {
        matches!(self, Self::UnknownKey { .. })
    }
}
