//! Behind other proxies: where a request comes from, as the app and the trail have it, and whose word on that counts.
use std::net::SocketAddr;

use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::world::{Builder, Connection, Reply, Session, Via, World, body, chaperone, engineers, members, request};

/// Where the trusted proxy of these worlds connects from. Everybody else comes from 127.0.0.1.
const PROXY: &str = "127.0.0.2";

/// A world whose gate trusts [`PROXY`] alone.
fn behind_a_proxy(lines: &str) -> Builder {
    World::builder().server(&format!("trusted_proxies = [\"{PROXY}\"]\n{lines}"))
}

/// A connection from this address of the machine.
async fn dial(world: &World, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    socket.connect(world.gate.address).await.unwrap()
}

/// Ada, in acme by olga's grant.
async fn inside(world: &World) -> Session {
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    world.enter(&engineers::ADA, "acme").await
}

/// A request in the session from this address of the machine, with these headers.
async fn ask(world: &World, session: &Session, from: &str, headers: &[(&str, &str)]) -> Reply {
    let mut connection = Connection::over(TokioIo::new(dial(world, from).await), Via::Http1).await;
    let mut asked = request("GET", "/w/acme/a").header("cookie", session.cookie());
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    connection.send(asked.body(body("")).unwrap()).await
}

/// What the app was told of the last request: the address, and the whole of `Forwarded`.
fn told(world: &World) -> (String, String) {
    let seen = world.app.last();
    (seen.one("x-forwarded-for").to_owned(), seen.one("forwarded").to_owned())
}

/// The address of the last permitted request, as the trail has it.
fn recorded(world: &World) -> String {
    let shown = chaperone(&[
        "audit",
        "tail",
        "--config",
        &world.config(),
        "--kind",
        "access.permitted",
        "--format",
        "jsonl",
        "-n",
        "1",
    ]);
    let record: Value = serde_json::from_str(&shown.stdout).unwrap();
    record["request"]["ip"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn app_and_trail_have_the_address_that_a_trusted_proxy_tells_of() {
    let world = behind_a_proxy("").start().await;
    let ada = inside(&world).await;
    for (said, address, node) in [
        ("198.51.100.7", "198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.8", "198.51.100.8", "198.51.100.8"),
        ("6.6.6.6, 2001:db8::7, 127.0.0.2", "2001:db8::7", "\"[2001:db8::7]\""),
        ("6.6.6.6, mallory", PROXY, PROXY),
    ] {
        let other = [("x-forwarded-for", said), ("forwarded", "for=6.6.6.6"), ("x-forwarded-host", "evil.example")];
        ask(&world, &ada, PROXY, &other).await.expect(200);
        let forwarded = format!("for={node};proto=http;host=\"support.example.com\"");
        assert_eq!(told(&world), (address.to_owned(), forwarded), "{said}");
        assert_eq!(world.app.last().one("x-forwarded-host"), "support.example.com");
        assert_eq!(recorded(&world), address, "{said}");
    }
}

#[tokio::test]
async fn what_anybody_else_says_of_its_address_changes_nothing() {
    let world = behind_a_proxy("trusted_headers = \"forwarded\"\nbehind_tls_proxy = true").start().await;
    let ada = inside(&world).await;
    for name in ["x-forwarded-for", "x-real-ip", "x-client-ip", "true-client-ip", "forwarded", "x-forwarded-proto"] {
        for value in ["198.51.100.7", "for=198.51.100.7;proto=http", "http"] {
            ask(&world, &ada, "127.0.0.1", &[(name, value)]).await.expect(200);
            let forwarded = "for=127.0.0.1;proto=https;host=\"support.example.com\"";
            assert_eq!(told(&world), ("127.0.0.1".to_owned(), forwarded.to_owned()), "{name}: {value}");
        }
    }
    assert_eq!(recorded(&world), "127.0.0.1");
}

#[tokio::test]
async fn a_trusted_proxy_may_speak_by_forwarded_and_then_by_nothing_else() {
    let world = behind_a_proxy("trusted_headers = \"forwarded\"").start().await;
    let ada = inside(&world).await;
    for (said, address) in [
        ("for=6.6.6.6, for=\"[2001:db8::7]:4711\";by=_gate", "2001:db8::7"),
        ("for=\"6.6.6.6, for=198.51.100.7", "198.51.100.7"),
        ("for=6.6.6.6, for=_hidden", PROXY),
        ("for=2001:db8::7", PROXY),
    ] {
        ask(&world, &ada, PROXY, &[("forwarded", said), ("x-forwarded-for", "6.6.6.6")]).await.expect(200);
        assert_eq!((told(&world).0, recorded(&world)), (address.to_owned(), address.to_owned()), "{said}");
    }
}

#[tokio::test]
async fn the_app_is_told_by_which_scheme_a_client_came_to_the_proxy_that_ends_tls() {
    let world = behind_a_proxy("behind_tls_proxy = true").start().await;
    let ada = inside(&world).await;
    for (said, scheme) in [(None, "https"), (Some("https"), "https"), (Some("http"), "http"), (Some("wss"), "http")] {
        let headers: Vec<_> = said.map(|said| ("x-forwarded-proto", said)).into_iter().collect();
        ask(&world, &ada, PROXY, &headers).await.expect(200);
        assert_eq!(world.app.last().one("x-forwarded-proto"), scheme, "{said:?}");
    }
    let world = behind_a_proxy("").start().await;
    let ada = inside(&world).await;
    ask(&world, &ada, PROXY, &[("x-forwarded-proto", "https")]).await.expect(200);
    assert_eq!(world.app.last().one("x-forwarded-proto"), "http", "no proxy ends TLS here");
}

/// A world whose proxy begins its connections with a header of the PROXY protocol.
fn behind_a_blind_proxy() -> Builder {
    behind_a_proxy("proxy_protocol = \"required\"")
}

/// Sends these bytes from this address of the machine, and a request of the session; gives all that comes back.
async fn after(world: &World, session: &Session, from: &str, first: &[u8], header: &str) -> String {
    let mut socket = dial(world, from).await;
    let (host, cookie) = (crate::world::HOST, session.cookie());
    let request =
        format!("GET /w/acme/a HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nconnection: close\r\n{header}\r\n");
    // Whoever is turned away may not get to write everything.
    let _ = socket.write_all(&[first, request.as_bytes()].concat()).await;
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A header of version 2, after the part that is always the same.
fn version_2(command: u8, family: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, family][..], &length, payload].concat()
}

/// Source and destination in a header of version 2.
fn addresses(source: &str) -> Vec<u8> {
    match source.parse().unwrap() {
        std::net::IpAddr::V4(source) => [&source.octets()[..], &[127, 0, 0, 1, 0x12, 0x34, 1, 187]].concat(),
        std::net::IpAddr::V6(source) => [&source.octets()[..], &[0; 16], &[0x12, 0x34, 1, 187]].concat(),
    }
}

#[tokio::test]
async fn app_and_trail_have_the_address_that_a_proxy_announces_before_the_first_byte() {
    let world = behind_a_blind_proxy().start().await;
    let ada = inside(&world).await;
    let with_more = [addresses("198.51.100.9"), vec![4, 0, 2, 0, 0]].concat();
    for (header, address) in [
        (b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 443\r\n".to_vec(), "198.51.100.7"),
        (b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n".to_vec(), "2001:db8::7"),
        (b"PROXY UNKNOWN\r\n".to_vec(), PROXY),
        (version_2(0x21, 0x11, &addresses("198.51.100.8")), "198.51.100.8"),
        (version_2(0x21, 0x11, &with_more), "198.51.100.9"),
        (version_2(0x21, 0x21, &addresses("2001:db8::8")), "2001:db8::8"),
        (version_2(0x20, 0, &[]), PROXY),
    ] {
        // What the client itself says of its address counts for nothing, also when the proxy does not know better.
        let answer = after(&world, &ada, PROXY, &header, "x-forwarded-for: 6.6.6.6\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{}: {answer}", header.escape_ascii());
        assert_eq!((told(&world).0, recorded(&world)), (address.to_owned(), address.to_owned()));
    }
    ask(&world, &ada, "127.0.0.1", &[]).await.expect(200);
    assert_eq!(told(&world).0, "127.0.0.1", "who is no proxy sends none");
}

#[tokio::test]
async fn a_proxy_that_announces_nothing_or_nonsense_is_not_answered_and_a_stranger_with_a_header_is_refused() {
    let world = behind_a_blind_proxy().start().await;
    let ada = inside(&world).await;
    let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(100));
    for broken in [
        &b""[..],
        b"PROXY TCP4 198.51.100.7\r\n",
        b"PROXY TCP4 198.51.100.256 127.0.0.1 4711 443\r\n",
        long.as_bytes(),
        &version_2(0x21, 0x12, &addresses("198.51.100.7")),
        &version_2(0x21, 0x11, &[0; 4000]),
    ] {
        assert_eq!(after(&world, &ada, PROXY, broken, "").await, "", "{}", broken.escape_ascii());
    }
    let told = |line: &Value| line["level"] == "WARN" && line["message"].to_string().contains("PROXY header");
    assert!(world.gate.log().iter().any(told), "operators learn of it");
    for header in [b"PROXY TCP4 6.6.6.6 127.0.0.1 1 2\r\n".to_vec(), version_2(0x21, 0x11, &addresses("6.6.6.6"))] {
        let answer = after(&world, &ada, "127.0.0.1", &header, "").await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    assert!(world.app.seen().is_empty());
}

#[tokio::test]
async fn a_proxy_that_never_comes_to_an_end_with_its_header_keeps_nobody_waiting_and_is_left() {
    let world = behind_a_blind_proxy().start().await;
    let ada = inside(&world).await;
    let mut slow = dial(&world, PROXY).await;
    slow.write_all(b"PROXY TCP4 198.51").await.unwrap();
    let proper = b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 443\r\n";
    assert!(after(&world, &ada, PROXY, proper, "").await.starts_with("HTTP/1.1 200"));
    let mut nothing = Vec::new();
    // It is closed, cleanly or not, without an answer.
    let _ = slow.read_to_end(&mut nothing).await;
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn a_header_of_the_proxy_protocol_comes_before_tls() {
    let world = behind_a_blind_proxy().tls().start().await;
    let ada = inside(&world).await;
    let mut socket = dial(&world, PROXY).await;
    socket.write_all(&version_2(0x21, 0x11, &addresses("198.51.100.7"))).await.unwrap();
    let mut connection = Connection::tls_over(socket, Via::Http2, &world.path("cert.pem")).await.unwrap();
    let asked = request("GET", "/w/acme/a").header("cookie", ada.cookie()).body(body("")).unwrap();
    connection.send(asked).await.expect(200);
    assert_eq!((told(&world).0, recorded(&world)), ("198.51.100.7".to_owned(), "198.51.100.7".to_owned()));
}
