//! The `Destination` of `COPY` and `MOVE` (RFC 4918 section 10.3): a second path, judged like the first.
use http::HeaderMap;

use crate::domain::refusal::{Code, Refusal};

use super::path::CanonicalPath;

/// The path of the `Destination` field, if there is one. The raw value is not relayed: the forwarder builds a new one.
///
/// # Errors
/// `bad-request` for several fields, another host than `authority`, or a value that is neither an `http` URL nor an
/// absolute path; `ambiguous-path` as for any path.
pub(super) fn read(headers: &HeaderMap, authority: &str) -> Result<Option<CanonicalPath>, Refusal> {
    let mut fields = headers.get_all("destination").iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(malformed("several `Destination` fields"));
    }
    let value = field.to_str().map_err(|_| malformed("`Destination` is not ASCII"))?;
    let path = path_of(value, authority)?;
    if path.contains(['?', '#']) {
        return Err(malformed("`Destination` has a query or a fragment"));
    }
    Ok(Some(CanonicalPath::parse(path)?))
}

fn path_of<'a>(value: &'a str, authority: &str) -> Result<&'a str, Refusal> {
    if value.starts_with('/') {
        return Ok(value);
    }
    let (scheme, rest) = value.split_once("://").unwrap_or(("", value));
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(malformed("`Destination` is neither a URL nor an absolute path"));
    }
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if !host.eq_ignore_ascii_case(authority) {
        return Err(malformed("`Destination` names another host than the request"));
    }
    Ok(if path.is_empty() { "/" } else { path })
}

fn malformed(reason: &str) -> Refusal {
    Refusal::because(Code::BadRequest, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(value: &str) -> Result<Option<String>, Code> {
        let mut headers = HeaderMap::new();
        headers.insert("destination", value.parse().unwrap());
        read(&headers, "dav.example.com:8443").map(|path| path.map(|p| p.sent)).map_err(|r| r.code)
    }

    #[test]
    fn a_destination_on_this_host_is_a_path() {
        assert_eq!(read(&HeaderMap::new(), "h"), Ok(None));
        for (value, path) in
            [("/b/%7ex", "/b/~x"), ("https://DAV.example.com:8443/b", "/b"), ("http://dav.example.com:8443", "/")]
        {
            assert_eq!(destination(value), Ok(Some(path.to_owned())), "{value}");
        }
    }

    #[test]
    fn any_other_destination_is_refused() {
        for odd in [
            "https://evil.example/b",
            "https://dav.example.com/b",
            "https://dav.example.com:8443@evil/b",
            "b",
            "",
            "ftp://x/b",
            "/b?x",
            "/b#x",
            "http://dav.example.com:8443?x",
        ] {
            assert_eq!(destination(odd), Err(Code::BadRequest), "{odd}");
        }
        for odd in ["//evil/b", "/a/../b", "/%2e%2e/b", "/a\\b"] {
            assert_eq!(destination(odd), Err(Code::AmbiguousPath), "{odd}");
        }
    }
}
