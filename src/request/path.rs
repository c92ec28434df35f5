//! The canonical path, and what some backend might make of it.

/// A path in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalPath {
    /// As it is sent upstream: unreserved characters decoded, hex digits in upper case, all else as it came.
    pub sent: String,
    /// Decoded: what policies, labels and effects see.
    pub decoded: String,
    /// Decoded and folded ([`fold`] of each segment): what a lax backend might see; equal to `decoded` for most paths.
    pub folded: String,
    /// Encoded octets that no path may have unless its route allows them, in upper case, such as `%2F`.
    pub encoded: Vec<&'static str>,
}

/// What lax backends make of one segment: Unicode-normalized (NFKC), without `;` parameters, without dots and blanks
/// at its end, in lower case. Idempotent.
#[must_use]
pub fn fold(segment: &str) -> String {
    let _ = segment;
    todo!()
}
