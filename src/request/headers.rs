//! Which header names pass, and which never do.
use http::{HeaderName, HeaderValue};

/// How many identity headers a client tried to forge in one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forged(pub u32);

/// Whether a field of an upstream's answer may reach the client (hop-by-hop fields, our family and what `Connection`
/// names may not; `Set-Cookie` is the cookie jar's business). `connection` are the names that `Connection` lists.
#[must_use]
pub fn safe_response_header(name: &HeaderName, connection: &[HeaderName]) -> bool {
    let _ = (name, connection);
    todo!()
}

/// Whether a trailer may be relayed, in either direction: a safe name outside our family, never framing, routing,
/// authentication or cookies (RFC 9110 section 6.5.1).
#[must_use]
pub fn safe_trailer(name: &HeaderName, value: &HeaderValue) -> bool {
    let _ = (name, value);
    todo!()
}
