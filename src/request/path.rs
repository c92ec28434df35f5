//! The canonical path, and what some backend might make of it.
//!
//! Rejected rather than repaired: a path either has one plain spelling, which is judged and sent, or it is refused.
use crate::domain::refusal::{Code, Refusal};

use super::fold::{Ambiguity, check, fold_path};

/// A path in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalPath {
    /// As it is sent upstream: unreserved characters decoded, hex digits in upper case, all else as it came.
    pub sent: String,
    /// Decoded: what policies, labels and effects see. An encoded slash stays `%2F`, for it is no border of segments.
    pub decoded: String,
    /// Decoded and folded ([`super::fold()`] of each segment): what a lax backend might see; equal to `decoded` for
    /// most paths.
    pub folded: String,
    /// Encoded octets that no path may have unless its route allows them, in upper case, such as `%2F`.
    pub encoded: Vec<&'static str>,
}

/// Why a path has no canonical spelling.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadPath {
    /// It is relative.
    #[error("the path does not begin with `/`")]
    Relative,
    /// Two slashes in a row.
    #[error("the path has an empty segment (`//`)")]
    EmptySegment,
    /// A character that must be encoded (RFC 3986, appendix A, and what browsers encode).
    #[error("the path holds a raw `{}`, which must be percent-encoded", .0.escape_default())]
    Raw(char),
    /// A percent sign without two hex digits.
    #[error("the path segment `{0}` has a `%` without two hex digits")]
    Percent(String),
    /// Octets that are not UTF-8: Latin-1, or an overlong encoding.
    #[error("the path segment `{0}` does not decode to UTF-8")]
    NotUtf8(String),
    /// A segment with several readings.
    #[error(transparent)]
    Ambiguous(#[from] Ambiguity),
}

impl From<BadPath> for Refusal {
    fn from(bad: BadPath) -> Self {
        let code = match bad {
            BadPath::Relative => Code::BadRequest,
            BadPath::EmptySegment
            | BadPath::Raw(_)
            | BadPath::Percent(_)
            | BadPath::NotUtf8(_)
            | BadPath::Ambiguous(_) => Code::AmbiguousPath,
        };
        Self::because(code, bad.to_string())
    }
}

impl CanonicalPath {
    /// Brings the path of a request target into its one spelling.
    pub(super) fn parse(raw: &str) -> Result<Self, BadPath> {
        if is_simple(raw) {
            let folded = raw.to_ascii_lowercase();
            return Ok(Self { sent: raw.to_owned(), decoded: raw.to_owned(), folded, encoded: Vec::new() });
        }
        Self::parse_any(raw)
    }

    /// Whether it has one reading only: every text that some backend may take for it is the same.
    pub(super) fn is_plain(&self) -> bool {
        is_simple(&self.decoded) && self.folded == self.decoded
    }

    fn parse_any(raw: &str) -> Result<Self, BadPath> {
        let rest = raw.strip_prefix('/').ok_or(BadPath::Relative)?;
        let mut path = Self { sent: String::new(), decoded: String::new(), folded: String::new(), encoded: Vec::new() };
        let mut segments = rest.split('/').peekable();
        while let Some(segment) = segments.next() {
            let is_last = segments.peek().is_none();
            if segment.is_empty() && !is_last {
                return Err(BadPath::EmptySegment);
            }
            path.push(segment)?;
        }
        path.folded = fold_path(&path.decoded);
        Ok(path)
    }

    /// Adds one raw segment; an empty one stands for a slash at the end.
    fn push(&mut self, raw: &str) -> Result<(), BadPath> {
        let Segment { sent, text, encoded } = Segment::decode(raw)?;
        if !raw.is_empty() {
            check(&text)?;
        }
        self.sent.push('/');
        self.sent.push_str(&sent);
        self.decoded.push('/');
        self.decoded.push_str(&text.replace('/', "%2F"));
        for octet in encoded {
            if !self.encoded.contains(&octet) {
                self.encoded.push(octet);
            }
        }
        Ok(())
    }

    /// The texts that a backend may take for this path before it folds anything, the canonical one first: an encoded
    /// separator may divide segments, and an encoded `?` or `#` may end the path.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut texts = vec![self.decoded.clone()];
        for separator in ["%2F", "\\"] {
            let split: Vec<String> =
                texts.iter().filter(|t| t.contains(separator)).map(|t| t.replace(separator, "/")).collect();
            texts.extend(split);
        }
        for end in ['?', '#'] {
            let cut: Vec<String> =
                texts.iter().filter_map(|t| t.split_once(end)).map(|(head, _)| head.to_owned()).collect();
            texts.extend(cut);
        }
        texts
    }
}

/// Whether a raw path is made of ASCII letters, digits, `-`, `_` and dots alone, no segment ends in a dot, and none but the
/// last is empty: then no spelling is left to choose, and nothing to refuse.
fn is_simple(raw: &str) -> bool {
    let Some(rest) = raw.as_bytes().strip_prefix(b"/") else { return false };
    let of_segment = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_segment =
        |segment: &[u8]| segment.last().is_some_and(|last| *last != b'.') && segment.iter().all(of_segment);
    rest.strip_suffix(b"/").unwrap_or(rest).split(|b| *b == b'/').all(is_segment) || rest.is_empty()
}

/// One segment in its two spellings.
struct Segment {
    sent: String,
    text: String,
    encoded: Vec<&'static str>,
}

impl Segment {
    fn decode(raw: &str) -> Result<Self, BadPath> {
        let (mut sent, mut octets, mut encoded) = (String::with_capacity(raw.len()), Vec::new(), Vec::new());
        let mut characters = raw.chars();
        while let Some(c) = characters.next() {
            if c != '%' {
                sent.push(c);
                octets.push(raw_octet(c)?);
                continue;
            }
            let digits: String = characters.by_ref().take(2).collect();
            let octet = hex(&digits).ok_or_else(|| BadPath::Percent(raw.to_owned()))?;
            octets.push(octet);
            encoded.extend(needs_leave(octet));
            if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'~') {
                sent.push(char::from(octet));
            } else {
                sent.push('%');
                sent.push_str(&digits.to_ascii_uppercase());
            }
        }
        let text = String::from_utf8(octets).map_err(|_| BadPath::NotUtf8(raw.to_owned()))?;
        Ok(Self { sent, text, encoded })
    }
}

/// The octet of a character that may stand in a path as it is.
fn raw_octet(c: char) -> Result<u8, BadPath> {
    match u8::try_from(c) {
        Ok(octet @ b'!'..=b'~') if !matches!(octet, b'\\' | b'"' | b'<' | b'>' | b'{' | b'}' | b'`' | b'?' | b'#') => {
            Ok(octet)
        }
        Ok(_) | Err(_) => Err(BadPath::Raw(c)),
    }
}

/// The octet that two hex digits spell.
fn hex(digits: &str) -> Option<u8> {
    let are_digits = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    are_digits.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

/// The name of an octet that may be encoded only by leave of the route.
fn needs_leave(octet: u8) -> Option<&'static str> {
    let table = [(b'/', "%2F"), (b'\\', "%5C"), (b'.', "%2E"), (b'%', "%25")];
    table.into_iter().find(|(of, _)| *of == octet).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent_and_decoded(raw: &str) -> (String, String) {
        let path = CanonicalPath::parse(raw).unwrap();
        (path.sent, path.decoded)
    }

    proptest! {
        #[test]
        fn what_is_seen_at_a_glance_is_what_comes_of_looking(raw in "(/[a-cA-Z0-9._~%-]{0,4}){1,4}") {
            prop_assert_eq!(CanonicalPath::parse(&raw), CanonicalPath::parse_any(&raw));
            if let Ok(path) = CanonicalPath::parse(&raw) {
                let one = path.texts().iter().all(|text| *text == path.decoded && fold_path(text) == path.decoded);
                prop_assert!(one || !path.is_plain());
            }
        }
    }

    #[test]
    fn a_plain_path_stays_as_it_is() {
        for raw in ["/", "/a", "/a/", "/files/caf%C3%A9%20menu.pdf", "/a;v=1/b", "/a:b@c/!$&'()*+,=|^[]~"] {
            assert_eq!(CanonicalPath::parse(raw).unwrap().sent, raw);
        }
    }

    #[test]
    fn one_spelling_for_what_means_the_same() {
        assert_eq!(sent_and_decoded("/%61dmin/%7e%2D%5f"), ("/admin/~-_".to_owned(), "/admin/~-_".to_owned()));
        assert_eq!(sent_and_decoded("/caf%c3%a9"), ("/caf%C3%A9".to_owned(), "/café".to_owned()));
        assert_eq!(CanonicalPath::parse("/Admin;x/A.").unwrap().folded, "/admin/a");
    }

    #[test]
    fn encoded_delimiters_are_named_for_the_route_to_decide() {
        let path = CanonicalPath::parse("/p/group%2fproject/a%5Cb/v1%2e0/100%25").unwrap();
        assert_eq!(path.encoded, ["%2F", "%5C", "%2E", "%25"]);
        assert_eq!(path.sent, "/p/group%2Fproject/a%5Cb/v1%2E0/100%25");
        assert_eq!(path.decoded, "/p/group%2Fproject/a\\b/v1.0/100%");
        assert_eq!(
            path.texts(),
            [
                "/p/group%2Fproject/a\\b/v1.0/100%",
                "/p/group/project/a\\b/v1.0/100%",
                "/p/group%2Fproject/a/b/v1.0/100%",
                "/p/group/project/a/b/v1.0/100%",
            ]
        );
    }

    #[test]
    fn an_encoded_query_mark_or_fragment_mark_may_end_the_path() {
        let path = CanonicalPath::parse("/tags/C%23/what%3F").unwrap();
        assert!(path.encoded.is_empty());
        assert_eq!(path.texts(), ["/tags/C#/what?", "/tags/C#/what", "/tags/C", "/tags/C"]);
    }

    #[test]
    fn what_is_not_plain_is_refused() {
        let ambiguous = [
            "//admin",
            "/a//b",
            "/a//",
            "/../a",
            "/a/..",
            "/./a",
            "/%2e%2e/a",
            "/.%2e/a",
            "/..%2fa",
            "/a%2f..",
            "/..;/a",
            "/..%3B/a",
            "/%252e%252e/a",
            "/a%252Fb",
            "/%2525",
            "/a\\b",
            "/a%00",
            "/a%0Ab",
            "/a%09",
            "/a%7F",
            "/a%C2%85",
            "/%zz",
            "/%u0061dmin",
            "/%",
            "/%6",
            "/a%2",
            "/%C0%AE%C0%AE/a",
            "/%C1%A1dmin",
            "/%E0%80%AE",
            "/%FF",
            "/%E9",
            "/a%EF%BC%8Fb",
            "/%EF%BC%8E%EF%BC%8E/a",
            "/a%E2%80%A8",
            "/ad%C2%ADmin",
            "/ad%E2%80%8Bmin",
            "/%20",
            "/a/%20/b",
            "/a\"b",
            "/a<b",
            "/a>b",
            "/a{b}",
            "/a`b",
            "/é",
            "/a b",
            "/a\u{7F}",
        ];
        for raw in ambiguous {
            let refusal = CanonicalPath::parse(raw).map_err(Refusal::from);
            assert_eq!(refusal.map_err(|r| r.code), Err(Code::AmbiguousPath), "{raw}");
        }
        for raw in ["", "*", "a/b"] {
            assert_eq!(CanonicalPath::parse(raw), Err(BadPath::Relative), "{raw}");
        }
    }
}
