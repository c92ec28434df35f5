//! One spelling of the request, or a refusal.
use std::net::IpAddr;

use http::{HeaderName, HeaderValue, Method};

use crate::domain::refusal::Refusal;

use super::cookies::Cookies;
use super::headers::Forged;
use super::path::CanonicalPath;

/// A request as it came in.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// Its head, as hyper parsed it.
    pub head: &'a http::request::Parts,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The client's address.
    pub peer: IpAddr,
}

/// An upgrade that the client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upgrade {
    /// `Upgrade: websocket` in HTTP/1.1.
    WebSocket,
}

/// A request in its one spelling: typed parts, from which alone the upstream's request is rebuilt.
#[derive(Debug, Clone)]
pub struct Normalized {
    /// The method, in upper case, of a known shape.
    pub method: Method,
    /// The host in lower case, without a port.
    pub host: String,
    /// The authority as the client wrote it, in lower case: with the port.
    pub authority: String,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The client's address.
    pub peer: IpAddr,
    /// The path.
    pub path: CanonicalPath,
    /// The query, raw, without the question mark.
    pub query: Option<String>,
    /// The fields that may pass: names `^[a-z0-9-]+$`, none of any family of ours, none hop-by-hop, no `Cookie`, no
    /// `Authorization`, no `Host`, no `Content-Length`, in order.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The cookies.
    pub cookies: Cookies,
    /// The client's `Authorization`.
    pub authorization: Option<HeaderValue>,
    /// The upgrade that it asks for.
    pub upgrade: Option<Upgrade>,
    /// Whether the client takes trailers (`TE: trailers`, which gRPC needs).
    pub te_trailers: bool,
    /// The path of a `Destination` field (WebDAV), judged as a second path, and its raw value's authority checked.
    pub destination: Option<CanonicalPath>,
    /// A forged or foreign `X-Chaperone-Assertion`, for the chain check.
    pub assertion: Option<HeaderValue>,
    /// How many identity headers were forged.
    pub forged: Forged,
}

/// Brings a request into its one spelling.
///
/// # Errors
/// `ambiguous-path` for a path with more than one reading, `bad-request` for anything else that is malformed: each
/// says what is wrong.
pub fn normalize(arrived: Arrived<'_>) -> Result<Normalized, Refusal> {
    let _ = arrived;
    todo!()
}
