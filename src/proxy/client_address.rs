//! Where a request comes from: the connection's address, or what trusted proxies say was the last hop that is not theirs.
//!
//! A proxy adds its word at the end of what it was sent, so the hops are walked from there, and what stands before the
//! client's own address was written by the client: it is never read.
use std::iter;
use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;

use crate::config::{Server, TrustedHeaders};

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Peer {
    /// Its address.
    pub(super) address: IpAddr,
    /// Whether it is a proxy whose word on its requests counts.
    pub(super) is_trusted: bool,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// The client's address.
    pub(super) address: IpAddr,
    /// Whether the client sent it over TLS.
    pub(super) secure: bool,
}

/// One hop, in the word of the proxy that it reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hop {
    /// It came from here; and whether over TLS, where the proxy says so.
    From(IpAddr, Option<bool>),
    /// The proxy does not tell from where.
    Hidden,
    /// Nothing that a proxy would say.
    Garbage,
}

impl Peer {
    /// Whoever has this address.
    pub(super) fn at(address: IpAddr, trusted: &[IpNet]) -> Self {
        let address = address.to_canonical();
        Self { address, is_trusted: is_trusted(address, trusted) }
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

/// The origin of a request from this peer, whose connection is `secure`, by the headers of trusted proxies.
pub(super) fn origin(peer: Peer, secure: bool, headers: &HeaderMap, server: &Server) -> Origin {
    if !peer.is_trusted {
        return Origin { address: peer.address, secure };
    }
    let trusted = &server.trusted_proxies;
    let (address, plain) = match server.trusted_headers {
        TrustedHeaders::XForwarded => {
            let hops = values(headers, "x-forwarded-for").flat_map(|value| value.rsplit(',').map(hop));
            let (address, _) = walk(peer.address, hops, trusted);
            let mut schemes = values(headers, "x-forwarded-proto").flat_map(|value| value.split(','));
            (address, schemes.any(|scheme| !is_https(scheme)))
        }
        TrustedHeaders::Forwarded => {
            walk(peer.address, values(headers, "forwarded").flat_map(|value| elements(value).map(element)), trusted)
        }
    };
    // What we end TLS of ourselves is secure, whatever is said.
    Origin { address, secure: secure && !(server.behind_tls_proxy && plain) }
}

/// The values of a header, the last one first; what is not text is nothing that a proxy would say.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().rev().map(|value: &HeaderValue| value.to_str().unwrap_or("\u{fffd}"))
}

/// Follows the hops back to the first that is not a trusted proxy's; and whether a hop on the way was not over TLS.
/// Where a trusted proxy says what makes no sense, nothing that was said counts.
fn walk(connection: IpAddr, hops: impl Iterator<Item = Hop>, trusted: &[IpNet]) -> (IpAddr, bool) {
    let (mut client, mut plain) = (connection, false);
    for hop in hops {
        match hop {
            Hop::From(address, secure) => {
                client = address;
                plain |= secure == Some(false);
                if !is_trusted(client, trusted) {
                    break;
                }
            }
            Hop::Hidden => break,
            Hop::Garbage => return (connection, true),
        }
    }
    (client, plain)
}

/// One element of `X-Forwarded-For`: an address, perhaps with a port.
fn hop(text: &str) -> Hop {
    let text = text.trim_matches([' ', '\t']);
    if text.eq_ignore_ascii_case("unknown") {
        return Hop::Hidden;
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip()));
    address.map_or(Hop::Garbage, |address| Hop::From(address.to_canonical(), None))
}

fn is_https(scheme: &str) -> bool {
    scheme.trim_matches([' ', '\t']).eq_ignore_ascii_case("https")
}

/// The elements of `Forwarded`, the last one first. Quotes are paired from the end, too: an open one of the client's does
/// not swallow what the proxy wrote after it.
fn elements(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        let comma = text.bytes().rposition(|byte| {
            quoted ^= byte == b'"';
            byte == b',' && !quoted
        });
        let (before, element) = comma.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))).unzip();
        rest = before;
        Some(element.unwrap_or(text))
    })
}

/// One element of `Forwarded` (RFC 7239, section 4).
fn element(text: &str) -> Hop {
    let (mut from, mut proto) = (None, None);
    let mut quoted = false;
    let pairs = text.split(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    for pair in pairs.map(|pair| pair.trim_matches([' ', '\t'])).filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=').and_then(|(name, value)| Some((name, plain_value(value)?)))
        else {
            return Hop::Garbage;
        };
        let asked = [("for", &mut from), ("proto", &mut proto)];
        let found = asked.into_iter().find(|(wanted, _)| name.eq_ignore_ascii_case(wanted));
        if found.is_some_and(|(_, slot)| slot.replace(value).is_some()) {
            return Hop::Garbage;
        }
    }
    match from.map(node) {
        None => Hop::Hidden,
        Some(Hop::From(address, _)) => Hop::From(address, proto.map(is_https)),
        Some(other) => other,
    }
}

/// A token, or what stands between quotes. Nothing that we read needs an escape.
fn plain_value(value: &str) -> Option<&str> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').filter(|inner| !inner.contains(['"', '\\'])),
        None => Some(value).filter(|value| !value.is_empty() && value.chars().all(is_token)),
    }
}

/// A node of `Forwarded` (RFC 7239, section 6): an address, perhaps with a port, or a name that hides it.
fn node(text: &str) -> Hop {
    let is_hidden = |name: &str| {
        let rest = name.strip_prefix('_').filter(|rest| !rest.is_empty());
        rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
    };
    let is_port = |port: &str| is_hidden(port) || port.parse::<u16>().is_ok();
    let with_port = text.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
    let (name, port) = with_port.map_or((text, None), |(name, port)| (name, Some(port)));
    if port.is_some_and(|port| !is_port(port)) {
        return Hop::Garbage;
    }
    if name.eq_ignore_ascii_case("unknown") || is_hidden(name) {
        return Hop::Hidden;
    }
    let address = match name.strip_prefix('[') {
        Some(six) => six.strip_suffix(']').and_then(|six| six.parse().ok()).map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    };
    address.map_or(Hop::Garbage, |address| Hop::From(address.to_canonical(), None))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::config::ProxyProtocol;

    use super::*;

    fn server(headers: TrustedHeaders) -> Server {
        Server {
            listen: "127.0.0.1:0".parse().unwrap(),
            public_url: "https://support.example.com".to_owned(),
            tls: None,
            behind_tls_proxy: true,
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
            trusted_headers: headers,
            proxy_protocol: ProxyProtocol::Off,
            session_host: None,
        }
    }

    fn asked(socket: &str, headers: TrustedHeaders, sent: &[(&'static str, &[u8])]) -> (String, bool) {
        let mut map = HeaderMap::new();
        for (name, value) in sent {
            map.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        let server = server(headers);
        let peer = Peer::at(socket.parse().unwrap(), &server.trusted_proxies);
        let origin = origin(peer, true, &map, &server);
        (origin.address.to_string(), origin.secure)
    }

    fn x_forwarded(values: &[&str]) -> String {
        let sent: Vec<_> = values.iter().map(|value| ("x-forwarded-for", value.as_bytes())).collect();
        asked("10.0.0.1", TrustedHeaders::XForwarded, &sent).0
    }

    fn forwarded(values: &[&str]) -> (String, bool) {
        let sent: Vec<_> = values.iter().map(|value| ("forwarded", value.as_bytes())).collect();
        asked("10.0.0.1", TrustedHeaders::Forwarded, &sent)
    }

    #[test]
    fn the_client_is_the_last_hop_that_is_not_a_trusted_proxy() {
        for (values, client) in [
            (&["192.0.2.7"][..], "192.0.2.7"),
            (&["6.6.6.6, 192.0.2.7, 10.0.0.9"], "192.0.2.7"),
            (&["6.6.6.6", "192.0.2.7", "10.0.0.9"], "192.0.2.7"),
            (&["mallory, 192.0.2.7:4711"], "192.0.2.7"),
            (&["[2001:db8::7]:443 , fd00::1"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["::ffff:192.0.2.7,::ffff:10.0.0.9"], "192.0.2.7"),
            (&["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
            (&["6.6.6.6, unknown, 10.0.0.9"], "10.0.0.9"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(x_forwarded(values), client, "{values:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_counts_for_nothing() {
        for value in [
            "",
            "mallory",
            "192.0.2.7,",
            "192.0.2.7, 10.0.0.256",
            "fe80::1%eth0",
            "192.0.2.7:99999",
            "6.6.6.6 10.0.0.9",
        ] {
            assert_eq!(x_forwarded(&[value]), "10.0.0.1", "{value}");
        }
        let broken = asked("10.0.0.1", TrustedHeaders::XForwarded, &[("x-forwarded-for", b"6.6.6.6, \xff")]);
        assert_eq!(broken.0, "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_has_it() {
        for (values, client) in [
            (&["for=192.0.2.7"][..], "192.0.2.7"),
            (&["For=\"192.0.2.7:4711\";by=_gate; proto=https"], "192.0.2.7"),
            (&["for=6.6.6.6, for=\"[2001:db8::7]:_port\", for=10.0.0.9;host=\"a,b;c\""], "2001:db8::7"),
            (&["for=6.6.6.6", "for=\"[2001:DB8::7]\""], "2001:db8::7"),
            (&["for=\"6.6.6.6, for=192.0.2.7"], "192.0.2.7"),
            (&["for=6.6.6.6, for=unknown, for=10.0.0.9"], "10.0.0.9"),
            (&["for=6.6.6.6, for=_hidden.1;proto=https"], "10.0.0.1"),
            (&["for=6.6.6.6, by=10.0.0.2"], "10.0.0.1"),
        ] {
            assert_eq!(forwarded(values).0, client, "{values:?}");
        }
    }

    #[test]
    fn what_forwarded_does_not_allow_counts_for_nothing() {
        for value in [
            "192.0.2.7",
            "for=",
            "for=[2001:db8::7]",
            "for=\"2001:db8::7\"",
            "for=192.0.2.7:4711",
            "for=\"192.0.2.7:99999\"",
            "for=192.0.2.7;for=6.6.6.6",
            "for=192.0.2.7 x",
            "for=\"192.0.2.\\7\"",
            "for=\"192.0.2.7",
            "for=_",
            "for=mallory",
        ] {
            assert_eq!(forwarded(&[value]), ("10.0.0.1".to_owned(), false), "{value}");
        }
    }

    #[test]
    fn a_trusted_proxy_says_whether_its_client_came_over_tls() {
        let x_forwarded = |proto: &[&str]| {
            let sent: Vec<_> = proto.iter().map(|value| ("x-forwarded-proto", value.as_bytes())).collect();
            asked("10.0.0.1", TrustedHeaders::XForwarded, &sent).1
        };
        assert!(x_forwarded(&[]) && x_forwarded(&["https"]) && x_forwarded(&["HTTPS", "https, https"]));
        assert!(!x_forwarded(&["http"]) && !x_forwarded(&["https, http"]) && !x_forwarded(&["https", ""]));
        assert!(forwarded(&["for=192.0.2.7;proto=https"]).1 && forwarded(&["for=192.0.2.7"]).1);
        assert!(!forwarded(&["for=192.0.2.7;proto=http"]).1);
        assert!(forwarded(&["for=6.6.6.6;proto=http, for=192.0.2.7;proto=https"]).1, "the client's own word");
    }

    #[test]
    fn only_the_headers_that_the_configuration_names_are_read() {
        let both: [(&str, &[u8]); 2] = [("x-forwarded-for", b"192.0.2.7"), ("forwarded", b"for=192.0.2.8;proto=http")];
        assert_eq!(asked("10.0.0.1", TrustedHeaders::XForwarded, &both), ("192.0.2.7".to_owned(), true));
        assert_eq!(asked("10.0.0.1", TrustedHeaders::Forwarded, &both), ("192.0.2.8".to_owned(), false));
    }

    fn any_value() -> impl Strategy<Value = Vec<u8>> {
        let plain = proptest::string::string_regex("[ -~]{0,40}").unwrap().prop_map(String::into_bytes);
        let near = "(for=|proto=|http|https|\"|\\[|\\]|10\\.0\\.0\\.1|::1|unknown|_x|[,;: \\\\]){0,12}";
        let near = proptest::string::string_regex(near).unwrap().prop_map(String::into_bytes);
        prop_oneof![plain, near]
    }

    proptest! {
        #[test]
        fn whatever_an_untrusted_client_sends_changes_nothing(values in prop::collection::vec((0..3_usize, any_value()), 0..6)) {
            let names = ["x-forwarded-for", "x-forwarded-proto", "forwarded"];
            let sent: Vec<_> = values.iter().map(|(name, value)| (names[*name], value.as_slice())).collect();
            for headers in [TrustedHeaders::XForwarded, TrustedHeaders::Forwarded] {
                prop_assert_eq!(asked("192.0.2.7", headers, &sent), ("192.0.2.7".to_owned(), true));
            }
        }

        #[test]
        fn what_stands_before_a_trusted_proxys_word_changes_nothing(forged in any_value()) {
            let after = |word: &[u8]| [&forged[..], b", ", word].concat();
            let (one, other) = (after(b"192.0.2.7"), after(b"for=192.0.2.7;proto=https"));
            let x_forwarded = asked("10.0.0.1", TrustedHeaders::XForwarded, &[("x-forwarded-for", &one)]);
            prop_assert_eq!(x_forwarded.0, "192.0.2.7");
            let forwarded = asked("10.0.0.1", TrustedHeaders::Forwarded, &[("forwarded", &other)]);
            prop_assert_eq!(forwarded, ("192.0.2.7".to_owned(), true));
        }
    }
}
