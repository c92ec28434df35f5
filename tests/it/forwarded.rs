//! Behind other proxies: where a request comes from, as the app and the trail have it, and whose word on that counts.
use std::net::SocketAddr;

use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
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
