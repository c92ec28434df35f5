//! One spelling of the request, or a refusal.
use std::fmt;
use std::net::IpAddr;

use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method};

use crate::domain::refusal::{Code, Refusal};

use super::cookies::Cookies;
use super::framing::Framing;
use super::headers::{Forged, is_assertion, is_clean, is_identity, may_pass_as, squash};
use super::path::CanonicalPath;
use super::target::Authority;
use super::usual::is_usual;
use super::{destination, target};

/// A request as it came in.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// Its head, as hyper parsed it.
    pub head: &'a Parts,
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
#[derive(Clone)]
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
    /// The length of the body that the client announces, in octets; none: in chunks, by the stream's end, or no body.
    pub content_length: Option<u64>,
    /// The upgrade that it asks for.
    pub upgrade: Option<Upgrade>,
    /// Whether the client takes trailers (`TE: trailers`, which gRPC needs).
    pub te_trailers: bool,
    /// The path of a `Destination` field (WebDAV), judged as a second path, and its raw value's authority checked.
    pub destination: Option<CanonicalPath>,
    /// Forged or foreign values of `X-Chaperone-Assertion`, by any spelling of the name: the one identity header of a
    /// client that is looked at, since it may prove that the request comes from inside a login at another gate.
    pub assertions: Vec<HeaderValue>,
    /// How many identity headers were forged.
    pub forged: Forged,
}

impl fmt::Debug for Normalized {
    /// What may stand in a log: no query, no values of fields, no cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Normalized")
            .field("method", &self.method)
            .field("authority", &self.authority)
            .field("path", &self.path.sent)
            .field("forged", &self.forged)
            .finish_non_exhaustive()
    }
}

/// Brings a request into its one spelling.
///
/// # Errors
/// `ambiguous-path` for a path with more than one reading, `bad-request` for anything else that is malformed: each
/// says what is wrong.
pub fn normalize(arrived: Arrived<'_>) -> Result<Normalized, Refusal> {
    let Arrived { head, secure, peer } = arrived;
    let method = target::method(&head.method)?;
    let authority = Authority::read(head)?;
    let (path, query) = target::path_and_query(head)?;
    let path = CanonicalPath::parse(path)?;
    let framing = Framing::read(head)?;
    let fields = Fields::sort(head, &framing.connection)?;
    Ok(Normalized {
        method,
        destination: destination::read(&head.headers, &authority.whole)?,
        host: authority.host,
        authority: authority.whole,
        secure,
        peer,
        path,
        query: query.map(str::to_owned),
        headers: fields.relayed,
        cookies: Cookies::read(head.headers.get_all(COOKIE).iter())?,
        authorization: fields.authorization,
        content_length: framing.content_length,
        upgrade: framing.upgrade,
        te_trailers: framing.te_trailers,
        assertions: fields.assertions,
        forged: fields.forged,
    })
}

/// The fields of a request, sorted by what becomes of them.
#[derive(Default)]
struct Fields {
    relayed: Vec<(HeaderName, HeaderValue)>,
    authorization: Option<HeaderValue>,
    assertions: Vec<HeaderValue>,
    forged: Forged,
}

impl Fields {
    /// Sorts the fields; those that `connection` names end here, if they would be relayed at all.
    fn sort(head: &Parts, connection: &[HeaderName]) -> Result<Self, Refusal> {
        let mut fields = Self { relayed: Vec::with_capacity(head.headers.len()), ..Self::default() };
        for (name, value) in &head.headers {
            if !is_clean(value) {
                return Err(malformed(format!("the field `{name}` holds a control character")));
            }
            if is_usual(name) {
                fields.relay(name, value, connection);
                continue;
            }
            let plain = squash(name.as_str());
            if is_identity(&plain) {
                fields.forged.count();
                if is_assertion(&plain) {
                    fields.assertions.push(secret(value));
                }
            } else if name == AUTHORIZATION {
                if fields.authorization.replace(secret(value)).is_some() {
                    return Err(malformed("the request has several `Authorization` fields"));
                }
            } else if may_pass_as(name, &plain) {
                fields.relay(name, value, connection);
            }
        }
        Ok(fields)
    }

    fn relay(&mut self, name: &HeaderName, value: &HeaderValue, connection: &[HeaderName]) {
        if !connection.contains(name) {
            self.relayed.push((name.clone(), value.clone()));
        }
    }
}

/// The same value, hidden from debug output.
fn secret(value: &HeaderValue) -> HeaderValue {
    let mut value = value.clone();
    value.set_sensitive(true);
    value
}

fn malformed(reason: impl Into<String>) -> Refusal {
    Refusal::because(Code::BadRequest, reason)
}
