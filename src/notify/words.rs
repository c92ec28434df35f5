//! The words of mails: ours, or the vendor's own, in texts with placeholders that are checked when the gate starts.
//!
//! The first line is the subject, then come an empty line and the letter. `{name}` stands for a value. What stands in
//! `[brackets]` is left out when a value in it is missing; elsewhere the whole line is. Lines that begin with `- ` are a list.
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A placeholder's name, and what it stands for.
pub(super) const NAMES: [(&str, &str); 22] = [
    ("vendor", "the vendor's name"),
    ("title", "what happened, in a few words"),
    ("workspace", "the workspace's name"),
    ("engineer", "the engineer's name and e-mail address"),
    ("subject", "the member whose login it is about"),
    ("at", "when it happened"),
    ("until", "when it ends by itself"),
    ("access", "read_only or full"),
    ("reason", "why, in the engineer's words"),
    ("ticket", "the case in the vendor's help desk"),
    ("by", "who did it"),
    ("comment", "what somebody said to it"),
    ("summary", "how a support request was resolved"),
    ("outcome", "what a review came to"),
    ("incident", "the incident of an emergency"),
    ("reason_code", "which kind of emergency it is"),
    ("case", "the id of an access request or support request"),
    ("answer_url", "where the reader answers a request"),
    ("support_url", "`vendor.support_url`"),
    ("report_url", "`vendor.report_url`"),
    ("security_url", "`vendor.security_url`"),
    ("password_url", "`vendor.password_url`"),
];

/// Our own texts, by name: the kind of an event, with `.emergency` for sessions without consent; `security` and `support`
/// for those teams; `notice` for all that has no words of its own.
const BUILT_IN: [(&str, &str); 17] = [
    ("notice", include_str!("templates/words/notice.txt")),
    ("security", include_str!("templates/words/security.txt")),
    ("support", include_str!("templates/words/support.txt")),
    ("grant.created", include_str!("templates/words/grant.created.txt")),
    ("grant.changed", include_str!("templates/words/grant.changed.txt")),
    ("grant.revoked", include_str!("templates/words/grant.revoked.txt")),
    ("grant.reminded", include_str!("templates/words/grant.reminded.txt")),
    ("session.started", include_str!("templates/words/session.started.txt")),
    ("session.started.emergency", include_str!("templates/words/session.started.emergency.txt")),
    ("session.reported", include_str!("templates/words/session.reported.txt")),
    ("request.created", include_str!("templates/words/request.created.txt")),
    ("request.approved", include_str!("templates/words/request.approved.txt")),
    ("request.declined", include_str!("templates/words/request.declined.txt")),
    ("support.opened", include_str!("templates/words/support.opened.txt")),
    ("support.resolved", include_str!("templates/words/support.resolved.txt")),
    ("emergency.approved", include_str!("templates/words/emergency.approved.txt")),
    ("emergency.reviewed", include_str!("templates/words/emergency.reviewed.txt")),
];

/// Why the vendor's own words cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    /// The file system says no.
    #[error("cannot read `{path}` (`notify.templates`)")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is named after nothing that we write.
    #[error("`{path}` is named after no mail of ours; known: {known}")]
    UnknownFile {
        /// Which file.
        path: PathBuf,
        /// What it could be named.
        known: String,
    },
    /// A text has a mistake.
    #[error("`{path}`, line {line}: {problem}")]
    Mistake {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// The texts of all mails.
#[derive(Debug)]
pub struct Words(BTreeMap<&'static str, Text>);

/// One text.
#[derive(Debug, Clone)]
pub(super) struct Text {
    subject: Line,
    body: Vec<Line>,
}

type Line = Vec<Part>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Fixed(String),
    Value(&'static str),
    Optional(Vec<Self>),
}

/// A piece of a line that was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Whether it is an address to go to.
    pub(super) link: bool,
}

/// What the placeholders stand for.
pub(super) type Values = BTreeMap<&'static str, String>;

impl Words {
    /// Ours, with those of the vendor's `folder` in their place.
    ///
    /// # Errors
    /// When the folder cannot be read, or a file in it has a mistake.
    pub fn load(folder: Option<&Path>) -> Result<Self, WordsError> {
        let mut texts = BTreeMap::new();
        for (name, text) in BUILT_IN {
            texts.insert(name, Text::parse(text).map_err(|(line, problem)| mistake(Path::new(name), line, problem))?);
        }
        let Some(folder) = folder else { return Ok(Self(texts)) };
        for path in files(folder)? {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = BUILT_IN.iter().map(|(name, _)| *name).find(|name| *name == stem);
            let Some(name) = name else { return Err(unknown(path)) };
            let text = fs::read_to_string(&path).map_err(|source| WordsError::Io { path: path.clone(), source })?;
            texts.insert(name, Text::parse(&text).map_err(|(line, problem)| mistake(&path, line, problem))?);
        }
        Ok(Self(texts))
    }

    /// The text of that name, or the one for all that has none of its own.
    pub(super) fn of(&self, name: &str) -> Option<&Text> {
        self.0.get(name).or_else(|| self.0.get("notice"))
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, WordsError> {
    let failed = |source| WordsError::Io { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn mistake(path: &Path, line: usize, problem: String) -> WordsError {
    WordsError::Mistake { path: path.to_owned(), line, problem }
}

fn unknown(path: PathBuf) -> WordsError {
    let known: Vec<_> = BUILT_IN.iter().map(|(name, _)| format!("`{name}.txt`")).collect();
    WordsError::UnknownFile { path, known: known.join(", ") }
}

impl Text {
    /// Parses a text; the error is a line's number and what is wrong there.
    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut lines = Vec::new();
        for (number, line) in text.lines().enumerate() {
            lines.push(parts(line.trim_end()).map_err(|problem| (number.saturating_add(1), problem))?);
        }
        let mut lines = lines.into_iter();
        let subject = lines.next().filter(|line| !line.is_empty()).ok_or((1, "the subject is missing".to_owned()))?;
        if lines.next().is_some_and(|line| !line.is_empty()) {
            return Err((2, "an empty line belongs between the subject and the letter".to_owned()));
        }
        Ok(Self { subject, body: lines.collect() })
    }

    /// The subject, with `values` in place of placeholders.
    pub(super) fn subject(&self, values: &Values) -> String {
        let pieces = filled(&self.subject, values).unwrap_or_default();
        pieces.into_iter().map(|piece| piece.text).collect()
    }

    /// The lines of the letter; an empty one ends a paragraph.
    pub(super) fn lines(&self, values: &Values) -> Vec<Vec<Piece>> {
        self.body.iter().filter_map(|line| filled(line, values)).collect()
    }
}

/// A line with `values` in place of placeholders; none when one is missing.
fn filled(line: &[Part], values: &Values) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    for part in line {
        match part {
            Part::Fixed(text) => pieces.push(Piece { text: text.clone(), link: false }),
            Part::Value(name) => {
                pieces.push(Piece { text: values.get(name)?.clone(), link: name.ends_with("_url") });
            }
            Part::Optional(parts) => pieces.extend(filled(parts, values).unwrap_or_default()),
        }
    }
    Some(pieces)
}

fn parts(line: &str) -> Result<Line, String> {
    let Some(open) = line.find(['{', '[', '}', ']']) else { return Ok(fixed(line)) };
    let (before, rest) = line.split_at(open);
    let mut found = fixed(before);
    let (closing, inside) = match rest.strip_prefix('{') {
        Some(inside) => ('}', inside),
        None => (']', rest.strip_prefix('[').ok_or("this closes what was not opened")?),
    };
    let (inside, after) = inside.split_once(closing).ok_or_else(|| format!("`{closing}` is missing"))?;
    found.push(if closing == '}' { Part::Value(known(inside)?) } else { Part::Optional(parts(inside)?) });
    found.extend(parts(after)?);
    Ok(found)
}

fn fixed(text: &str) -> Line {
    if text.is_empty() { Vec::new() } else { vec![Part::Fixed(text.to_owned())] }
}

fn known(name: &str) -> Result<&'static str, String> {
    let found = NAMES.iter().map(|(known, _)| *known).find(|known| *known == name);
    found.ok_or_else(|| {
        let names: Vec<_> = NAMES.iter().map(|(known, _)| format!("`{{{known}}}`")).collect();
        format!("`{{{name}}}` stands for nothing; known: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, values: &Values) -> Vec<String> {
        let lines = Text::parse(text).unwrap().lines(values);
        lines.into_iter().map(|line| line.into_iter().map(|piece| piece.text).collect()).collect()
    }

    #[test]
    fn what_has_no_value_is_left_out_by_brackets_or_by_lines() {
        let text = "S\n\nTicket: {ticket}\n- change it[: {password_url}]\nend";
        let none = Values::new();
        assert_eq!(lines(text, &none), ["- change it", "end"]);
        let some = Values::from([("ticket", "T-1".to_owned()), ("password_url", "https://a".to_owned())]);
        assert_eq!(lines(text, &some), ["Ticket: T-1", "- change it: https://a", "end"]);
    }

    #[test]
    fn values_are_never_taken_for_placeholders() {
        let values = Values::from([("reason", "{password_url} [x]".to_owned())]);
        assert_eq!(lines("S\n\n{reason}", &values), ["{password_url} [x]"]);
    }

    #[test]
    fn mistakes_of_vendors_are_told_with_file_and_line() {
        for (name, text, said) in [
            ("session.started.txt", "S\n\nDear {membr}", "line 3: `{membr}` stands for nothing; known: `{vendor}`"),
            ("session.started.txt", "S\nno gap", "line 2: an empty line belongs between"),
            ("session.started.txt", "", "line 1: the subject is missing"),
            ("session.started.txt", "S\n\n[open", "line 3: `]` is missing"),
            ("session.started.txt", "S\n\nclose}", "line 3: this closes what was not opened"),
            ("session.begun.txt", "S", "is named after no mail of ours; known: `notice.txt`"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), text).unwrap();
            let told = Words::load(Some(folder.path())).unwrap_err().to_string();
            assert!(told.contains(said) && told.contains(name), "{told}");
        }
    }

    #[test]
    fn a_vendors_own_words_take_the_place_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("session.started.txt"), "Hallo {workspace}\n\nText").unwrap();
        let words = Words::load(Some(folder.path())).unwrap();
        let values = [("workspace", "Acme"), ("vendor", "Ledgerly")].map(|(name, value)| (name, value.to_owned()));
        let values = Values::from(values);
        assert_eq!(words.of("session.started").unwrap().subject(&values), "Hallo Acme");
        assert!(words.of("grant.created").unwrap().subject(&values).contains("Acme"));
    }
}
