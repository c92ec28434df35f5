//! Texts that people write: parsed once, so that no control character or novel reaches a record or a page.
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

/// Why a text was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// Too long.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    /// A line break or another control character.
    #[error("it has a line break or another control character")]
    Control,
    /// A control character that is no line break.
    #[error("it has a control character that is no line break")]
    Unprintable,
}

/// One line of text, trimmed, 1 to `MAX` characters, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line<const MAX: usize>(String);

/// An engineer's reason for a session.
pub type Justification = Line<1000>;
/// The number of a case in the vendor's ticket system, or any other short name.
pub type Label = Line<200>;

impl<const MAX: usize> Line<MAX> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromStr for Line<MAX> {
    type Err = BadText;
    fn from_str(given: &str) -> Result<Self, BadText> {
        let text = given.trim();
        if text.is_empty() {
            Err(BadText::Empty)
        } else if text.chars().count() > MAX {
            Err(BadText::TooLong(MAX))
        } else if text.chars().any(char::is_control) {
            Err(BadText::Control)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl<const MAX: usize> TryFrom<String> for Line<MAX> {
    type Error = BadText;
    fn try_from(given: String) -> Result<Self, BadText> {
        given.parse()
    }
}

impl<const MAX: usize> From<Line<MAX>> for String {
    fn from(line: Line<MAX>) -> Self {
        line.0
    }
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The longest [`Prose`], in characters.
pub const LONGEST_PROSE: usize = 10_000;

/// What somebody writes at length: trimmed, with line breaks, without other control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prose(String);

impl Prose {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Prose {
    type Err = BadText;
    fn from_str(given: &str) -> Result<Self, BadText> {
        let text = given.trim();
        let is_odd = |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
        if text.is_empty() {
            Err(BadText::Empty)
        } else if text.chars().count() > LONGEST_PROSE {
            Err(BadText::TooLong(LONGEST_PROSE))
        } else if text.chars().any(is_odd) {
            Err(BadText::Unprintable)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Prose {
    type Error = BadText;
    fn try_from(given: String) -> Result<Self, BadText> {
        given.parse()
    }
}

impl From<Prose> for String {
    fn from(prose: Prose) -> Self {
        prose.0
    }
}

impl PartialSchema for Prose {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("text with line breaks, without other control characters"))
            .min_length(Some(1))
            .max_length(Some(LONGEST_PROSE))
            .into()
    }
}

impl ToSchema for Prose {}

impl<const MAX: usize> PartialSchema for Line<MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("one line of text without control characters"))
            .min_length(Some(1))
            .max_length(Some(MAX))
            .into()
    }
}

impl<const MAX: usize> ToSchema for Line<MAX> {
    fn name() -> Cow<'static, str> {
        format!("Line{MAX}").into()
    }
}
