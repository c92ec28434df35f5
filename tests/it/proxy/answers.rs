//! What an app answers: nothing of it speaks in the gate's name.
use super::wire::Wire;

/// What a hostile app wants a browser to see or keep.
const EVIL: &str = "EVIL";

#[tokio::test]
async fn nothing_that_an_app_answers_speaks_in_the_gates_name() {
    let wire = Wire::start().await;
    for line in [
        "Set-Cookie: __Host-chaperone=EVIL; Path=/; Secure",
        "Set-Cookie: __host-Chaperone=EVIL; Path=/; Secure",
        "Set-Cookie: =__Host-chaperone=EVIL; Path=/",
        "Set-Cookie: __Host-chaperone-staff=EVIL; Path=/; Secure",
        "Set-Cookie: sid=EVIL; Domain=example.com; Path=/",
        "Set-Cookie2: sid=EVIL",
        "set_cookie: sid=EVIL",
        "Connection: X-Inner\r\nX-Inner: EVIL",
        "Keep-Alive: EVIL",
        "Proxy-Authenticate: Basic realm=EVIL",
        "Proxy-Connection: EVIL",
        "X-Chaperone-Subject: EVIL",
        "X-Chaperone-Assertion: EVIL",
        "X_Chaperone_Subject: EVIL",
        "X.Chaperone.Subject: EVIL",
        "X-Request-Id: EVIL",
        "Alt-Svc: h3=\"EVIL:8443\"; ma=86400",
        "Upgrade: EVIL",
        "Trailer: EVIL",
    ] {
        wire.origin.answer(&format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{line}\r\n\r\nok"));
        let outcome = wire.send_patiently(&wire.head("GET /invoices", "")).await;
        assert_eq!(outcome.status, Some(2), "{line}: {outcome:?}");
        assert!(!outcome.answer.contains(EVIL) && outcome.answer.ends_with("ok"), "{line}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_answer_that_can_be_read_in_two_ways_is_not_passed_on_as_one() {
    let wire = Wire::start().await;
    let early = "HTTP/1.1 103 Early Hints\r\nSet-Cookie: EVIL=1\r\nX-Chaperone-Subject: EVIL\r\n\r\n";
    let trailer = "Transfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: EVIL=1\r\n\r\n";
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\nSet-Cookie: EVIL=1\r\n\r\nok".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\rSet-Cookie: EVIL=1\r\n\r\nok".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie : EVIL=1\r\n\r\nok".to_owned(),
        format!("{early}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        format!("{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", early.repeat(200)),
        format!("HTTP/1.1 200 OK\r\n{trailer}"),
        "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nEVIL".to_owned(),
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nEVIL".to_owned(),
        format!("HTTP/1.1 200 OK\r\nX-Big: {}EVIL\r\nContent-Length: 2\r\n\r\nok", "a".repeat(600_000)),
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 6\r\n\r\nokEVIL".to_owned(),
        "EVIL".to_owned(),
    ] {
        wire.origin.answer(&answer);
        let outcome = wire.send_patiently(&wire.head("GET /invoices", "")).await;
        let shown = &answer[..answer.len().min(200)];
        assert!(!outcome.answer.contains(EVIL), "{shown}: {outcome:?}");
        // One answer, whole or none.
        assert!(outcome.answer.matches("HTTP/1.1 ").count() <= 1, "{shown}: {outcome:?}");
    }
}
