//! What a request is for: one path, one host, one reading.
use super::wire::Fate::{Passes, Refused, Safe};
use super::wire::Wire;
use crate::world::HOST;

/// What some backend may read as `/admin` or `/billing`, or below.
const SPELLINGS: &[&str] = &[
    "/admin",
    "/admin/",
    "/admin?x=1",
    "/ADMIN/users",
    "/aDmIn",
    "/%61dmin",
    "/%41DMIN",
    "/admin;v=1/users",
    "/admin;/users",
    "/;/admin",
    "/;x/admin",
    "/.;/admin",
    "/admin.",
    "/admin./users",
    "/admin%20",
    "/admin%20/users",
    "/admin%09",
    "/admin%00",
    "/admin%00.png",
    "/admin%0a",
    "/admin%0d%0aX-A:%20b",
    "/admin%3Fx",
    "/admin%23x",
    "/admin#/users",
    "/admin%2Fusers",
    "/admin%2f",
    "/admin%5Cusers",
    "/admin\\users",
    "/\\admin",
    "/x\\..\\admin",
    "//admin",
    "///admin",
    "//admin//users",
    "/./admin",
    "/../admin",
    "/x/../admin",
    "/x/./../admin",
    "/x/%2e%2e/admin",
    "/x/%2E./admin",
    "/x/.%2e/admin",
    "/x/..%2fadmin",
    "/x/..%5cadmin",
    "/x/..;/admin",
    "/x/..;a=b/admin",
    "/x/..%3b/admin",
    "/x/..%00/admin",
    "/x/..%20/admin",
    "/x/...//admin",
    "/x/%252e%252e/admin",
    "/%2561dmin",
    "/%25%36%31dmin",
    "/admin%252Fusers",
    "/%u0061dmin",
    "/%U0061dmin",
    "/x/%u002e%u002e/admin",
    "/x/%c0%ae%c0%ae/admin",
    "/x/%e0%80%ae%e0%80%ae/admin",
    "/x/%f0%80%80%ae./admin",
    "/x/..%c0%afadmin",
    "/x/..%ef%bc%8fadmin",
    "/x/%ef%bc%8e%ef%bc%8e/admin",
    "/x/%e2%80%a5/admin",
    "/%ef%bd%81dmin",
    "/admi%cc%81n",
    "/adm%c4%b1n",
    "/adm%c4%b0n",
    "/%c3%a1dmin",
    "/ad%c2%admin",
    "/ad%e2%80%8bmin",
    "/admin%ef%bb%bf",
    "/%f3%a0%81%a1dmin",
    "/admin%c2%a0",
    "/%zzadmin",
    "/admin%",
    "/admin%2",
    "/\u{C3}\u{A1}dmin",
    "/admin\u{FF}",
    "/%FFadmin",
    "/ad\tmin",
    "/ad\u{B}min",
    "/billing",
    "/Billing;x/cards",
];

#[tokio::test]
async fn no_spelling_of_a_path_leads_to_what_is_closed() {
    let wire = Wire::start().await;
    for path in SPELLINGS {
        wire.expect(Refused, path, &wire.head(&format!("GET {path}"), "")).await;
        wire.expect(Refused, path, &(wire.head(&format!("POST {path}"), "Content-Length: 2\r\n") + "hi")).await;
    }
}

#[tokio::test]
async fn honest_paths_arrive_as_they_were_judged() {
    let wire = Wire::start().await;
    for (path, sent) in [
        ("/", "/"),
        ("/administrator", "/administrator"),
        ("/x/admin", "/x/admin"),
        ("/a%20b/caf%c3%a9", "/a%20b/caf%C3%A9"),
        ("/%7eada/%69nvoices", "/~ada/invoices"),
        ("/a;v=1/b", "/a;v=1/b"),
        ("/@scope/pkg:tag,1(2)!", "/@scope/pkg:tag,1(2)!"),
        ("/invoices?next=//evil/../admin&x=%2e%2e%2Fadmin", "/invoices?next=//evil/../admin&x=%2e%2e%2Fadmin"),
        ("/invoices?", "/invoices"),
    ] {
        let seen = wire.expect(Passes, path, &wire.head(&format!("GET {path}"), "")).await.seen;
        let target = seen[0].split(' ').nth(1).unwrap();
        assert!(target == sent || target == format!("{sent}?"), "{path} arrives as {target}");
    }
    // What stands behind a `#` is neither judged nor sent.
    for target in ["/invoices#/../admin", "/invoices?a=b#c"] {
        wire.expect(Safe, target, &wire.head(&format!("GET {target}"), "")).await;
    }
    let long = format!("/{}", "a/".repeat(2000));
    wire.expect(Safe, "a long path", &wire.head(&format!("GET {long}"), "")).await;
}

#[tokio::test]
async fn a_target_is_a_path_of_this_host_or_refused() {
    let wire = Wire::start().await;
    for target in [
        "*",
        "admin/users",
        "invoices",
        HOST,
        "support.example.com:80",
        "http://evil.example/invoices",
        "http://support.example.com.evil.example/invoices",
        "http://support.example.com@evil.example/invoices",
        "http://mallory@support.example.com/invoices",
        "http://support.example.com:81/invoices",
        "http://support.example.com/admin/users",
        "http://support.example.com//admin",
        "http://support.example.com\\@evil.example/",
        "http:/invoices",
        "http:///invoices",
        "http:invoices",
        "//evil.example/invoices",
        "ftp://support.example.com/invoices",
        "file:///etc/passwd",
        "javascript://support.example.com/invoices",
        "ws://support.example.com/invoices",
        "http://[::1]/invoices",
        "/invoices /admin",
        "/invoices\u{0}",
        "/invoices?a=\u{E9}",
    ] {
        wire.expect(Refused, target, &wire.head(&format!("GET {target}"), "")).await;
    }
    let absolute = wire.expect(Passes, "absolute", &wire.head(&format!("GET http://{HOST}/invoices?x=1"), "")).await;
    assert!(absolute.seen[0].starts_with("GET /invoices?x=1 HTTP/1.1\r\n"), "{absolute:?}");
}

#[tokio::test]
async fn there_is_one_host_and_it_is_plain() {
    let wire = Wire::start().await;
    let cookie = wire.session.cookie();
    let with = |hosts: &str| format!("GET /invoices HTTP/1.1\r\n{hosts}Cookie: {cookie}\r\n\r\n");
    for hosts in [
        String::new(),
        "Host: \r\n".to_owned(),
        format!("Host: {HOST}\r\nHost: {HOST}\r\n"),
        format!("Host: {HOST}\r\nHost: evil.example\r\n"),
        format!("Host: {HOST}/admin?\r\n"),
        format!("Host: {HOST}?x\r\n"),
        format!("Host: {HOST}#x\r\n"),
        format!("Host: mallory@{HOST}\r\n"),
        format!("Host: {HOST}, evil.example\r\n"),
        format!("Host: {HOST} evil.example\r\n"),
        format!("Host: {HOST}:abc\r\n"),
        format!("Host: {HOST}:99999\r\n"),
        format!("Host: {HOST}:\r\n"),
        format!("Host: {HOST}.\r\n"),
        format!("Host: http://{HOST}\r\n"),
        format!("Host: {HOST}%2eevil.example\r\n"),
        format!("Host : {HOST}\r\n"),
        "Host: [::1\r\n".to_owned(),
        "Host: ..\r\n".to_owned(),
        "Host: \u{E9}.example\r\n".to_owned(),
    ] {
        wire.expect(Refused, &hosts, &with(&hosts)).await;
    }
    for lie in ["X-Forwarded-Host: mallory", "Forwarded: host=mallory", "X-Host: mallory", "X_Host: mallory"] {
        wire.expect(Passes, lie, &wire.head("GET /invoices", &format!("{lie}\r\n"))).await;
    }
}
