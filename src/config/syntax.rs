//! A text that is no TOML: every fault with its place, and what the author probably meant.
//!
//! Nothing is known of the meaning of such a text, so a line of it is shown only when it plainly holds no secret.
use std::ops::Range;

use toml::de::DeTable;

use super::errors::line_around;
use super::reading::{Complaint, Place, Reading};
use super::tree::{self, Node, Origin};

/// Words in a line that make it one that may hold a secret: a mapped header may be one, whatever its name.
const DELICATE: [&str; 4] = ["secret", "key", "header", "password"];
/// First words of lines that hold none.
const HARMLESS: [&str; 26] = [
    "listen",
    "public_url",
    "behind_tls_proxy",
    "trusted_proxies",
    "session_host",
    "tls",
    "name",
    "host",
    "mode",
    "upstream",
    "methods",
    "workspace",
    "effects",
    "labels",
    "expose_cookies",
    "allow_encoded",
    "pass_authorization",
    "issuer",
    "audience",
    "allowed_groups",
    "claims",
    "url",
    "dir",
    "dirs",
    "max",
    "default",
];

/// The tree of `text`.
///
/// # Errors
/// When it is no TOML: the faults are noted, and the error says which lines are to be hidden.
pub(super) fn parse(text: &str, reading: &Reading) -> Result<Node, Vec<Range<usize>>> {
    let (document, faults) = DeTable::parse_recoverable(text);
    if faults.is_empty() {
        return Ok(tree::of_document(document));
    }
    let mut lines = Vec::new();
    for fault in faults {
        let span = visible(text, fault.span().unwrap_or(0..0));
        let line = line_around(text, &span);
        // One slip makes the parser stumble several times in the same line: the first says it.
        if !lines.contains(&line) {
            let complaint = Complaint::new(format!("this is not TOML: {}", fault.message()));
            let place = Place { key: String::new(), origin: Origin::File(span) };
            reading.complain(&place, complaint.hint(hint(fault.message())));
            lines.push(line);
        }
    }
    lines.retain(|line| text.get(line.clone()).is_none_or(|line| !is_harmless(line)));
    Err(lines)
}

/// A caret at the end of a line has nothing to stand under: it moves to the last character.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    let (before, after) = text.split_at_checked(span.start).unwrap_or((text, ""));
    match before.chars().next_back() {
        Some(last) if last != '\n' && (after.is_empty() || after.starts_with(['\r', '\n'])) => {
            span.start - last.len_utf8()..span.start
        }
        Some(_) | None => span,
    }
}

fn is_harmless(line: &str) -> bool {
    let line = line.trim_start().to_ascii_lowercase();
    let word = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
    let header = line.starts_with('[') && !line.contains(['=', '"', '\'']);
    (HARMLESS.contains(&word) || header) && !DELICATE.iter().any(|delicate| line.contains(delicate))
}

fn hint(message: &str) -> &'static str {
    if message.contains("duplicate key") {
        "keep one of the two"
    } else if message.contains("quote") || message.contains("invalid basic string") {
        "a string begins and ends with a double quote on one line; a quote inside it is written `\\\"`"
    } else if message.contains("must be quoted") || message.contains("invalid") {
        "put the value in double quotes, unless it is a number, `true`, `false`, a list or a table"
    } else if message.contains("assignment") || message.contains("key with no value") {
        "write `key = value`"
    } else if message.contains("unclosed") || message.contains("comma") {
        "close every `[` and `{`, and put commas between elements"
    } else {
        "see https://toml.io for how TOML is written"
    }
}
