//! Values with placeholders: `{subject.email}` in mapped headers, `{workspace}` in paths and hosts.
use http::HeaderValue;

use crate::domain::path_pattern::PathPattern;

use super::nearest::nearest;
use super::reading::Complaint;
use super::session_host::SessionHost;
use super::types::{HeaderPiece, WorkspaceFrom};
use super::values::quoted;

/// What a mapped header's value may name.
const PLACEHOLDERS: [(&str, HeaderPiece); 7] = [
    ("subject.id", HeaderPiece::SubjectId),
    ("subject.email", HeaderPiece::SubjectEmail),
    ("subject.role", HeaderPiece::SubjectRole),
    ("engineer.id", HeaderPiece::EngineerId),
    ("engineer.email", HeaderPiece::EngineerEmail),
    ("workspace.id", HeaderPiece::WorkspaceId),
    ("session.id", HeaderPiece::SessionId),
];

/// The longest label of a host (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// The pieces of a mapped header's value. The value may be a secret, so no message repeats any of it.
pub(super) fn header(given: &str) -> Result<Vec<HeaderPiece>, Complaint> {
    let mut pieces = Vec::new();
    let mut rest = given;
    while let Some((text, after)) = rest.split_once('{') {
        let (name, tail) = after
            .split_once('}')
            .ok_or_else(|| Complaint::new("a placeholder is not closed").hint("write it like `{subject.email}`"))?;
        pieces.extend(fixed(text)?);
        pieces.push(placeholder(name)?);
        rest = tail;
    }
    pieces.extend(fixed(rest)?);
    Ok(pieces)
}

fn placeholder(name: &str) -> Result<HeaderPiece, Complaint> {
    let known = PLACEHOLDERS.iter().find(|(known, _)| *known == name);
    known.map(|(_, piece)| piece.clone()).ok_or_else(|| {
        let names: Vec<_> = PLACEHOLDERS.iter().map(|(name, _)| *name).collect();
        let listed: Vec<_> = names.iter().map(|name| format!("`{{{name}}}`")).collect();
        let guess = nearest(name, &names).map(|near| format!("did you mean `{{{near}}}`? "));
        Complaint::new("a placeholder is not known").hint(format!(
            "{}known are {}",
            guess.unwrap_or_default(),
            listed.join(", ")
        ))
    })
}

/// Fixed text, if it may stand in a header.
pub(super) fn fixed(text: &str) -> Result<Option<HeaderPiece>, Complaint> {
    match HeaderValue::from_str(text) {
        Ok(_) if text.is_ascii() => Ok((!text.is_empty()).then(|| HeaderPiece::Text(text.to_owned()))),
        Ok(_) | Err(_) => Err(Complaint::new("this has a character that no header value may have")
            .hint("use visible ASCII characters and spaces")),
    }
}

/// `/w/{workspace}/**`.
pub(super) fn workspace_path(given: &str) -> Result<WorkspaceFrom, Complaint> {
    let before = given.strip_suffix("/{workspace}/**");
    let fit = before.filter(|before| !before.contains(['*', '{', '}']) && !before.ends_with('/'));
    fit.filter(|before| before.is_empty() || before.parse::<PathPattern>().is_ok())
        .map(|before| WorkspaceFrom::Path { before: before.split('/').skip(1).map(str::to_owned).collect() })
        .ok_or_else(|| {
            Complaint::new(format!("{} does not say where in a path the workspace is", quoted(given)))
                .hint("write fixed segments, the workspace's, and `**` at the end, like `/w/{workspace}/**`")
        })
}

/// `{workspace}.app.example.com`.
pub(super) fn workspace_host(given: &str) -> Result<WorkspaceFrom, Complaint> {
    placed(given, "{workspace}")
        .filter(|(before, after)| !(before.is_empty() && after.is_empty()))
        .map(|(before, after)| WorkspaceFrom::Host { before, after })
        .ok_or_else(|| {
            Complaint::new(format!("{} does not say where in a host the workspace is", quoted(given)))
                .hint("write `{workspace}` once, and what is fixed around it, like `{workspace}.app.example.com`")
        })
}

/// `{session}.support.example.com`.
pub(super) fn session_host(given: &str) -> Result<SessionHost, Complaint> {
    let (before, rest) = placed(given, "{session}").filter(|(_, after)| after.starts_with('.')).ok_or_else(|| {
        Complaint::new(format!("{} does not say where in a host the session is", quoted(given)))
            .hint("write it like `{session}.support.example.com`")
    })?;
    let (after, port) = rest.split_at(rest.find(':').unwrap_or(rest.len()));
    let label = before.rsplit('.').next().unwrap_or_default().len().saturating_add(SessionHost::LABEL);
    if label > LONGEST_LABEL {
        let complaint = format!("a session's label takes {label} characters, and DNS allows {LONGEST_LABEL}");
        return Err(Complaint::new(complaint).hint("shorten what stands before `{session}`"));
    }
    Ok(SessionHost { before, after: after.to_owned(), port: port.to_owned() })
}

/// What stands before and after the only `placeholder` of a host, in lower case.
fn placed(given: &str, placeholder: &str) -> Option<(String, String)> {
    let (before, after) = given.split_once(placeholder)?;
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    (before.chars().all(is_host) && after.chars().all(is_host))
        .then(|| (before.to_ascii_lowercase(), after.to_ascii_lowercase()))
}
