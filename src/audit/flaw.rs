//! What can be wrong with a line of the trail.

/// Why a line is not the next record of the chain.
#[derive(Debug, thiserror::Error)]
pub(super) enum Flaw {
    /// The file ends inside it.
    #[error("the line is torn: the file ends before its newline")]
    Torn,
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
    /// Its control-plane event is in the trail already.
    #[error("event `{0}` is recorded a second time")]
    Repeated(String),
}
