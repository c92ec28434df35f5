//! One reading of a file: what was found wrong so far, and which of its values may be shown.
//!
//! Every mistake is noted and the reading goes on, so that a person hears of all of them at once. A value is hidden
//! from snippets until some section has read it as something that is no secret: a secret under a misspelt key stays
//! hidden too.
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::tree::{Node, Origin};

/// What is wrong with a value, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    /// What is wrong: a sentence without a capital or a period.
    pub(super) message: String,
    /// What to do; none: the message says it.
    pub(super) hint: Option<String>,
}

impl Complaint {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The place of a value: its key path, such as `route[0].upstream[1]`, and where that was written.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) key: String,
    pub(super) origin: Origin,
}

/// A mistake as it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) complaint: Complaint,
}

/// One reading of a file.
#[derive(Debug)]
pub(super) struct Reading {
    folder: PathBuf,
    found: RefCell<Vec<Found>>,
    warnings: RefCell<Vec<String>>,
    hidden: RefCell<BTreeSet<(usize, usize)>>,
}

impl Reading {
    /// A reading of a file in `folder`.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, found: RefCell::default(), warnings: RefCell::default(), hidden: RefCell::default() }
    }

    /// `path`, relative to the file's folder.
    pub(super) fn absolute(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.join(path)
    }

    /// Notes a mistake.
    pub(super) fn complain(&self, place: &Place, complaint: Complaint) {
        self.found.borrow_mut().push(Found { place: place.clone(), complaint });
    }

    /// Notes that something has no effect.
    pub(super) fn warn(&self, warning: String) {
        self.warnings.borrow_mut().push(warning);
    }

    /// Hides every value in `root`.
    pub(super) fn hide(&self, root: &Node) {
        let mut leaves = Vec::new();
        root.leaves(&mut leaves);
        self.hidden.borrow_mut().extend(leaves.into_iter().map(|range| (range.start, range.end)));
    }

    /// Lets the value that was written at `origin` be shown.
    pub(super) fn show(&self, origin: &Origin) {
        if let Origin::File(range) = origin {
            self.hidden.borrow_mut().remove(&(range.start, range.end));
        }
    }

    /// What came of it: mistakes, warnings, and what stays hidden.
    pub(super) fn finish(self) -> (Vec<Found>, Vec<String>, Vec<Range<usize>>) {
        let hidden = self.hidden.into_inner().into_iter().map(|(start, end)| start..end);
        (self.found.into_inner(), self.warnings.into_inner(), hidden.collect())
    }
}
