//! Path patterns: what labels, effects and a grant's scope are written in.
//!
//! A pattern is a path whose segments may be `*` (any one segment), ending perhaps in `**` (any number of
//! segments, none included): `/admin/**` matches `/admin`, `/admin/` and `/admin/users/7`, never
//! `/administrator`.
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::schema::text_schema;

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// It does not begin with a slash.
    #[error("a pattern begins with `/`")]
    NoSlash,
    /// `**` stands before the end, or beside other characters.
    #[error("`*` is a whole segment, and `**` the whole last one")]
    Stars,
    /// An empty, `.` or `..` segment, or a character that no canonical path has.
    #[error("`{0}` cannot be part of a canonical path")]
    Segment(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Exact(String),
    Any,
}

/// A pattern over decoded canonical paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathPattern {
    text: String,
    segments: Vec<Segment>,
    open: bool,
}

text_schema!(
    PathPattern,
    "a path whose segments may be `*` (any one), ending perhaps in `**` (any number)",
    "/imports/**"
);

impl PathPattern {
    /// Whether `path` (decoded, canonical, beginning with a slash) matches. A slash at the end is no segment.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut given = path.split('/').filter(|_| !path.is_empty());
        for segment in &self.segments {
            match (segment, given.next()) {
                (Segment::Any, Some(_)) => {}
                (Segment::Exact(want), Some(have)) if want == have => {}
                (Segment::Any | Segment::Exact(_), _) => return false,
            }
        }
        self.open || given.next().is_none()
    }

    /// The same pattern with every fixed segment rewritten: for comparing folded paths with folded patterns.
    #[must_use]
    pub fn map(&self, fold: impl Fn(&str) -> String) -> Self {
        let segments = self.segments.iter().map(|s| match s {
            Segment::Exact(text) => Segment::Exact(fold(text)),
            Segment::Any => Segment::Any,
        });
        Self { text: self.text.clone(), segments: segments.collect(), open: self.open }
    }
}

impl FromStr for PathPattern {
    type Err = BadPattern;
    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let rest = text.strip_prefix('/').ok_or(BadPattern::NoSlash)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (rest, open) = match rest.strip_suffix("**") {
            Some("") => ("", true),
            Some(head) => (head.strip_suffix('/').ok_or(BadPattern::Stars)?, true),
            None => (rest, false),
        };
        let parsed = rest.split('/').filter(|_| !rest.is_empty()).map(|segment| match segment {
            "*" => Ok(Segment::Any),
            "" | "." | ".." => Err(BadPattern::Segment(segment.to_owned())),
            s if s.contains('*') => Err(BadPattern::Stars),
            s if s.contains(|c: char| c.is_control() || matches!(c, '?' | '#' | '\\')) => {
                Err(BadPattern::Segment(s.to_owned()))
            }
            s => Ok(Segment::Exact(s.to_owned())),
        });
        Ok(Self { text: text.to_owned(), segments: parsed.collect::<Result<_, _>>()?, open })
    }
}

impl TryFrom<String> for PathPattern {
    type Error = BadPattern;
    fn try_from(text: String) -> Result<Self, BadPattern> {
        text.parse()
    }
}

impl From<PathPattern> for String {
    fn from(pattern: PathPattern) -> Self {
        pattern.text
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stop_at_segment_borders() -> Result<(), BadPattern> {
        let admin: PathPattern = "/admin/**".parse()?;
        for path in ["/admin", "/admin/", "/admin/users/7"] {
            assert!(admin.matches(path), "{path}");
        }
        for path in ["/", "/administrator", "/reports/admin", "/ADMIN"] {
            assert!(!admin.matches(path), "{path}");
        }
        assert!("/**".parse::<PathPattern>()?.matches("/"));
        assert!("/w/*/notes".parse::<PathPattern>()?.matches("/w/acme/notes"));
        assert!(!"/w/*/notes".parse::<PathPattern>()?.matches("/w/acme/notes/7"));
        Ok(())
    }

    #[test]
    fn odd_patterns_are_refused() {
        for bad in ["admin/**", "/a**", "/**/a", "/a//b", "/a/../b", "/a?b"] {
            assert!(bad.parse::<PathPattern>().is_err(), "{bad}");
        }
    }
}
