//! Known attacks on gates, one table for each class: what reaches the app, or that nothing does. Classes that hyper
//! answers before us (broken chunks, bare line feeds, folded lines) are tested on the wire.
use http::{HeaderName, Version};

use crate::domain::refusal::Code;

use super::testing::{HOST, any_route, h1, head, read, routed};
use super::{Forged, Normalized, Upgrade};

fn code(method: &str, target: &str, fields: &[(&str, &str)]) -> Option<Code> {
    read(&h1(method, target, fields)).err().map(|refusal| refusal.code)
}

fn h2(path: &str, fields: &[(&str, &str)]) -> Result<Normalized, Code> {
    let head = head(Version::HTTP_2, "GET", &format!("https://{HOST}{path}"), fields).unwrap();
    read(&head).map_err(|refusal| refusal.code)
}

fn relayed(fields: &[(&str, &str)]) -> Vec<String> {
    let request = read(&h1("GET", "/invoices", fields)).unwrap();
    request.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

/// The labels of every reading together, or the code of the refusal.
fn labels(target: &str) -> Result<Vec<String>, Code> {
    let routed = routed(&h1("GET", target, &[]), any_route()).map_err(|refusal| refusal.code)?;
    Ok(routed.readings().flat_map(|reading| &reading.labels).map(ToString::to_string).collect())
}

#[test]
fn control_honest_paths_pass_without_a_label() {
    for target in [
        "/invoices?from=2026-01-01&q=a%2Fb&next=/admin/",
        "/administrator-guide/index.html",
        "/reports/admin/summary",
        "/files/caf%C3%A9%20menu.pdf",
        "/",
        "/a;jsessionid=1/b",
        "/tags/C%23",
        "/@scope/pkg",
        "/a+b/c,d/(e)!",
        "/%D1%84%D0%B0%D0%B9%D0%BB",
    ] {
        assert_eq!(labels(target), Ok(Vec::new()), "{target}");
    }
}

#[test]
fn path_no_reading_of_a_path_hides_the_admin_pages() {
    for target in [
        "/admin",
        "/admin/users?x=1",
        "/%61dmin/users",
        "/Admin/users",
        "/admin;v=1/users",
        "/admin./users",
        "/admin%20/x",
        "/admin%3Bx/users",
        "/admin%3Fx/users",
        "/admin%23/users",
        "/%EF%BC%A1dmin",
        "/admin%C2%A0/x",
        "/%61%64min%F0%9F%98%80",
    ] {
        assert!(labels(target).unwrap().contains(&"admin".to_owned()), "{target}");
    }
    for target in [
        "/reports/../admin/users",
        "/reports/%2e%2e/admin/users",
        "/reports/..%2fadmin/users",
        "/admin%2fusers",
        "/reports/%252e%252e/admin/users",
        "//admin/users",
        "/./admin/users",
        "/reports/..;/admin/users",
        "/reports/..\\admin\\users",
        "/admin%00/users",
        "/invoices/../../admin/users",
        "/admin/./users/../keys",
        "/reports/%2e%2e%2fadmin",
        "/x%5c..%5cadmin",
        "/reports/.%2e/admin",
        "/%c0%ae%c0%ae/admin",
        "/%u0061dmin",
        "/reports/..%00/admin",
        "/reports/%2e%2e;/admin",
        "/reports/..%09/admin",
        "/reports/.../admin",
        "/%ef%bc%8e%ef%bc%8e/admin",
        "/admin%ef%bc%8fusers",
        "/reports/..%252fadmin",
        "/ad%e2%80%8bmin",
        "/reports/./2026/../summary?x=../admin",
        "/;/admin",
        "/;x=1/admin",
        "/%20/admin",
        "/reports/..%c0%af/admin",
    ] {
        assert_eq!(labels(target), Err(Code::AmbiguousPath), "{target}");
    }
}

#[test]
fn target_only_a_path_of_this_host_is_taken() {
    let absolute = read(&h1("GET", "http://SUPPORT.example.com/invoices", &[])).unwrap();
    assert_eq!(absolute.path.sent, "/invoices");
    assert_eq!(read(&h1("GET", &format!("http://{HOST}"), &[])).unwrap().path.sent, "/");
    for target in
        ["http://evil.example/invoices", "http://u@support.example.com/", "ftp://support.example.com/", "*", HOST]
    {
        assert_eq!(code("GET", target, &[]), Some(Code::BadRequest), "{target}");
    }
    assert_eq!(code("OPTIONS", "*", &[]), Some(Code::BadRequest));
    assert_eq!(code("CONNECT", "127.0.0.1:8443", &[]), Some(Code::BadRequest));
    assert_eq!(code("GET", "/a?b=\u{e9}", &[]), Some(Code::BadRequest));
}

#[test]
fn method_odd_ones_are_refused_and_overrides_dropped() {
    for method in ["delete", "TRACE", "Get", "G-"] {
        assert_eq!(code(method, "/invoices/7", &[]), Some(Code::BadRequest), "{method}");
    }
    let purge = routed(&h1("PURGE", "/invoices", &[]), any_route()).map(|_| ());
    assert_eq!(purge.map_err(|refusal| refusal.code), Err(Code::BadRequest));
    let overrides =
        [("x-http-method-override", "DELETE"), ("x-http-method", "DELETE"), ("x-method-override", "DELETE")];
    assert!(relayed(&overrides).is_empty());
}

#[test]
fn host_exactly_one_and_plain() {
    let with = |fields: &[(&str, &str)]| {
        read(&head(Version::HTTP_11, "GET", "/", fields).unwrap()).map(|r| r.authority).map_err(|refusal| refusal.code)
    };
    assert_eq!(with(&[("host", "Support.example.com:8443")]), Ok("support.example.com:8443".to_owned()));
    for odd in [
        &[][..],
        &[("host", "a"), ("host", "a")],
        &[("host", "")],
        &[("host", "a/admin?")],
        &[("host", "u@a")],
        &[("host", "a b")],
        &[("host", "a, b")],
        &[("host", "a:b")],
        &[("host", "a\\b")],
    ] {
        assert_eq!(with(odd), Err(Code::BadRequest), "{odd:?}");
    }
    let forwarded =
        [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example"), ("x-host", "evil.example")];
    assert!(relayed(&forwarded).is_empty());
}

#[test]
fn hdr_spoof_no_identity_survives_and_each_is_counted() {
    for name in [
        "X-Chaperone-User",
        "x-chaperone-user",
        "X_Chaperone_User",
        "X-Chaperone_Assertion",
        "X.Chaperone.User",
        "X-Chaperone-Superuser",
        "X-Chaperone-Assertion",
        "X--Chaperone-User",
    ] {
        let request = read(&h1("GET", "/", &[(name, "mallory"), ("accept", "*/*"), (name, "mallory2")])).unwrap();
        assert_eq!((request.headers.len(), request.forged), (1, Forged(2)), "{name}");
    }
    let claimed = read(&h1("GET", "/", &[("x-chaperone-assertion", "one"), ("x-chaperone-assertion", "two")])).unwrap();
    assert_eq!(claimed.assertions, ["one", "two"], "a gate that forgets to strip adds its own beside the client's");
    let look_alike = read(&h1("GET", "/", &[("x_chaperone_assertion", "one")])).unwrap();
    assert_eq!(look_alike.assertions, ["one"]);
}

#[test]
fn hdr_spoof_mapped_names_are_of_the_family() {
    let mut config = any_route();
    config.headers.insert("Remote-User".to_owned(), (HeaderName::from_static("remote-user"), Vec::new()));
    let fields = [("Remote-User", "root"), ("remote--user", "root"), ("accept", "*/*"), ("remote-users", "2")];
    let routed = routed(&h1("GET", "/", &fields), config).unwrap();
    let names: Vec<&str> = routed.request.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, routed.request.forged), (vec!["accept", "remote-users"], Forged(2)));
    assert!(routed.route.maps(&HeaderName::from_static("remote_user")), "a trailer is asked the same way");
}

#[test]
fn rewrite_hdr_none_reaches_the_app() {
    let fields = [
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Forwarded-Uri",
        "X-Forwarded-Prefix",
        "X-Original-URI",
        "X-Accel-Redirect",
        "X-Sendfile",
        "X-Middleware-Subrequest",
        "X-Envoy-Original-Path",
        "X-Matched-Path",
        "X-Invoke-Path",
        "X-Script-Name",
        "X-Url-Scheme",
        "Front-End-Https",
        "X-HTTP-DestinationURL",
        "X-Forwarded-Path",
        "X-Original-Method",
    ];
    for name in fields {
        assert!(relayed(&[(name, "/admin/users")]).is_empty(), "{name}");
    }
}

#[test]
fn hop_by_hop_fields_end_here_and_connection_breaks_nothing() {
    let fields = [
        ("connection", "TE, Keep-Alive, x-mine"),
        ("te", "trailers"),
        ("keep-alive", "timeout=99"),
        ("x-mine", "1"),
        ("proxy-connection", "keep-alive"),
        ("proxy-authorization", "Basic bWFsbG9yeQ=="),
        ("accept", "*/*"),
    ];
    assert_eq!(relayed(&fields), ["accept: */*"]);
    let fields = [
        ("connection", "Host, Content-Length, Cookie, X-Chaperone-Assertion"),
        ("content-length", "5"),
        ("cookie", "a=b"),
    ];
    let request = read(&h1("POST", "/notes", &fields)).unwrap();
    assert_eq!((request.host.as_str(), request.content_length, request.cookies.others.len()), (HOST, Some(5), 1));
}

#[test]
fn upgrade_to_another_protocol_is_ignored() {
    let h2c =
        [("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABkAARAAAAAAAIAAAAA")];
    let request = read(&h1("GET", "/invoices", &h2c)).unwrap();
    assert_eq!((request.upgrade, request.headers.len()), (None, 0));
    let websocket = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")];
    let request = read(&h1("GET", "/ws/live", &websocket)).unwrap();
    assert_eq!((request.upgrade, request.headers.len()), (Some(Upgrade::WebSocket), 1));
}

#[test]
fn cookie_ours_is_stripped_from_every_field() {
    let fields = [("cookie", "theme=dark; __Host-chaperone=S; lang=en"), ("cookie", "__Secure-chaperone=X")];
    let request = read(&h1("GET", "/invoices", &fields)).unwrap();
    assert_eq!(request.cookies.session.as_deref(), Some("S"));
    assert_eq!(request.cookies.others, [("theme".to_owned(), "dark".to_owned()), ("lang".to_owned(), "en".to_owned())]);
    assert!(request.headers.is_empty());
    assert_eq!(code("GET", "/", &[("cookie", "__Host-chaperone=FORGED; __Host-chaperone=S")]), Some(Code::BadRequest));
}

#[test]
fn credentials_are_kept_aside_and_never_shown() {
    let fields = [
        ("authorization", "Bearer SECRET"),
        ("cookie", "sid=SECRET"),
        ("x-chaperone-assertion", "SECRET"),
        ("x-key", "SECRET"),
    ];
    let request = read(&h1("GET", "/?token=SECRET", &fields)).unwrap();
    assert!(request.authorization.is_some());
    assert!(!format!("{request:?} {:?} {:?}", request.authorization, request.assertions).contains("SECRET"));
    assert_eq!(code("GET", "/", &[("authorization", "a"), ("authorization", "b")]), Some(Code::BadRequest));
}

#[test]
fn h2_follows_the_same_rules() {
    assert_eq!(h2("/invoices?x=1", &[]).unwrap().query.as_deref(), Some("x=1"));
    assert_eq!(h2("/invoices", &[("host", "SUPPORT.example.com")]).unwrap().authority, HOST);
    assert_eq!(h2("/", &[("host", "evil.example")]).map(|_| ()), Err(Code::BadRequest));
    assert_eq!(h2("/", &[("transfer-encoding", "chunked")]).map(|_| ()), Err(Code::BadRequest));
    assert_eq!(h2("/reports/%2e%2e/admin/users", &[]).map(|_| ()), Err(Code::AmbiguousPath));
    assert_eq!(h2("/", &[("x_chaperone_user", "mallory")]).unwrap().forged, Forged(1));
    let without_authority = head(Version::HTTP_2, "GET", "/invoices", &[("host", HOST)]).unwrap();
    assert!(read(&without_authority).is_err());
}
