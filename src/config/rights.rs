//! How long grants, sessions and emergencies may be, and what a request for access needs.
use std::collections::BTreeSet;

use crate::domain::time::Span;

/// Limits of grants; the stricter of this and policy wins.
#[derive(Debug, Clone)]
pub struct Grants {
    /// Durations that pages offer.
    pub presets: Vec<Span>,
    /// The one that pages select; none: until somebody revokes it.
    pub default: Option<Span>,
    /// The longest.
    pub max: Span,
    /// The shortest that pages advise.
    pub recommend_min: Span,
    /// Whether a grant may be without an end.
    pub until_revoked: bool,
    /// How many grants of one workspace may be live or to come at a time, 1 to 200.
    pub open: usize,
    /// What a grant may be for; empty: anything.
    pub purposes: Vec<String>,
    /// How long before its end a grant is reminded of.
    pub remind_before: Span,
    /// After how long in force a grant on which nobody entered is listed for review.
    pub review_unused: Span,
    /// After how long in force any grant is.
    pub review_long: Span,
}

/// What an engineer's request for access needs.
#[derive(Debug, Clone)]
pub struct Requests {
    /// How many characters a reason has, at least.
    pub reason_min: usize,
    /// Some word of a reason begins with one of these; empty: any reason will do.
    pub reason_words: Vec<String>,
    /// How long a request waits for an answer.
    pub lapse: Span,
}

/// Limits of sessions.
#[derive(Debug, Clone)]
pub struct Sessions {
    /// The longest.
    pub max: Span,
    /// The longest without a request.
    pub idle: Span,
}

/// Limits of emergencies.
#[derive(Debug, Clone)]
pub struct Emergency {
    /// The longest.
    pub max: Span,
    /// How many other engineers approve; never 0.
    pub approvers: u32,
    /// What may be given as a reason code.
    pub reason_codes: BTreeSet<String>,
}
