//! What readers of a journal share with those who write it: where the records stand, and the last checkpoint.
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::chain::Head;
use super::index::Index;

/// The last checkpoint, with what a proof by it needs.
#[derive(Debug)]
pub(super) struct Covered {
    /// The checkpoint's line, without newline.
    pub(super) checkpoint: String,
    /// The last record of each workspace that it covers, in the order of the workspaces' names.
    pub(super) heads: Vec<Head>,
}

impl Covered {
    /// The checkpoint of this line, which may have its newline, over `heads`.
    pub(super) fn new(mut line: String, mut heads: Vec<Head>) -> Self {
        line.truncate(line.trim_end_matches('\n').len());
        heads.sort_by(|one, other| one.workspace.cmp(&other.workspace));
        Self { checkpoint: line, heads }
    }

    /// How many records of `workspace` it covers.
    pub(super) fn count(&self, workspace: &str) -> u64 {
        let found = self.heads.binary_search_by(|head| (*head.workspace).cmp(workspace));
        found.ok().and_then(|at| self.heads.get(at)).map_or(0, |head| head.place.seq)
    }
}

/// The state of one journal, for readers.
#[derive(Debug)]
pub(super) struct Library {
    pub(super) dir: PathBuf,
    index: Mutex<Index>,
    covered: Mutex<Option<Arc<Covered>>>,
}

impl Library {
    /// Of a journal in `dir` that nobody has read yet.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, index: Mutex::default(), covered: Mutex::default() }
    }

    /// Where records stand. Held for moments only: whoever writes waits.
    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last checkpoint.
    pub(super) fn covered(&self) -> Option<Arc<Covered>> {
        self.covered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the last checkpoint.
    pub(super) fn cover(&self, covered: Option<Covered>) {
        *self.covered.lock().unwrap_or_else(PoisonError::into_inner) = covered.map(Arc::new);
    }
}
