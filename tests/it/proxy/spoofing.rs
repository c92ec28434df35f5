//! Headers that say who somebody is, where they come from, or what they really want: the app gets ours alone.
use super::wire::Fate::{Passes, Refused, Safe};
use super::wire::{FORGED, Wire};

/// Names that some backend may take for one of ours, or that do what only a gate may do. They never arrive.
const DROPPED: &[&str] = &[
    "X-Chaperone-Subject",
    "x-chaperone-assertion",
    "X-CHAPERONE-ACTOR",
    "X_Chaperone_Subject",
    "X-Chaperone_Subject",
    "X.Chaperone.Subject",
    "X--Chaperone--Subject",
    "-X-Chaperone-Subject",
    "X-Chaperone-Subject-",
    "_X_CHAPERONE_SUBJECT_",
    "X~Chaperone~Subject",
    "X'Chaperone'Subject",
    "X|Chaperone|Subject",
    "X%2DChaperone%2DSubject",
    "X-Chaperone",
    "X-Chaperone-Superuser",
    "X-ChaperoneSubject",
    "XChaperone-Subject",
    "XChaperoneSubject",
    "HTTP_X_CHAPERONE_SUBJECT",
    "Proxy-X-Chaperone-Subject",
    "Forwarded",
    "X-Forwarded-For",
    "X_Forwarded_Email",
    "X-Forwarded-User",
    "X-Forwarded-Prefix",
    "X-Forwarded-Uri",
    "X-Forwarded-Tls-Client-Cert",
    "X-Real-IP",
    "X.Real.IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "Via",
    "Proxy",
    "Proxy-Authorization",
    "X-Original-URL",
    "X-Original-Host",
    "X-Rewrite-URL",
    "X_Rewrite_URL",
    "X-Accel-Redirect",
    "X-Sendfile",
    "X-Middleware-Subrequest",
    "X-Envoy-Original-Path",
    "X-HTTP-Method",
    "X-HTTP-Method-Override",
    "X_HTTP_Method_Override",
    "X-Method-Override",
    "X-Host",
    "Traceparent",
    "X-Request-Id",
    "Cookie2",
    "Keep-Alive",
    "TE",
    "Trailer",
    "HTTP2-Settings",
    "Authorization",
];

#[tokio::test]
async fn no_header_of_a_client_says_who_it_is_by_any_spelling() {
    let wire = Wire::start().await;
    for name in DROPPED {
        let twice = format!("{name}: {FORGED}\r\nAccept: */*\r\n{}: {FORGED}, {FORGED}\r\n", name.to_lowercase());
        let fate = if *name == "Authorization" { Refused } else { Passes };
        wire.expect(fate, name, &wire.head("GET /invoices", &twice)).await;
        if fate == Passes {
            let once = wire.head("POST /notes", &format!("{name}:{FORGED}\r\nContent-Length: 2\r\n")) + "hi";
            let seen = wire.expect(Passes, name, &once).await.seen;
            assert!(seen[0].ends_with("\r\n\r\nhi"), "{name}: {seen:?}");
        }
    }
}

#[tokio::test]
async fn a_name_that_is_no_token_is_refused_and_not_repaired() {
    let wire = Wire::start().await;
    for line in [
        "X-Chaperone-Subject : mallory",
        "X-Chaperone-Subject\t: mallory",
        " X-Chaperone-Subject: mallory",
        "X-Chaperone-Subject\u{0}: mallory",
        "X-Chaperone\u{AD}Subject: mallory",
        "X\u{E2}\u{80}\u{90}Chaperone\u{E2}\u{80}\u{90}Subject: mallory",
        "X\u{E2}\u{80}\u{91}Chaperone-Subject: mallory",
        "X-Chaperone-Subject",
        ": mallory",
        "X Chaperone Subject: mallory",
        "X-Chaperone-Subject;: mallory",
        "\"X-Chaperone-Subject\": mallory",
        "X-Note: a\r\n X-Chaperone-Subject: mallory",
        "X-Note: a\r\n\tX-Chaperone-Subject: mallory",
        "X-Note: a\u{0}b",
        "X-Note: a\rX-Chaperone-Subject: mallory",
        "X-Note: a\u{7F}",
        "X-Note: \u{1B}[2K",
    ] {
        wire.expect(Refused, line, &wire.head("GET /invoices", &format!("{line}\r\n"))).await;
    }
    // Lenient on line feeds, as RFC 9112 section 2.2 allows: then it is a header of its own, and dropped.
    wire.expect(Safe, "bare LF", &wire.head("GET /invoices", "X-Note: a\nX-Chaperone-Subject: mallory\r\n")).await;
}

#[tokio::test]
async fn connection_names_nothing_away_that_the_gate_adds() {
    let wire = Wire::start().await;
    for line in [
        "Connection: X-Chaperone-Assertion",
        "Connection: close, x-chaperone-subject, x-chaperone-actor",
        "Connection: keep-alive\r\nConnection: X-Chaperone-Subject",
        "Connection: Host, Cookie, Content-Length, X-Forwarded-For, Forwarded",
        "Connection: \"x-chaperone-assertion\", ,;, x_chaperone_assertion",
        "Proxy-Connection: X-Chaperone-Assertion",
        "Connection: TE\r\nTE: gzip, trailers;q=0.5",
    ] {
        let request = wire.head("POST /notes", &format!("{line}\r\nContent-Length: 5\r\n")) + "hello";
        let seen = wire.expect(Passes, line, &request).await.seen;
        assert!(seen[0].ends_with("\r\n\r\nhello"), "{line}: {seen:?}");
        assert!(!seen[0].to_lowercase().contains("\r\nconnection:"), "{line}: {seen:?}");
    }
    let listed = wire.head("GET /invoices", "Connection: X-Mine\r\nX-Mine: 1\r\nX-Kept: 1\r\n");
    let seen = wire.expect(Passes, "a field of this hop", &listed).await.seen;
    assert!(seen[0].contains("x-kept: 1") && !seen[0].contains("x-mine"), "{seen:?}");
}
