//! Which header names pass, and which never do.
//!
//! A backend may take `_` or `.` for `-` (CGI, WSGI, PHP), so a name is judged by its *plain* spelling ([`squash`]),
//! and only names of `a-z`, `0-9` and `-` are relayed at all. Whole families are dropped, not single names: the one
//! forgotten name of a family is how other gates were passed (oauth2-proxy CVE-2025-64484, Traefik CVE-2026-35051).
use std::borrow::Cow;

use http::{HeaderName, HeaderValue};

/// How many identity headers a client tried to forge in one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forged(pub u32);

impl Forged {
    /// One more.
    pub(super) const fn count(&mut self) {
        self.0 = self.0.saturating_add(1);
    }
}

/// Where a client says it comes from: only we say that.
const FORWARDING: Family = Family {
    names: &[
        "cf-connecting-ip",
        "cf-connecting-ipv6",
        "cf-ipcountry",
        "cf-pseudo-ipv4",
        "cf-visitor",
        "client-ip",
        "early-data",
        "fastly-client-ip",
        "fastly-ssl",
        "front-end-https",
        "real-ip",
        "remote-addr",
        "true-client-ip",
        "via",
        "x-azure-clientip",
        "x-azure-socketip",
        "x-backend-host",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-custom-ip-authorization",
        "x-host",
        "x-host-override",
        "x-http-host-override",
        "x-https",
        "x-originating-ip",
        "x-proto",
        "x-protocol",
        "x-proxyuser-ip",
        "x-real-ip",
        "x-remote-addr",
        "x-remote-ip",
        "x-scheme",
        "x-ssl",
        "x-true-client-ip",
        "x-true-ip",
        "x-url-scheme",
    ],
    prefixes: &["forwarded", "x-appengine-", "x-arr-", "x-envoy-", "x-forward"],
};

/// What makes an app route, rewrite or answer as if another path had been asked for.
const REWRITE: Family = Family {
    names: &[
        "destination",
        "path-info",
        "request-uri",
        "script-name",
        "x-http-destinationurl",
        "x-http-path-override",
        "x-lighttpd-send-file",
        "x-matched-path",
        "x-now-route-matches",
        "x-override-url",
        "x-path-info",
        "x-proxy-url",
        "x-request-uri",
        "x-script-name",
    ],
    prefixes: &["x-accel-", "x-invoke-", "x-middleware-", "x-original-", "x-rewrite-", "x-sendfile"],
};

/// What makes an app take another method than the one judged.
const METHOD_OVERRIDE: Family = Family {
    names: &["x-http-method", "x-method"],
    prefixes: &["http-method-override", "method-override", "x-http-method-override", "x-method-override"],
};

/// What ends at each hop (RFC 9110 section 7.6.1), and `Proxy` (httpoxy, CVE-2016-5385).
const HOP_BY_HOP: Family = Family {
    names: &["connection", "http2-settings", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"],
    prefixes: &["proxy"],
};

/// What is read into a typed part of the request, or made anew by us.
const OURS_TO_MAKE: Family = Family {
    names: &[
        "authorization",
        "content-length",
        "cookie",
        "cookie2",
        "expect",
        "host",
        "traceparent",
        "tracestate",
        "x-request-id",
    ],
    prefixes: &[],
};

/// What a trailer may not carry besides (RFC 9110 section 6.5.1): framing, routing, request modifiers, authentication,
/// control of the answer, and what tells how to read the content.
const NEVER_TRAILING: Family = Family {
    names: &[
        "age",
        "cache-control",
        "date",
        "expires",
        "location",
        "max-forwards",
        "origin",
        "pragma",
        "range",
        "referer",
        "retry-after",
        "set-cookie",
        "set-cookie2",
        "vary",
        "warning",
        "www-authenticate",
    ],
    prefixes: &["access-control-", "content-", "if-", "sec-"],
};

/// What an answer may not carry to the client. `Set-Cookie` is the cookie jar's business; `Alt-Svc` would lead the
/// browser around the gate.
const NEVER_ANSWERED: Family = Family { names: &["alt-svc", "set-cookie", "set-cookie2"], prefixes: &[] };

/// Header names that belong together, in their plain spelling.
struct Family {
    names: &'static [&'static str],
    prefixes: &'static [&'static str],
}

impl Family {
    fn has(&self, plain: &str) -> bool {
        self.names.contains(&plain) || self.prefixes.iter().any(|prefix| plain.starts_with(prefix))
    }
}

/// A name in its plain spelling: lower case, and one `-` for each run of anything but letters and digits, none at the
/// ends. Two names that some backend may confuse have the same.
pub(super) fn squash(name: &str) -> Cow<'_, str> {
    if is_squashed(name) {
        return name.into();
    }
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-").into()
}

/// Whether a name is in its plain spelling already.
fn is_squashed(name: &str) -> bool {
    let is_word = |word: &[u8]| !word.is_empty() && word.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.as_bytes().split(|b| *b == b'-').all(is_word)
}

/// Whether a name, in its plain spelling, is of our own header family: wherever the words stand in it, and wherever its
/// dashes are.
pub(super) fn is_identity(plain: &str) -> bool {
    plain.contains("chaperone") && plain.replace('-', "").contains("xchaperone")
}

/// Whether a name, in its plain spelling, may be meant for `X-Chaperone-Assertion`.
pub(super) fn is_assertion(plain: &str) -> bool {
    is_identity(plain) && plain.replace('-', "").contains("xchaperoneassertion")
}

/// Whether a client's field of this name may be relayed as it is.
pub(super) fn may_pass(name: &HeaderName) -> bool {
    may_pass_as(name, &squash(name.as_str()))
}

/// As [`may_pass`], of a name whose plain spelling is at hand.
pub(super) fn may_pass_as(name: &HeaderName, plain: &str) -> bool {
    is_relayable(name) && !OURS_TO_MAKE.has(plain) && !is_set_on_the_way(plain)
}

/// Whether only a gate or the hop itself may set such a field.
fn is_set_on_the_way(plain: &str) -> bool {
    is_identity(plain) || [FORWARDING, REWRITE, METHOD_OVERRIDE, HOP_BY_HOP].iter().any(|family| family.has(plain))
}

/// Whether no backend can take the name for another one.
fn is_relayable(name: &HeaderName) -> bool {
    name.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether a value holds no control character but the tab.
pub(super) fn is_clean(value: &HeaderValue) -> bool {
    value.as_bytes().iter().all(|b| *b == b'\t' || !b.is_ascii_control())
}

/// Whether a field of an upstream's answer may reach the client (hop-by-hop fields, our family and what `Connection`
/// names may not; nor may `Set-Cookie`, which is the cookie jar's business, or `Alt-Svc`). `connection` are the names
/// that `Connection` lists.
#[must_use]
pub fn safe_response_header(name: &HeaderName, connection: &[HeaderName]) -> bool {
    let plain = squash(name.as_str());
    !is_identity(&plain) && !HOP_BY_HOP.has(&plain) && !NEVER_ANSWERED.has(&plain) && !connection.contains(name)
}

/// Whether a trailer may be relayed, in either direction: a safe name outside our family, never framing, routing,
/// authentication or cookies (RFC 9110 section 6.5.1). The names that a route maps are refused by
/// [`super::Route::maps`].
#[must_use]
pub fn safe_trailer(name: &HeaderName, value: &HeaderValue) -> bool {
    may_pass(name) && !NEVER_TRAILING.has(&squash(name.as_str())) && is_clean(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> HeaderName {
        HeaderName::from_bytes(text.as_bytes()).unwrap()
    }

    #[test]
    fn ordinary_headers_pass() {
        let ordinary = [
            "accept",
            "user-agent",
            "content-type",
            "if-match",
            "range",
            "origin",
            "referer",
            "depth",
            "overwrite",
            "x-csrf-token",
            "x-requested-with",
            "sec-websocket-key",
            "cache-control",
            "baggage",
            "if",
            "x-b3-traceid",
            "dnt",
        ];
        for ordinary in ordinary {
            assert!(may_pass(&name(ordinary)), "{ordinary}");
        }
    }

    #[test]
    fn a_plain_spelling_is_known_at_a_glance() {
        for spelling in ["a", "a-b", "x-1-b", "A", "a_b", "a--b", "-a", "a-", "", "-", "a.b", "ab-C"] {
            assert_eq!(is_squashed(spelling), !spelling.is_empty() && squash(spelling) == spelling, "{spelling}");
        }
    }

    #[test]
    fn no_member_of_a_family_passes_by_any_spelling() {
        let members = [
            "X-Chaperone-User",
            "X-Chaperone-Superuser",
            "X-Chaperone",
            "X-ChaperoneUser",
            "XChaperone-User",
            "HTTP-X-Chaperone-User",
            "Forwarded",
            "X-Forwarded-Prefix",
            "X-Real-IP",
            "X-Envoy-Internal",
            "X-Original-URL",
            "X-Rewrite-URL",
            "X-Accel-Redirect",
            "X-HTTP-Method-Override",
            "X-Middleware-Subrequest",
            "Proxy",
            "Proxy-Authorization",
            "Keep-Alive",
            "Transfer-Encoding",
            "Host",
            "Cookie",
            "Content-Length",
            "Authorization",
            "Destination",
            "Expect",
            "Traceparent",
            "X-Request-Id",
            "Via",
        ];
        for member in members {
            for spelling in [
                member.to_owned(),
                member.replace('-', "_"),
                member.replace('-', "."),
                member.replace('-', "--"),
                format!("-{member}"),
                format!("{member}-"),
                member.to_uppercase(),
            ] {
                assert!(!may_pass(&name(&spelling)), "{spelling}");
            }
        }
    }

    #[test]
    fn odd_names_do_not_pass() {
        for odd in ["a_b", "a.b", "a!", "a'b", "a|b", "a~"] {
            assert!(!may_pass(&name(odd)), "{odd}");
        }
    }

    #[test]
    fn an_answer_carries_no_identity_no_hop_and_no_cookie() {
        let listed = [name("x-internal")];
        for bad in [
            "connection",
            "transfer-encoding",
            "x-chaperone-subject",
            "x_chaperone_subject",
            "set-cookie",
            "upgrade",
            "proxy-authenticate",
            "x-internal",
            "alt-svc",
        ] {
            assert!(!safe_response_header(&name(bad), &listed), "{bad}");
        }
        for good in ["content-type", "content-length", "location", "x_odd", "sec-websocket-accept", "www-authenticate"]
        {
            assert!(safe_response_header(&name(good), &listed), "{good}");
        }
    }

    #[test]
    fn trailers_carry_results_only() {
        let value = HeaderValue::from_static("0");
        for good in ["grpc-status", "grpc-message", "server-timing", "digest", "x-checksum"] {
            assert!(safe_trailer(&name(good), &value), "{good}");
        }
        for bad in [
            "x-chaperone-user",
            "x_chaperone_user",
            "content-length",
            "transfer-encoding",
            "host",
            "cookie",
            "set-cookie",
            "authorization",
            "x-forwarded-for",
            "content-type",
            "if-match",
            "a.b",
            "x-http-method-override",
        ] {
            assert!(!safe_trailer(&name(bad), &value), "{bad}");
        }
    }
}
