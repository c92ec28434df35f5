//! Somebody who does not exist, as the gate would tell an app of them, but without an assertion: signing one outside of
//! a session would be a way into the app that no customer consented to.
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::{HeaderPiece, Route};

/// Their id, wherever one is needed. No customer's member has it.
const NOBODY: &str = "chaperone-doctor";
/// Their e-mail address, in a domain that never exists (RFC 2606).
const ADDRESS: &str = "chaperone-doctor@example.invalid";

/// The gate's own headers on them.
pub(super) fn own() -> HeaderMap {
    let facts = [
        ("x-chaperone-subject", NOBODY),
        ("x-chaperone-subject-email", ADDRESS),
        ("x-chaperone-actor", NOBODY),
        ("x-chaperone-actor-email", ADDRESS),
        ("x-chaperone-workspace", NOBODY),
        ("x-chaperone-session", NOBODY),
        ("x-chaperone-grant", NOBODY),
        ("x-chaperone-access", "read_only"),
        ("x-chaperone-mode", "consented"),
    ];
    facts.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).into_iter().collect()
}

/// The route's mapped headers that say who somebody is, by name.
pub(super) fn mapped(route: &Route) -> Vec<(HeaderName, HeaderValue)> {
    let says_who = |pieces: &[HeaderPiece]| pieces.iter().any(|piece| !matches!(piece, HeaderPiece::Text(_)));
    let named = route.headers.values().filter(|(_, pieces)| says_who(pieces));
    named.filter_map(|(name, pieces)| Some((name.clone(), value(pieces)?))).collect()
}

/// Everything that the gate would add, the route's secrets too; no assertion.
pub(super) fn everything(route: &Route) -> HeaderMap {
    let mut headers = own();
    headers.extend(route.headers.values().filter_map(|(name, pieces)| Some((name.clone(), value(pieces)?))));
    headers
}

fn value(pieces: &[HeaderPiece]) -> Option<HeaderValue> {
    let text: String = pieces.iter().map(resolved).collect();
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn resolved(piece: &HeaderPiece) -> &str {
    match piece {
        HeaderPiece::Text(text) => text,
        HeaderPiece::SubjectEmail | HeaderPiece::EngineerEmail => ADDRESS,
        HeaderPiece::SubjectRole => "member",
        HeaderPiece::SubjectId | HeaderPiece::EngineerId | HeaderPiece::WorkspaceId | HeaderPiece::SessionId => NOBODY,
    }
}
