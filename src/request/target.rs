//! Method, authority and form of the target: what a request is addressed to, before its path is read.
use std::net::Ipv6Addr;

use http::header::HOST;
use http::request::Parts;
use http::{HeaderValue, Method, Version};

use crate::domain::refusal::{Code, Refusal};

/// The host that a request is addressed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authority {
    /// The host in lower case, without a port.
    pub(super) host: String,
    /// In lower case, with the port if the client wrote one.
    pub(super) whole: String,
}

impl Authority {
    /// The authority of a request: the `Host` field of HTTP/1.1, the `:authority` of HTTP/2. Where both are given
    /// they are the same (RFC 9112 section 3.2, RFC 9113 section 8.3.1).
    ///
    /// # Errors
    /// `bad-request` if it is missing, doubled, malformed or contradicted.
    pub(super) fn read(head: &Parts) -> Result<Self, Refusal> {
        let in_target = head.uri.authority().map(http::uri::Authority::as_str);
        let mut fields = head.headers.get_all(HOST).iter();
        let in_field = fields.next();
        if fields.next().is_some() {
            return Err(malformed("the request has several `Host` fields"));
        }
        let (main, other) = match (head.version, in_target, in_field.map(HeaderValue::as_bytes)) {
            (Version::HTTP_2, Some(target), field) => (target.as_bytes(), field),
            (Version::HTTP_10 | Version::HTTP_11, target, Some(field)) => (field, target.map(str::as_bytes)),
            (Version::HTTP_2, None, _) => return Err(malformed("the request has no `:authority`")),
            (Version::HTTP_10 | Version::HTTP_11, _, None) => return Err(malformed("the request has no `Host`")),
            (_other_version, _, _) => return Err(malformed("only HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here")),
        };
        if other.is_some_and(|other| !other.eq_ignore_ascii_case(main)) {
            return Err(malformed("`Host` and the target's authority differ"));
        }
        std::str::from_utf8(main)
            .ok()
            .and_then(Self::parse)
            .ok_or_else(|| malformed("`Host` is not `host` or `host:port`"))
    }

    /// `host[:port]`: a name, an IPv4 address or an IPv6 address in brackets. No user, no path, no dot at the end.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let whole = text.to_ascii_lowercase();
        let (host, port) = split_port(&whole);
        let port_fits = port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok());
        let host_fits = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => is_name(host),
        };
        let host = host.to_owned();
        (port_fits && host_fits).then_some(Self { host, whole })
    }
}

/// The host and the port of `host[:port]`.
pub(super) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    }
}

fn is_name(host: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    host.len() <= 253 && host.split('.').all(is_label)
}

/// The method, of a known shape: upper-case words, perhaps joined by `-`. Which of them are known is the route's
/// business; tunnels and echoes are nobody's.
///
/// # Errors
/// `bad-request` for `CONNECT`, `TRACE` and odd spellings: backends may read `delete` as `DELETE`.
pub(super) fn method(method: &Method) -> Result<Method, Refusal> {
    let word = method.as_str();
    if matches!(*method, Method::CONNECT | Method::TRACE) {
        return Err(malformed(format!("`{word}` is not served here")));
    }
    let has_shape = word.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_uppercase()));
    if has_shape { Ok(method.clone()) } else { Err(malformed(format!("`{word}` is not a method in upper case"))) }
}

/// The raw path and query of the target: origin-form, or absolute-form of `http` or `https`.
///
/// # Errors
/// `bad-request` for the other forms (RFC 9112 section 3.2), and for a query with what no query may hold.
pub(super) fn path_and_query(head: &Parts) -> Result<(&str, Option<&str>), Refusal> {
    let uri = &head.uri;
    if uri.scheme_str().is_some_and(|scheme| !matches!(scheme, "http" | "https")) {
        return Err(malformed("the target's scheme is neither `http` nor `https`"));
    }
    if uri.scheme().is_none() && uri.authority().is_some() {
        return Err(malformed("the target is an authority, not a path"));
    }
    let path = uri.path();
    if !path.starts_with('/') {
        return Err(malformed("the target is not a path that begins with `/`"));
    }
    let query = uri.query();
    if query.is_some_and(|query| !query.bytes().all(|b| matches!(b, b'!'..=b'~') && b != b'#')) {
        return Err(malformed("the query holds a character that must be percent-encoded"));
    }
    Ok((path, query))
}

fn malformed(reason: impl Into<String>) -> Refusal {
    Refusal::because(Code::BadRequest, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_perhaps_with_a_port() {
        let fine = [
            ("Support.Example.com", "support.example.com"),
            ("a:8443", "a"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("my_app", "my_app"),
        ];
        for (text, host) in fine {
            let authority = Authority::parse(text).unwrap();
            assert_eq!((authority.host.as_str(), authority.whole), (host, text.to_ascii_lowercase()));
        }
        for odd in [
            "", ".", "a.", "a..b", "a:", "a:x", "a:99999", "a:+80", ":80", "u@a", "a/b", "a?b", "a b", "a\t", "é",
            "::1", "[::1", "[x]", "a:80:80", "a%2eb", "a,b", "[::1]x",
        ] {
            assert_eq!(Authority::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn methods_are_words_in_upper_case() {
        for fine in ["GET", "PROPFIND", "VERSION-CONTROL"] {
            assert!(method(&Method::from_bytes(fine.as_bytes()).unwrap()).is_ok(), "{fine}");
        }
        for odd in ["get", "delete", "Delete", "CONNECT", "TRACE", "GET2", "A--B", "-A", "M_GET", "G!"] {
            assert!(method(&Method::from_bytes(odd.as_bytes()).unwrap()).is_err(), "{odd}");
        }
    }
}
