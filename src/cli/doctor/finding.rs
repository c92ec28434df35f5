//! What the doctor finds, and how it is told.
use serde::Serialize;
use serde_json::json;

use crate::cli::Format;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// It works, and something about it should be known or better.
    Warn,
    /// It does not work, or is open to abuse.
    Fail,
    /// Nothing can be said.
    NotChecked,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: String,
    /// How bad it is.
    pub(super) level: Level,
    /// What was seen.
    pub(super) said: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl Finding {
    /// As it should be.
    pub(super) fn ok(check: impl Into<String>, said: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Ok, said: said.into(), next: None }
    }

    /// It works; `next` would make it better.
    pub(super) fn warn(check: impl Into<String>, said: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Warn, said: said.into(), next: Some(next.into()) }
    }

    /// It does not work; `next` would help.
    pub(super) fn fail(check: impl Into<String>, said: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Fail, said: said.into(), next: Some(next.into()) }
    }

    /// Nothing can be said, for the reason `said`.
    pub(super) fn not_checked(check: impl Into<String>, said: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::NotChecked, said: said.into(), next: None }
    }
}

/// Whether nothing failed.
pub(super) fn is_fine(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.level != Level::Fail)
}

/// All of it, as `format` wants it.
pub(super) fn shown(findings: &[Finding], format: Format) -> String {
    match format {
        Format::Text => text(findings),
        Format::Json => format!("{:#}\n", json!({ "ok": is_fine(findings), "findings": findings })),
        Format::Jsonl => findings.iter().map(|finding| format!("{}\n", json!(finding))).collect::<Vec<_>>().concat(),
    }
}

fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.check.chars().count()).max().unwrap_or(0);
    let line = |finding: &Finding| {
        let Finding { check, level, said, next } = finding;
        let next = next.as_ref().map(|next| format!("\n{:width$}      → {next}", "")).unwrap_or_default();
        format!("{:<4}  {check:<width$}  {said}{next}\n", word(*level))
    };
    let lines: Vec<_> = findings.iter().map(line).collect();
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let [ok, warn, fail, not] = [Level::Ok, Level::Warn, Level::Fail, Level::NotChecked].map(count);
    format!("{}\n{ok} ok, {warn} warnings, {fail} failures, {not} not checked\n", lines.concat())
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warn => "WARN",
        Level::Fail => "FAIL",
        Level::NotChecked => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_a_table_with_what_to_do() {
        let findings = [
            Finding::ok("policies", "14 policies, no mistake"),
            Finding::warn("clock", "40 s behind `https://idp.example.com`", "set the clock, for example with chrony"),
            Finding::fail("store", "the database `chaperone.db` cannot be used", "make it writable"),
            Finding::not_checked("route 0, tokens", "not checked: no token path"),
        ];
        insta::assert_snapshot!(shown(&findings, Format::Text));
        assert!(!is_fine(&findings) && is_fine(&findings[..2]));
        assert_eq!(shown(&findings, Format::Jsonl).lines().count(), 4);
    }
}
