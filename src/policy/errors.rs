//! Mistakes in policy files, told with file, line, caret and what to do.
use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};

use super::files::Source;

/// Every mistake in the policy files, each with file, line and what to do.
#[derive(Debug)]
pub struct PolicyErrors(pub(super) Vec<PolicyError>);

impl PolicyErrors {
    /// How many there are; at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// In one line: the first mistake with its file, and how many more there are.
    #[must_use]
    pub fn brief(&self) -> String {
        let first = self.0.first().map(PolicyError::brief).unwrap_or_default();
        match self.count().saturating_sub(1) {
            0 => first,
            more => format!("{first}, and {more} more"),
        }
    }

    /// What each says, without place and help.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(110);
        self.0.iter().try_for_each(|error| handler.render_report(f, error))
    }
}

impl std::error::Error for PolicyErrors {}

/// One mistake.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub(super) struct PolicyError {
    message: String,
    #[help]
    help: Option<String>,
    #[source_code]
    source_code: Option<NamedSource<String>>,
    #[label(collection)]
    labels: Vec<LabeledSpan>,
}

impl PolicyError {
    fn brief(&self) -> String {
        match &self.source_code {
            Some(source) => format!("`{}`: {}", source.name(), self.message),
            None => self.message.clone(),
        }
    }

    /// A mistake that has no place in a text.
    pub(super) fn plain(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()), source_code: None, labels: Vec::new() }
    }

    /// A mistake at the `length` bytes from `offset` in `source`.
    pub(super) fn at(
        source: &Source,
        (offset, length): (usize, usize),
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            message: message.into(),
            help: Some(help.into()),
            source_code: Some(named(source)),
            labels: vec![LabeledSpan::new(None, offset, length)],
        }
    }

    /// What Cedar found wrong in `source`.
    pub(super) fn cedar(source: &Source, found: &dyn Diagnostic) -> Self {
        Self {
            message: found.to_string(),
            help: found.help().map(|help| help.to_string()),
            source_code: Some(named(source)),
            labels: found.labels().map(Iterator::collect).unwrap_or_default(),
        }
    }
}

fn named(source: &Source) -> NamedSource<String> {
    NamedSource::new(&source.place, source.text.clone())
}
