//! Where the trail is, and what it promises.
use std::path::PathBuf;

use crate::domain::time::Span;

/// When a record counts as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// No byte upstream before the record is with the OS, no answer before it is on disk.
    Strict,
    /// Written at once, on disk within 50 ms.
    Relaxed,
}

/// The trail.
#[derive(Debug, Clone)]
pub struct Audit {
    /// The folder of the journal.
    pub dir: PathBuf,
    /// When a record counts as written.
    pub durability: Durability,
    /// How many bytes a file of the journal has, about: then a new one begins.
    pub segment: u64,
    /// How often a checkpoint is signed, at least, while there is something new.
    pub checkpoint: Span,
}
