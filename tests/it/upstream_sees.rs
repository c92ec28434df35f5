//! What the app gets to read, and what never reaches it or comes back from it.
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, Full};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{FILE, HOST, Via, World, body, engineers, members, refused, request};

/// The claims of an assertion, verified as an app does it: by our published keys alone.
async fn verified(world: &World, assertion: &str) -> Value {
    let published = world.send(request("GET", "/.chaperone/jwks.json").body(body("")).unwrap()).await.expect(200);
    let keys: JwkSet = serde_json::from_value(published.json()).unwrap();
    let header = jsonwebtoken::decode_header(assertion).unwrap();
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&[format!("https://{HOST}")]);
    rules.set_issuer(&[format!("https://{HOST}")]);
    jsonwebtoken::decode(assertion, &key, &rules).unwrap().claims
}

#[tokio::test]
async fn the_app_reads_who_acts_as_whom_exactly_once_and_forged_headers_are_dropped_and_counted() {
    let mapped = r#"headers = { "Remote-User" = "{subject.email}", "X-Gate-Secret" = "hush" }"#;
    let world = World::builder().route(mapped).start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let mut forged = request("GET", "/w/acme/a?q=%2F1").header("cookie", ada.cookie());
    for name in ["x-chaperone-subject", "X-Chaperone-Superuser", "x_chaperone_actor", "x.chaperone.workspace"] {
        forged = forged.header(name, "mallory");
    }
    for name in ["remote-user", "Remote_User", "x-gate-secret", "x-forwarded-for", "forwarded", "x-original-url"] {
        forged = forged.header(name, "mallory");
    }
    forged = forged.header("connection", "x-chaperone-session, close").header("x-kept", "kept");
    world.send(forged.body(body("")).unwrap()).await.expect(200);

    let seen = world.app.last();
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/w/acme/a?q=%2F1"));
    for (name, value) in [
        ("x-chaperone-subject", "olga"),
        ("x-chaperone-subject-email", "olga@acme.example"),
        ("x-chaperone-actor", "ada"),
        ("x-chaperone-actor-email", "ada@vendor.example"),
        ("x-chaperone-workspace", "acme"),
        ("x-chaperone-session", ada.id.as_str()),
        ("x-chaperone-grant", grant.as_str()),
        ("x-chaperone-access", "full"),
        ("x-chaperone-mode", "consented"),
        ("remote-user", "olga@acme.example"),
        ("x-gate-secret", "hush"),
        ("host", HOST),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", HOST),
        ("forwarded", "for=127.0.0.1;proto=http;host=\"support.example.com\""),
        ("x-kept", "kept"),
    ] {
        assert_eq!(seen.one(name), value, "{name}");
    }
    assert!(seen.one("traceparent").starts_with("00-") && seen.one("x-request-id").starts_with("rq_"));
    for (name, value) in &seen.headers {
        assert!(!value.as_bytes().starts_with(b"mallory"), "{name}");
    }
    assert!(world.metric("chaperone_forged_headers_total").await >= 4);
}

#[tokio::test]
async fn an_assertion_verifies_under_our_published_keys_and_serves_a_session_for_a_while() {
    let world = World::start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    let first = world.app.last().one("x-chaperone-assertion").to_owned();
    world.ask(&ada, "GET", "/w/acme/b").await.expect(200);
    assert_eq!(world.app.last().one("x-chaperone-assertion"), first, "it is signed once");

    let claims = verified(&world, &first).await;
    for (name, value) in [
        ("sub", json!("olga")),
        ("workspace", json!("acme")),
        ("session", json!(ada.id)),
        ("grant", json!(grant)),
        ("access", json!("read_only")),
        ("mode", json!("consented")),
        ("ticket", json!("SUP-1042")),
        ("act", json!({"sub": "ada", "email": "ada@vendor.example"})),
        ("method", Value::Null),
        ("path", Value::Null),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 60);
    let other = world.enter(&engineers::BRIAN, "acme").await;
    world.ask(&other, "GET", "/w/acme/a").await.expect(200);
    assert_ne!(world.app.last().one("x-chaperone-assertion"), first, "another session has another one");
}

#[tokio::test]
async fn an_assertion_bound_to_its_request_names_method_and_path_as_they_went_upstream() {
    let world = World::builder().route("assertion = { bind = \"request\" }").start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    for (method, path) in [("POST", "/w/acme/caf%c3%a9/%7Eada?x=1"), ("GET", "/w/acme/a%20b")] {
        world.ask(&ada, method, path).await.expect(200);
        let seen = world.app.last();
        let claims = verified(&world, seen.one("x-chaperone-assertion")).await;
        let sent = seen.target.split('?').next().unwrap();
        assert_eq!((&claims["method"], &claims["path"]), (&json!(method), &json!(sent)));
        assert!(["/w/acme/caf%C3%A9/~ada", "/w/acme/a%20b"].contains(&sent), "{sent}");
    }
}

#[tokio::test]
async fn a_customers_cookies_stay_in_the_gate_and_go_back_to_the_app_from_there() {
    let world = World::builder().route("expose_cookies = [\"theme\"]").start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let login = world.ask(&ada, "GET", "/w/acme/login").await.expect(200);
    assert_eq!(login.cookies(), ["theme=dark; Path=/"], "the customer's login never reaches the engineer");

    let own = format!("{}; sid=STOLEN; lang=de; __Host-chaperone-staff=X; __host_chaperone=Y", ada.cookie());
    world.send(request("GET", "/w/acme/a").header("cookie", own).body(body("")).unwrap()).await.expect(200);
    let cookies = world.app.last().one("cookie").to_owned();
    let mut pairs: Vec<&str> = cookies.split("; ").collect();
    pairs.sort_unstable();
    assert_eq!(pairs, ["lang=de", "sid=SECRET", "theme=dark"], "{cookies}");

    let brian = world.enter(&engineers::BRIAN, "acme").await;
    world.ask(&brian, "GET", "/w/acme/a").await.expect(200);
    assert!(world.app.last().all("cookie").is_empty(), "another session has a jar of its own");
}

#[tokio::test]
async fn an_authorization_is_dropped_unless_the_route_passes_it_and_never_opens_anything() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let with = async |world: &World, cookie: &str, authorization: &str| {
        let asked = request("GET", "/w/acme/a").header("cookie", cookie).header("authorization", authorization);
        world.send(asked.body(body("")).unwrap()).await
    };
    with(&world, &ada.cookie(), "Basic YWRhOng=").await.expect(200);
    assert!(world.app.last().all("authorization").is_empty());
    for ours in [ada.token.clone(), world.engineer(&engineers::ADA), world.directory.clone()] {
        let bearer = format!("Bearer {ours}");
        for cookie in [String::new(), ada.cookie()] {
            let answer = with(&world, &cookie, &bearer).await;
            assert_eq!(answer.problem(), refused(401, "unauthenticated"));
        }
    }
    assert_eq!(world.app.seen().len(), 1);

    let world = World::builder().route("pass_authorization = true").start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    with(&world, &ada.cookie(), "Basic YWRhOng=").await.expect(200);
    assert_eq!(world.app.last().one("authorization"), "Basic YWRhOng=");
}

#[tokio::test]
async fn an_apps_own_forgeries_do_not_reach_the_browser() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let answer = world.ask(&ada, "GET", "/w/acme/forge").await.expect(200);
    assert_eq!((answer.header("x-chaperone-subject"), answer.header("alt-svc")), (None, None));
    let missing = world.ask(&ada, "GET", "/w/acme/missing").await.expect(404);
    assert_eq!(missing.text(), "the app knows no such page");
}

#[tokio::test]
async fn head_range_and_expect_work_as_without_a_gate() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let head = world.ask(&ada, "HEAD", "/w/acme/file").await.expect(200);
    assert_eq!((head.header("content-length"), head.body.len()), (Some("16"), 0));

    let ranged = request("GET", "/w/acme/file").header("cookie", ada.cookie()).header("range", "bytes=2-5");
    let ranged = world.send(ranged.body(body("")).unwrap()).await.expect(206);
    assert_eq!((&ranged.body[..], ranged.header("content-range")), (&FILE[2..=5], Some("bytes 2-5/16")));

    for (cookie, first) in [(ada.cookie(), "HTTP/1.1 100 Continue\r\n"), (String::new(), "HTTP/1.1 401 Unauthorized")] {
        let mut socket = TcpStream::connect(world.gate.address).await.unwrap();
        let head = format!(
            "POST /w/acme/upload HTTP/1.1\r\nhost: {HOST}\r\ncookie: {cookie}\r\ncontent-length: 5\r\n\
             expect: 100-continue\r\nconnection: close\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; first.len()];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8(answer).unwrap(), first);
        if first.contains("100") {
            socket.write_all(b"hello").await.unwrap();
            let mut rest = String::new();
            socket.read_to_string(&mut rest).await.unwrap();
            assert!(rest.contains("HTTP/1.1 200 OK") && rest.ends_with("\r\n\r\n5"), "{rest}");
        }
    }
}

#[tokio::test]
async fn http2_by_prior_knowledge_and_trailers_work_both_ways_with_an_http2_app() {
    let world = World::builder().h2_app().start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let mut connection = world.connect(Via::Http2).await;
    let mut trailers = HeaderMap::new();
    for name in ["x-checksum", "x-chaperone-subject", "authorization"] {
        trailers.insert(name, "1".parse().unwrap());
    }
    let call = Full::new(Bytes::from("hello")).with_trailers(async move { Some(Ok(trailers)) });
    let asked = request("POST", "/w/acme/call").header("cookie", ada.cookie()).header("te", "trailers");
    let answer = connection.send(asked.body(call).unwrap()).await.expect(200);
    assert_eq!(answer.json(), json!(["x-checksum"]), "trailers carry no identity upstream");
    assert_eq!(answer.trailers.get("grpc-status").unwrap(), "0");
    assert_eq!(answer.trailers.len(), 1, "nor back");
    let seen = world.app.last();
    assert_eq!((seen.version.as_str(), seen.one("te")), ("HTTP/2.0", "trailers"));
    assert_eq!(seen.one("x-chaperone-subject"), "olga");

    let again = request("GET", "/w/acme/a").header("cookie", ada.cookie()).body(body("")).unwrap();
    connection.send(again).await.expect(200);
}

#[tokio::test]
async fn trailers_pass_in_http1_too() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let asked = request("POST", "/w/acme/call").header("cookie", ada.cookie()).header("te", "trailers");
    let answer = world.send(asked.body(body("hello")).unwrap()).await.expect(200);
    assert_eq!(answer.json(), json!([]));
    assert_eq!(answer.trailers.get("grpc-status").map(|value| value.to_str().unwrap()), Some("0"));
}

#[tokio::test]
async fn tls_chooses_http1_or_http2_and_an_app_with_tls_is_verified() {
    let world = World::builder().tls().https_app().start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    for via in [Via::Http1, Via::Http2] {
        let mut connection = world.connect(via).await;
        let asked = request("GET", "/w/acme/a").header("cookie", ada.cookie()).body(body("")).unwrap();
        let answer = connection.send(asked).await.expect(200);
        assert_eq!(answer.json()["version"], "HTTP/2.0", "the app speaks HTTP/2 over TLS");
        let seen = world.app.last();
        assert_eq!((seen.one("x-forwarded-proto"), seen.one("x-chaperone-subject")), ("https", "olga"));
    }
}
