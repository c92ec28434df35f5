//! The PROXY protocol, versions 1 and 2: before anything else, TLS too, a proxy in front says whose connection it passes on.
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use ppp::{v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::config::{ProxyProtocol, Server};
use crate::telemetry::logs::chain;

use super::client_address::Peer;

/// How long the header may take to arrive: it is the first thing that a proxy sends.
const LONGEST: Duration = Duration::from_secs(10);
/// Octets that tell the versions apart; the shortest header has more.
const START: usize = v2::PROTOCOL_PREFIX.len();
/// The first octets of version 1.
const V1: &[u8] = b"PROXY ";
/// The longest header of version 1, in octets, its line break included: by its specification.
const V1_LONGEST: usize = 107;
/// The fixed part of version 2, in octets.
const V2_FIXED: usize = 16;
/// How long what follows may be, in octets: addresses, and room for what proxies tell besides, which is not read.
const V2_LONGEST: u16 = 2048;

/// Why a connection's header cannot be taken.
#[derive(Debug, thiserror::Error)]
enum HeaderError {
    /// The connection ended, or broke, before the header did.
    #[error("the connection ended within it")]
    Broken(#[source] io::Error),
    /// It did not come in time.
    #[error("it took longer than {} s", LONGEST.as_secs())]
    Slow,
    /// The connection begins with something else.
    #[error("the connection does not begin with one")]
    Missing,
    /// It is longer than any that a proxy sends.
    #[error("it is longer than allowed")]
    TooLong,
    /// It is not what version 1 allows.
    #[error("it is not of version 1")]
    Version1(#[source] v1::BinaryParseError),
    /// It is not what version 2 allows.
    #[error("it is not of version 2")]
    Version2(#[source] v2::ParseError),
    /// It is about something else than TCP over IP.
    #[error("it is not about a TCP connection")]
    NotTcp,
}

/// Who is at the other end of a connection from `address`; none when that is a trusted proxy which has to begin with a
/// header, and does not.
pub(super) async fn peer(socket: &mut (impl AsyncRead + Unpin), address: IpAddr, server: &Server) -> Option<Peer> {
    let peer = Peer::at(address, &server.trusted_proxies);
    if server.proxy_protocol == ProxyProtocol::Off || !peer.is_trusted {
        return Some(peer);
    }
    match announced(socket).await {
        Ok(Some(client)) => Some(Peer::at(client, &server.trusted_proxies)),
        // The proxy does not look into what it passes on: nothing in there is its own word.
        Ok(None) => Some(Peer { is_trusted: false, ..peer }),
        // A proxy looks whether we are there, or its client was gone before it began.
        Err(error @ HeaderError::Broken(_)) => {
            tracing::debug!(error = chain(&error), proxy = %peer.address, "a connection ended before its PROXY header");
            None
        }
        Err(error) => {
            let words = "a connection of a trusted proxy is closed: `server.proxy_protocol` requires a PROXY header";
            tracing::warn!(error = chain(&error), proxy = %peer.address, "{words}");
            None
        }
    }
}

/// Reads the header, and not an octet more. Gives the address that it announces; none when the proxy speaks for itself, or
/// does not know for whom.
///
/// # Errors
/// When there is none, or one that cannot be taken: nothing of the connection is to be believed then.
async fn announced(socket: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>, HeaderError> {
    tokio::time::timeout(LONGEST, read(socket)).await.unwrap_or(Err(HeaderError::Slow))
}

async fn read(socket: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>, HeaderError> {
    let mut header = Vec::with_capacity(V1_LONGEST);
    more(socket, START, &mut header).await?;
    if header == v2::PROTOCOL_PREFIX {
        version_2(socket, header).await
    } else if header.starts_with(V1) {
        version_1(socket, header).await
    } else {
        Err(HeaderError::Missing)
    }
}

/// Reads so many octets more.
async fn more(socket: &mut (impl AsyncRead + Unpin), octets: usize, header: &mut Vec<u8>) -> Result<(), HeaderError> {
    let limit = u64::try_from(octets).map_err(|_| HeaderError::TooLong)?;
    let read = socket.take(limit).read_to_end(header).await.map_err(HeaderError::Broken)?;
    if read < octets { Err(HeaderError::Broken(io::ErrorKind::UnexpectedEof.into())) } else { Ok(()) }
}

async fn version_1(socket: &mut (impl AsyncRead + Unpin), mut header: Vec<u8>) -> Result<Option<IpAddr>, HeaderError> {
    while !header.ends_with(b"\r\n") {
        if header.len() == V1_LONGEST {
            return Err(HeaderError::TooLong);
        }
        more(socket, 1, &mut header).await?;
    }
    let parsed = v1::Header::try_from(header.as_slice()).map_err(HeaderError::Version1)?;
    Ok(match parsed.addresses {
        v1::Addresses::Tcp4(of) => Some(of.source_address.into()),
        v1::Addresses::Tcp6(of) => Some(of.source_address.into()),
        v1::Addresses::Unknown => None,
    })
}

async fn version_2(socket: &mut (impl AsyncRead + Unpin), mut header: Vec<u8>) -> Result<Option<IpAddr>, HeaderError> {
    more(socket, V2_FIXED - START, &mut header).await?;
    let length = header.last_chunk().map_or(u16::MAX, |length| u16::from_be_bytes(*length));
    if length > V2_LONGEST {
        return Err(HeaderError::TooLong);
    }
    more(socket, length.into(), &mut header).await?;
    let parsed = v2::Header::try_from(header.as_slice()).map_err(HeaderError::Version2)?;
    let source = match (parsed.command, parsed.addresses) {
        (v2::Command::Local, _) | (v2::Command::Proxy, v2::Addresses::Unspecified) => return Ok(None),
        (v2::Command::Proxy, v2::Addresses::IPv4(of)) => of.source_address.into(),
        (v2::Command::Proxy, v2::Addresses::IPv6(of)) => of.source_address.into(),
        (v2::Command::Proxy, v2::Addresses::Unix(_)) => return Err(HeaderError::NotTcp),
    };
    if parsed.protocol == v2::Protocol::Stream { Ok(Some(source)) } else { Err(HeaderError::NotTcp) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is announced, and what is left for TLS or HTTP.
    fn told(bytes: &[u8]) -> (Result<Option<IpAddr>, String>, Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut rest = bytes;
        let told = runtime.block_on(announced(&mut rest)).map_err(|error| error.to_string());
        (told, rest.to_vec())
    }

    fn version_2(command: u8, family: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        [v2::PROTOCOL_PREFIX, &[command, family], &length, payload].concat()
    }

    #[test]
    fn both_versions_announce_an_address_and_leave_the_rest() {
        let four = [&[192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 80][..], &[4, 0, 1, 42]].concat();
        let six = [&"2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap().octets()[..], &[0; 20]].concat();
        for (header, address) in [
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\r\n".to_vec(), Some("192.0.2.7")),
            (b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n".to_vec(), Some("2001:db8::7")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n".to_vec(), None),
            (version_2(0x21, 0x11, &four), Some("192.0.2.7")),
            (version_2(0x21, 0x21, &six), Some("2001:db8::7")),
            (version_2(0x21, 0x00, &[]), None),
            (version_2(0x20, 0x00, &[]), None),
            (version_2(0x20, 0x11, &four), None),
        ] {
            let sent = [&header[..], b"GET / HTTP/1.1\r\n"].concat();
            let address = address.map(|address| address.parse().unwrap());
            assert_eq!(told(&sent), (Ok(address), b"GET / HTTP/1.1\r\n".to_vec()), "{}", header.escape_ascii());
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(V1_LONGEST));
        for (header, why) in [
            (&b""[..], "ended"),
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "does not begin"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00", "does not begin"),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 443", "ended"),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711\r\n", "version 1"),
            (b"PROXY TCP4 192.0.2.256 10.0.0.1 4711 443\r\n", "version 1"),
            (b"PROXY TCP4 2001:db8::7 ::1 4711 443\r\n", "version 1"),
            (b"PROXY UDP4 192.0.2.7 10.0.0.1 4711 443\r\n", "version 1"),
            (long.as_bytes(), "longer than allowed"),
            (&version_2(0x11, 0x11, &[0; 12]), "version 2"),
            (&version_2(0x21, 0x11, &[0; 11]), "version 2"),
            (&version_2(0x21, 0x12, &[0; 12]), "not about a TCP"),
            (&version_2(0x21, 0x31, &[0; 216]), "not about a TCP"),
            (&version_2(0x21, 0x11, &[0; 2049]), "longer than allowed"),
            (&version_2(0x21, 0x11, &[0; 12])[..20], "ended"),
        ] {
            let said = told(header).0.unwrap_err();
            assert!(said.contains(why), "{}: {said}", header.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_read_beyond_its_limit(
            version in 0..3_usize, noise in prop::collection::vec(any::<u8>(), 0..4096),
        ) {
            let start: &[u8] = [&b""[..], V1, v2::PROTOCOL_PREFIX].into_iter().nth(version).unwrap();
            let sent = [start, &noise].concat();
            let read = sent.len() - told(&sent).1.len();
            prop_assert!(read <= V2_FIXED + usize::from(V2_LONGEST));
        }
    }
}
