//! Whatever the octets: they are refused, or every plausible backend's reading is covered by one of ours.
//!
//! A judge applies what backends are known to do to a path, in any order, up to six steps deep. If any text it
//! reaches matches a pattern, one of our readings must match it too.
use std::collections::{BTreeSet, HashMap, VecDeque};

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use unicode_normalization::UnicodeNormalization;

use crate::domain::path_pattern::PathPattern;

use super::testing::{any_route, h1, head, read, routed};
use super::{Routed, fold};

/// A path on its way through a backend: octets, one character each, until Unicode is decoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Text {
    text: String,
    is_unicode: bool,
}

type Step = fn(&Text) -> Text;

const STEPS: [Step; 15] = [
    |t| t.with(decode(&t.text, "%", 2)),
    |t| t.with(t.text.replace('\\', "/")),
    |t| t.each_segment(|s| s.split(';').next().unwrap_or("").to_owned()),
    |t| {
        t.with(
            t.text.split('/').filter(|s| !s.is_empty()).fold(String::new(), |all, s| all + "/" + s) + trailing(&t.text),
        )
    },
    |t| t.with(resolve_dots(&t.text)),
    |t| t.until('\0'),
    |t| t.until('#'),
    |t| t.until('?'),
    |t| t.with(t.text.to_lowercase()),
    |t| {
        t.each_segment(|s| {
            if matches!(s, "." | "..") { s.to_owned() } else { s.trim_end_matches(['.', ' ', '\t']).to_owned() }
        })
    },
    |t| t.with(t.text.replace(['\t', '\r', '\n'], "")),
    |t| t.with(decode(&t.text, "%u", 4)),
    overlong,
    unicode,
    |t| t.each_segment(|s| fold::without_stream(s).to_owned()),
];

impl Text {
    fn with(&self, text: String) -> Self {
        let text = if text.starts_with('/') { text } else { format!("/{text}") };
        Self { text, is_unicode: self.is_unicode }
    }

    fn until(&self, end: char) -> Self {
        self.with(self.text.split(end).next().unwrap_or("").to_owned())
    }

    fn each_segment(&self, change: fn(&str) -> String) -> Self {
        self.with(self.text.split('/').map(change).collect::<Vec<_>>().join("/"))
    }
}

fn trailing(text: &str) -> &'static str {
    if text.ends_with('/') { "/" } else { "" }
}

fn decode(text: &str, mark: &str, digits: usize) -> String {
    let mut parts = text.split(mark);
    let mut decoded = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let hex = part.get(..digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
            Some(c) => decoded = decoded + &c.to_string() + &part[digits..],
            None => decoded = decoded + mark + part,
        }
    }
    decoded
}

fn resolve_dots(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in text.split('/').skip(1) {
        match segment {
            ".." => drop(kept.pop()),
            "." => {}
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/").trim_start_matches('/'))
}

/// Overlong UTF-8, as lenient decoders take it. It happens to octets only.
fn overlong(t: &Text) -> Text {
    if t.is_unicode {
        return t.clone();
    }
    let mut decoded = String::new();
    let mut octets = t.text.chars();
    while let Some(lead) = octets.next() {
        match lead {
            '\u{C0}' | '\u{C1}' => {
                let next = u32::from(octets.next().unwrap_or('\0'));
                decoded.extend(char::from_u32(((u32::from(lead) & 3) << 6 | next & 0x3F) & 0x7F));
            }
            other => decoded.push(other),
        }
    }
    t.with(decoded)
}

/// UTF-8 is decoded and normalized.
fn unicode(t: &Text) -> Text {
    let octets: Option<Vec<u8>> = t.text.chars().map(|c| u8::try_from(c).ok()).collect();
    match octets.and_then(|octets| String::from_utf8(octets).ok()) {
        Some(text) => Text { is_unicode: true, ..t.with(text.nfkc().collect()) },
        None => t.clone(),
    }
}

/// Every text that up to six steps reach.
fn reachable(raw: &str) -> impl Iterator<Item = String> {
    let start = Text { text: raw.to_owned(), is_unicode: false };
    let mut depth = HashMap::from([(start.clone(), 0)]);
    let mut todo = VecDeque::from([start]);
    while let Some(text) = todo.pop_front().filter(|_| depth.len() < 4000) {
        let deep = depth[&text];
        for step in STEPS.iter().filter(|_| deep < 6) {
            let next = step(&text);
            if !depth.contains_key(&next) {
                depth.insert(next.clone(), deep + 1);
                todo.push_back(next);
            }
        }
    }
    depth.into_keys().map(|t| t.text)
}

const PATTERNS: [&str; 9] =
    ["/admin/**", "/billing/**", "/admin", "/w/*/notes", "/w/*/notes/**", "/Admin/keys", "/a/b", "/café/**", "/a/*"];

/// The first text that a backend reaches and none of our readings covers.
fn uncovered(raw: &str, routed: &Routed) -> Option<(String, PathPattern)> {
    let patterns = PATTERNS.map(|p| p.parse::<PathPattern>().unwrap());
    for text in reachable(raw) {
        for pattern in &patterns {
            let scope = std::slice::from_ref(pattern);
            if pattern.matches(&text) && !routed.readings().any(|reading| reading.within(scope)) {
                return Some((text, pattern.clone()));
            }
        }
    }
    None
}

const WORDS: &[&str] =
    &["admin", "admin", "Admin", "billing", "w", "acme", "notes", "a", "b", "keys", "caf%C3%A9", "%61dmin", ""];
/// What paths are confused with.
const TRICKS: &[&str] = &[
    ".",
    "..",
    ";",
    ";v=1",
    "%2e",
    "%2E",
    "%2f",
    "%5C",
    "\\",
    "%25",
    "%252e",
    "%252f",
    "%00",
    "%20",
    "%09",
    "%0a",
    "%3B",
    "%3F",
    "%23",
    "%u002e",
    "%25u0061",
    "%41",
    "%C0%AE",
    "%C1%A1",
    "%E2%80%A5",
    "%EF%BC%8F",
    "%EF%BC%8E",
    "%EF%BD%81",
    "%C2%A0",
    "%C2%AD",
    "%E2%80%8B",
    "%C5%BF",
    "%C3%81",
    "%C3%A9",
    "%E4%B8%AD",
    "%F0%9F%98%80",
    "%E2%84%AA",
    "%C4%B1",
    "%CC%81",
    "%FF",
    "~",
    ":",
    "*",
    "%25%32%65",
    "%7e",
    "?",
    "%EF%BC%BF",
    "%C2%85",
    "%C3%85%C2%BF",
    "::$DATA",
    ":%24I30:$INDEX_ALLOCATION",
    "%3A%3a$data",
    "::%EF%BC%84DATA",
];

/// A word, perhaps with tricks before and behind it.
fn segment() -> impl Strategy<Value = String> {
    let trick = || {
        prop_oneof![
            12 => Just(String::new()),
            6 => select(TRICKS).prop_map(str::to_owned),
            1 => any::<u8>().prop_map(|octet| format!("%{octet:02x}")),
        ]
    };
    (trick(), select(WORDS), trick(), trick()).prop_map(|(before, word, behind, last)| before + word + &behind + &last)
}

fn path() -> impl Strategy<Value = String> {
    let border = prop_oneof![8 => Just("/"), 2 => Just("%2F"), 1 => Just("%5c")];
    let rest = proptest::collection::vec((border, segment()), 0..4);
    (segment(), rest).prop_map(|(first, rest)| {
        rest.into_iter().fold(format!("/{first}"), |all, (border, segment)| all + border + &segment)
    })
}

fn leave() -> impl Strategy<Value = BTreeSet<String>> {
    subsequence(vec!["%2F", "%5C", "%2E", "%25"], 0..=4).prop_map(|some| some.into_iter().map(str::to_owned).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn refused_or_every_reading_is_covered(raw in path(), allow_encoded in leave()) {
        let Ok(parts) = head(http::Version::HTTP_11, "GET", &raw, &[("host", "a")]) else { return Ok(()) };
        let mut config = any_route();
        config.allow_encoded = allow_encoded;
        let Ok(routed) = routed(&parts, config) else { return Ok(()) };
        let missed = uncovered(&routed.request.path.sent, &routed);
        prop_assert!(missed.is_none(), "{raw}: {missed:?} beside {:?}", routed.readings().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_judged_is_what_is_sent(raw in path()) {
        let Ok(parts) = head(http::Version::HTTP_11, "GET", &raw, &[("host", "a")]) else { return Ok(()) };
        let Ok(request) = read(&parts) else { return Ok(()) };
        let again = read(&h1("GET", &request.path.sent, &[])).unwrap().path;
        prop_assert_eq!(&again, &request.path, "the canonical spelling is its own");
        if request.path.encoded.is_empty() {
            let decoded = percent_encoding::percent_decode_str(&request.path.sent).decode_utf8().unwrap();
            prop_assert_eq!(&decoded, &request.path.decoded);
        }
    }

    #[test]
    fn any_order_of_any_steps_ends_in_the_same_fold(
        segment in "[a-cA-C.; \u{A0}é中ａſ]{1,6}", steps in proptest::collection::vec(0..4_usize, 0..8),
    ) {
        let mut text = segment.clone();
        for step in steps {
            text = match step {
                0 => text.nfkc().collect(),
                1 => text.split(';').next().unwrap_or("").to_owned(),
                2 => text.trim_end_matches(['.', ' ', '\t']).to_owned(),
                _last => text.to_lowercase(),
            };
        }
        prop_assert_eq!(fold(&text), fold(&segment));
    }

    #[test]
    fn no_head_makes_it_panic(
        method in "[A-Za-z_-]{1,8}", target in "\\PC{0,40}", name in "[a-zA-Z0-9_.!-]{1,20}", value in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let value = http::HeaderValue::from_bytes(&value).unwrap_or(http::HeaderValue::from_static("x"));
        let mut request = http::Request::builder().method(method.as_str()).uri(format!("/{target}")).header("host", "a");
        for name in [name.as_str(), "cookie", "connection", "destination", "te", "upgrade", "authorization"] {
            request = request.header(name, value.clone());
        }
        if let Ok(request) = request.body(()) {
            let _either = routed(&request.into_parts().0, any_route());
        }
    }
}

#[test]
fn the_judge_finds_what_a_naive_gate_lets_through() {
    let admin: PathPattern = "/admin/**".parse().unwrap();
    for raw in [
        "/x/../admin",
        "/%61dmin",
        "/admin;x",
        "/ADMIN.",
        "//admin",
        "/%2561dmin",
        "/%C1%A1dmin",
        "/%EF%BD%81dmin",
        "/x\\..\\admin",
        "/admin%3Fx",
        "/%u0061dmin",
        "/admin::$DATA",
    ] {
        assert!(reachable(raw).any(|text| admin.matches(&text)), "{raw}");
    }
}
