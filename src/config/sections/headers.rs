//! A route's `headers`: what the app reads, made of the subject, the engineer, the workspace, or a shared secret.
use std::collections::BTreeMap;

use http::HeaderName;

use crate::config::reading::Complaint;
use crate::config::secret;
use crate::config::section::{Item, Section};
use crate::config::templates;
use crate::config::types::HeaderPiece;

/// Names that chaperone or HTTP itself sets, or that would make the app do something else than was judged.
#[rustfmt::skip]
const TAKEN: [&str; 32] = [
    "connection", "content-encoding", "content-length", "content-range", "content-type", "cookie", "date", "expect",
    "forwarded", "host", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "set-cookie", "te", "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "via",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-http-method",
    "x-http-method-override", "x-method-override", "x-original-url", "x-request-id", "x-rewrite-url",
];

type Mapped = BTreeMap<String, (HeaderName, Vec<HeaderPiece>)>;

/// Whether `Authorization` may be mapped: where a client's own passes, nobody could tell the two apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Authorization {
    /// It may.
    Free,
    /// The client's own passes, and why.
    Passes(&'static str),
}

/// The mapped headers, by their names in lower case.
pub(super) fn headers(s: &mut Section<'_>, authorization: Authorization) -> Mapped {
    let mut mapped = Mapped::new();
    for (key, item) in s.rest() {
        let (reading, place) = (item.reading(), item.key_place());
        let (name, in_file) = key.strip_suffix("_file").map_or((key.as_str(), false), |name| (name, true));
        let checked = allowed(name).and_then(|name| match authorization {
            _ if mapped.contains_key(name.as_str()) => {
                Err(Complaint::new("this header is mapped already").hint("keep one of the two"))
            }
            Authorization::Passes(why) if name == "authorization" => {
                Err(Complaint::new(why).hint("map `Authorization`, or pass the client's, not both"))
            }
            Authorization::Passes(_) | Authorization::Free => Ok(name),
        });
        let pieces = if in_file { from_file(s, item) } else { from_template(item) };
        match (checked, pieces) {
            (Ok(name), Some(pieces)) => drop(mapped.insert(name.as_str().to_owned(), (name, pieces))),
            (Ok(_), None) => {}
            (Err(complaint), _) => reading.complain(&place, complaint),
        }
    }
    mapped
}

/// Header names that apps read safely: no `_` or `.`, which look like `-` to some of them.
fn allowed(given: &str) -> Result<HeaderName, Complaint> {
    let plain = given.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let Some(name) = HeaderName::from_bytes(given.as_bytes()).ok().filter(|_| plain) else {
        return Err(Complaint::new("this is not a header's name").hint("use letters, digits and `-`"));
    };
    let lower = name.as_str();
    if lower.starts_with("x-chaperone") {
        return Err(Complaint::new("`X-Chaperone-…` headers are chaperone's own").hint("the app gets them anyway"));
    }
    if TAKEN.contains(&lower) {
        return Err(
            Complaint::new("this header steers the request itself, so it cannot be mapped").hint("choose another name")
        );
    }
    Ok(name)
}

fn from_template(item: Item<'_>) -> Option<Vec<HeaderPiece>> {
    let (reading, place) = (item.reading(), item.place().clone());
    let template = secret::given(item)?;
    templates::header(&template).map_err(|complaint| reading.complain(&place, complaint)).ok()
}

/// What stands in a file is sent as it is: braces are no placeholders there.
fn from_file(s: &Section<'_>, item: Item<'_>) -> Option<Vec<HeaderPiece>> {
    let (reading, place) = (item.reading(), item.place().clone());
    let text = secret::in_file(s, item)?;
    let piece = templates::fixed(&text).map_err(|complaint| reading.complain(&place, complaint)).ok()?;
    Some(piece.into_iter().collect())
}
