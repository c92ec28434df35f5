//! Where the body ends, and what the connection is asked for: read here, never relayed; the forwarder frames anew.
use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Version};

use crate::domain::refusal::{Code, Refusal};

use super::normalize::Upgrade;

/// What a request says of its body and its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Framing {
    /// The length that the client announces, in octets.
    pub(super) content_length: Option<u64>,
    /// The names that `Connection` lists.
    pub(super) connection: Vec<HeaderName>,
    /// The upgrade that it asks for.
    pub(super) upgrade: Option<Upgrade>,
    /// Whether the client takes trailers.
    pub(super) te_trailers: bool,
}

impl Framing {
    /// Reads the framing of a request.
    ///
    /// # Errors
    /// `bad-request` for any framing that two servers may read differently (RFC 9112 section 6.3).
    pub(super) fn read(head: &Parts) -> Result<Self, Refusal> {
        let content_length = content_length(&head.headers)?;
        let chunked = chunked(head)?;
        if chunked && content_length.is_some() {
            return Err(malformed("both `Content-Length` and `Transfer-Encoding` say where the body ends"));
        }
        let connection: Vec<HeaderName> =
            tokens(&head.headers, &CONNECTION).filter_map(|token| HeaderName::try_from(token).ok()).collect();
        let bodiless = !chunked && content_length.unwrap_or(0) == 0;
        let upgrade = (bodiless && connection.contains(&UPGRADE)).then(|| upgrade(head)).flatten();
        let te_trailers = tokens(&head.headers, &TE).any(|token| token == "trailers");
        Ok(Self { content_length, connection, upgrade, te_trailers })
    }
}

/// The announced length: one field of plain digits (RUSTSEC-2021-0078).
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let mut fields = headers.get_all(CONTENT_LENGTH).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(malformed("several `Content-Length` fields"));
    }
    let digits = field.to_str().ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let length = digits.and_then(|digits| digits.parse().ok());
    length.map(Some).ok_or_else(|| malformed("`Content-Length` is not a plain number"))
}

/// Whether the body comes in chunks: `chunked` alone, in HTTP/1.1 alone (RUSTSEC-2021-0020, RFC 9113 section 8.2.2).
fn chunked(head: &Parts) -> Result<bool, Refusal> {
    let mut fields = head.headers.get_all(TRANSFER_ENCODING).iter();
    let Some(field) = fields.next() else { return Ok(false) };
    if head.version != Version::HTTP_11 {
        return Err(malformed("`Transfer-Encoding` belongs to HTTP/1.1 alone"));
    }
    if fields.next().is_some() || !field.as_bytes().eq_ignore_ascii_case(b"chunked") {
        return Err(malformed("the only `Transfer-Encoding` taken is `chunked`, once"));
    }
    Ok(true)
}

/// The upgrade that is offered: WebSocket alone. Any other (`h2c` would open a channel that nobody judges) is ignored,
/// as RFC 9110 section 7.8 allows.
fn upgrade(head: &Parts) -> Option<Upgrade> {
    let mut asked = tokens(&head.headers, &UPGRADE);
    let websocket = asked.next()? == "websocket" && asked.next().is_none();
    let fits = websocket && head.version == Version::HTTP_11 && head.method == Method::GET;
    fits.then_some(Upgrade::WebSocket)
}

/// The members of a list field, in lower case.
fn tokens(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> {
    let fields = headers.get_all(name).iter().filter_map(|field| field.to_str().ok());
    fields.flat_map(|field| field.split(',')).map(|token| token.trim().to_ascii_lowercase())
}

fn malformed(reason: &str) -> Refusal {
    Refusal::because(Code::BadRequest, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(version: Version, fields: &[(&'static str, &'static str)]) -> Result<Framing, Refusal> {
        let mut request = http::Request::builder().version(version).uri("/");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        Framing::read(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn plain_framing_is_read() {
        let plain = framing(Version::HTTP_11, &[("content-length", "5"), ("te", "gzip, Trailers")]).unwrap();
        assert_eq!((plain.content_length, plain.te_trailers, plain.upgrade), (Some(5), true, None));
        assert!(framing(Version::HTTP_11, &[("transfer-encoding", "Chunked")]).is_ok());
        assert!(framing(Version::HTTP_2, &[]).is_ok());
    }

    #[test]
    fn framing_that_two_servers_may_read_differently_is_refused() {
        let odd: [&[(&str, &str)]; 12] = [
            &[("content-length", "5"), ("transfer-encoding", "chunked")],
            &[("content-length", "5"), ("content-length", "5")],
            &[("content-length", "5, 5")],
            &[("content-length", "+5")],
            &[("content-length", "")],
            &[("content-length", "0x5")],
            &[("content-length", "-1")],
            &[("content-length", "18446744073709551616")],
            &[("transfer-encoding", "chunked"), ("transfer-encoding", "identity")],
            &[("transfer-encoding", "xchunked")],
            &[("transfer-encoding", "gzip, chunked")],
            &[("transfer-encoding", "")],
        ];
        for fields in odd {
            assert_eq!(framing(Version::HTTP_11, fields).map_err(|r| r.code), Err(Code::BadRequest), "{fields:?}");
        }
        for version in [Version::HTTP_10, Version::HTTP_2] {
            assert!(framing(version, &[("transfer-encoding", "chunked")]).is_err());
        }
    }

    #[test]
    fn only_a_websocket_without_a_body_is_upgraded() {
        let asked = |connection, upgrade, length| {
            let fields = [("connection", connection), ("upgrade", upgrade), ("content-length", length)];
            framing(Version::HTTP_11, &fields).unwrap().upgrade
        };
        assert_eq!(asked("keep-alive, Upgrade", "WebSocket", "0"), Some(Upgrade::WebSocket));
        assert_eq!(asked("close", "websocket", "0"), None);
        assert_eq!(asked("upgrade", "h2c", "0"), None);
        assert_eq!(asked("upgrade", "websocket, h2c", "0"), None);
        assert_eq!(asked("upgrade", "websocket", "5"), None);
    }
}
