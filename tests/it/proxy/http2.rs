//! HTTP/2: what its frames can say that HTTP/1.1 cannot, and the other way round.
use super::frames::Framed;
use super::wire::Fate::{Broken, Passes, Refused, Safe};
use super::wire::Wire;

#[tokio::test]
async fn pseudo_headers_say_one_thing() {
    let wire = Wire::start().await;
    let cookie = wire.session.cookie();
    let get = |path: &str| Framed::new("GET", path, &cookie);
    wire.expect(Passes, "an honest one", &get("/invoices?x=1").bytes()).await;
    for path in [
        "",
        "*",
        "invoices",
        "/invoices x",
        "/invoices HTTP/1.1\r\nX-Chaperone-Subject: mallory\r\nX: ",
        "/invoices\u{0}",
        "/invoices\tx",
        "//evil.example/",
        "http://evil.example/invoices",
        "/reports/%2e%2e/admin",
        "/reports/../admin",
        "/admin;x",
        "/ADMIN",
        "/\u{C3}\u{A1}dmin",
        "/admin\u{FF}",
    ] {
        wire.expect(Refused, path, &get(path).bytes()).await;
    }
    for (name, value) in [
        (":authority", ""),
        (":authority", "mallory@support.example.com"),
        (":authority", "support.example.com/admin?"),
        (":authority", "support.example.com, evil.example"),
        (":authority", "support.example.com\r\nx-a: b"),
        (":authority", "support.example.com:99999"),
        (":scheme", "ftp"),
        (":scheme", "http://evil.example/admin?"),
        (":scheme", "http\r\nx-a: b"),
        (":method", "delete"),
        (":method", "DELETE"),
        (":method", "TRACE"),
        (":method", "CONNECT"),
        (":method", "GET /admin HTTP/1.1\r\nx-a: b"),
        (":method", ""),
        (":method", "G T"),
    ] {
        let mut odd = get("/invoices");
        odd.fields.iter_mut().filter(|(field, _)| field == name).for_each(|field| value.clone_into(&mut field.1));
        wire.expect(Refused, &format!("{name}: {value}"), &odd.bytes()).await;
    }
}

#[tokio::test]
async fn pseudo_headers_are_all_there_and_none_twice() {
    let wire = Wire::start().await;
    let cookie = wire.session.cookie();
    let get = |path: &str| Framed::new("GET", path, &cookie);
    for missing in [":method", ":scheme", ":path", ":authority"] {
        wire.expect(Refused, missing, &get("/invoices").without(missing).bytes()).await;
    }
    for (name, value) in [
        (":path", "/admin"),
        (":method", "POST"),
        (":authority", "evil.example"),
        (":scheme", "https"),
        (":status", "200"),
        (":protocol", "websocket"),
        (":x-chaperone-subject", "mallory"),
        ("host", "evil.example"),
    ] {
        wire.expect(Refused, name, &get("/invoices").with(name, value).bytes()).await;
    }
    let socket = get("/ws/live").with("sec-websocket-version", "13");
    let mut connect = socket.with("x-a", "b");
    connect.fields[0].1 = "CONNECT".to_owned();
    connect.fields.insert(1, (":protocol".to_owned(), "websocket".to_owned()));
    wire.expect(Refused, "a WebSocket in HTTP/2", &connect.bytes()).await;
}

#[tokio::test]
async fn fields_that_no_frame_may_carry_are_refused_and_forged_ones_dropped() {
    let wire = Wire::start().await;
    let cookie = wire.session.cookie();
    let get = || Framed::new("GET", "/invoices", &cookie);
    for (name, value) in [
        ("transfer-encoding", "chunked"),
        ("connection", "x-chaperone-assertion"),
        ("connection", "close"),
        ("keep-alive", "timeout=9"),
        ("proxy-connection", "keep-alive"),
        ("upgrade", "h2c"),
        ("te", "gzip"),
        ("X-Chaperone-Subject", "mallory"),
        ("X-Upper", "1"),
        ("x-a", "b\r\nx-chaperone-subject: mallory"),
        ("x-a", "b\nx-chaperone-subject: mallory"),
        ("x-a", "b\rc"),
        ("x-a", "b\u{0}c"),
        ("x-a\r\nx-chaperone-subject", "mallory"),
        ("x-a: b\r\nx-chaperone-subject", "mallory"),
        ("x-a ", "b"),
        ("x a", "b"),
        ("", "mallory"),
        ("content-length", "5"),
        ("content-length", "+0"),
        ("cookie", "__Host-chaperone=mallory"),
    ] {
        wire.expect(Refused, &format!("{name}: {value}"), &get().with(name, value).bytes()).await;
    }
    for name in [
        "x-chaperone-subject",
        "x_chaperone_subject",
        "x.chaperone.subject",
        "x-forwarded-for",
        "x-original-url",
        "x-http-method-override",
        "forwarded",
        "http2-settings",
        "trailer",
        "expect",
        "x-chaperonesubject",
    ] {
        wire.expect(Passes, name, &get().with(name, "mallory").with(name, "mallory").bytes()).await;
    }
    let te = wire.expect(Passes, "trailers", &get().with("te", "trailers").bytes()).await.seen;
    assert_eq!(te.len(), 1);
}

#[tokio::test]
async fn crumbs_of_cookies_are_one_field_and_ours_is_not_among_them() {
    let wire = Wire::start().await;
    let cookie = wire.session.cookie();
    let crumbs = Framed::new("GET", "/invoices", "a=1").with("cookie", &cookie).with("cookie", "b=2; c=3");
    let seen = wire.expect(Passes, "crumbs", &crumbs.bytes()).await.seen;
    assert!(seen[0].contains("\r\ncookie: a=1; b=2; c=3\r\n"), "{seen:?}");
}

#[tokio::test]
async fn a_length_that_lies_and_a_head_that_never_ends_reach_nobody() {
    let wire = Wire::start().await;
    let cookie = wire.session.cookie();
    let post = || Framed::new("POST", "/notes", &cookie).body("hello GET /admin HTTP/1.1\r\n\r\n");
    for length in ["5", "0", "500", "29, 29", "0x1d"] {
        wire.expect(Broken, length, &post().with("content-length", length).bytes()).await;
    }
    let seen = wire.expect(Passes, "an honest body", &post().bytes()).await.seen;
    assert!(seen[0].contains("hello GET /admin HTTP/1.1"), "{seen:?}");
    wire.expect(Refused, "endless", &Framed::new("GET", "/invoices", &cookie).endless()).await;
    let mut many = Framed::new("GET", "/invoices", &cookie);
    for _ in 0..101 {
        many = many.with("x-a", "b");
    }
    wire.expect(Refused, "101 fields", &many.bytes()).await;
    for (name, value) in [
        ("x-chaperone-subject", "mallory"),
        ("cookie", "mallory=1"),
        ("content-length", "100"),
        ("x-forwarded-for", "mallory"),
        (":path", "/admin"),
        ("transfer-encoding", "chunked"),
    ] {
        wire.expect(Safe, name, &post().trailer(name, value).bytes()).await;
    }
}
