//! What the form for a grant offers: what the vendor's configuration and policies would let pass.
use std::collections::BTreeMap;

use crate::access::support_access::{Offers, Overview};
use crate::domain::time::{Span, Timestamp};
use crate::face::in_words;

/// The choices.
#[derive(Debug)]
pub(super) struct Choices {
    /// Lengths: what is sent, how it reads, and whether it is the one to select.
    pub(super) lengths: Vec<(Span, String, bool)>,
    /// Whether a grant may be without an end; and whether that is the one to select.
    pub(super) until_revoked: Option<bool>,
    /// The first and the last day that may be chosen, as `2026-11-30`.
    pub(super) days: (String, String),
    /// The shortest that is advised, in words.
    pub(super) advised: Option<String>,
    /// Organizations by id, with their names.
    pub(super) organizations: BTreeMap<String, String>,
    /// What a grant may be for; empty: anything.
    pub(super) purposes: Vec<String>,
    /// What the policies let pass.
    pub(super) offers: Offers,
}

impl Choices {
    /// Those of the overview at `now`.
    pub(super) fn of(overview: &Overview, now: Timestamp) -> Self {
        let Overview { presets, default, max, recommend_min, .. } = overview;
        let lengths = presets.iter().map(|span| (*span, in_words(*span), Some(*span) == *default));
        Self {
            lengths: lengths.collect(),
            until_revoked: overview.until_revoked.then_some(default.is_none()),
            days: (day(now), day(now.plus(*max))),
            advised: (*recommend_min > Span::ZERO).then(|| in_words(*recommend_min)),
            organizations: overview.organizations.clone(),
            purposes: overview.purposes.clone(),
            offers: overview.offers,
        }
    }
}

/// The day of a moment, in UTC.
fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}
