//! Where a request ends: no two servers may see it in different places.
use super::wire::Fate::{Broken, Passes, Refused, Safe};
use super::wire::{FORGED, Wire};

/// A whole request that must never be taken for one.
const HIDDEN: &str = "GET /admin/smuggled HTTP/1.1\r\nHost: x\r\nX-Chaperone-Subject: mallory\r\n\r\n";
const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

#[tokio::test]
async fn a_length_that_can_be_read_in_two_ways_is_refused() {
    let wire = Wire::start().await;
    for lines in [
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5, 5",
        "Content-Length: 5,6",
        "Content-Length: 5 5",
        "Content-Length: 5;5",
        "Content-Length: 5.0",
        "Content-Length: 5e0",
        "Content-Length: \"5\"",
        "Content-Length: ",
        "Content-Length: \u{B}5",
        "Content-Length: 18446744073709551621",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 0\r\nContent-Length: 5",
        "Content-Length : 5",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
        "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding:\u{B}chunked",
        "Transfer-Encoding: chunked\u{B}",
        "Transfer-Encoding: ",
        "Transfer-Encoding: chunk",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding : chunked",
        " Transfer-Encoding: chunked",
    ] {
        for body in ["hello", "0\r\n\r\n", &format!("0\r\n\r\n{HIDDEN}")] {
            wire.expect(Refused, lines, &(wire.head("POST /notes", &format!("{lines}\r\n")) + body)).await;
        }
    }
}

#[tokio::test]
async fn chunks_win_over_a_length_and_none_is_relayed() {
    let wire = Wire::start().await;
    for length in ["0", "4", "5"] {
        let length = format!("Content-Length: {length}\r\n");
        for lines in [format!("{CHUNKED}{length}"), format!("{length}{CHUNKED}")] {
            wire.expect(Safe, &lines, &format!("{}0\r\n\r\n{HIDDEN}", wire.head("POST /notes", &lines))).await;
        }
    }
}

#[tokio::test]
async fn look_alikes_of_framing_fields_frame_nothing() {
    let wire = Wire::start().await;
    for lines in
        ["Transfer_Encoding: chunked", "Transfer.Encoding: chunked", "Content_Length: 50", "Content-Length-: 9"]
    {
        let request = wire.head("POST /notes", &format!("{lines}\r\nContent-Length: 5\r\n")) + "hello";
        let seen = wire.expect(Passes, lines, &request).await.seen;
        assert!(seen[0].contains("content-length: 5\r\n") && seen[0].ends_with("\r\n\r\nhello"), "{seen:?}");
    }
    for lines in ["Transfer-Encoding: CHUNKED", "Transfer-Encoding:\tchunked \t"] {
        let request = wire.head("POST /notes", &format!("{lines}\r\n")) + "5;x=\"y\"\r\nhello\r\n0\r\n\r\n";
        let seen = wire.expect(Passes, lines, &request).await.seen;
        assert!(seen[0].contains("hello") && !seen[0].contains("x="), "{lines}: {seen:?}");
    }
}

#[tokio::test]
async fn a_broken_chunk_breaks_the_request_and_reaches_nobody_whole() {
    let wire = Wire::start().await;
    for chunks in [
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "5g\r\nhello\r\n0\r\n\r\n",
        "5,\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        ";\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloworld\r\n0\r\n\r\n",
        "5\r\nhel",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5\u{0}\r\nhello\r\n0\r\n\r\n",
    ] {
        wire.expect(Broken, chunks, &(wire.head("POST /notes", CHUNKED) + chunks)).await;
    }
    wire.expect(Broken, "short", &(wire.head("POST /notes", "Content-Length: 500\r\n") + "hello")).await;
}

#[tokio::test]
async fn a_body_stays_a_body_and_each_request_of_a_connection_is_judged() {
    let wire = Wire::start().await;
    let length = format!("Content-Length: {}\r\n", HIDDEN.len());
    for start in ["GET /invoices", "OPTIONS /invoices", "POST /notes"] {
        let seen = wire.expect(Passes, start, &(wire.head(start, &length) + HIDDEN)).await.seen;
        assert!(seen[0].ends_with(HIDDEN), "{seen:?}");
    }
    let chunked = format!("{:x}\r\n{HIDDEN}\r\n0\r\n\r\n", HIDDEN.len());
    wire.expect(Passes, "in a chunk", &(wire.head("POST /notes", CHUNKED) + &chunked)).await;
    let (fine, bad) = (wire.head("GET /invoices", ""), wire.head("GET /admin/users", ""));
    wire.expect(Passes, "a forbidden one behind", &format!("{fine}{bad}")).await;
    let later = wire.expect(Safe, "none at all behind", &format!("{fine}{HIDDEN}")).await;
    assert_eq!(later.seen.len(), 1, "{later:?}");
    // Behind a refused request with a body, nothing is taken out of that body.
    let refused = wire.head("POST /admin/users", &length) + HIDDEN;
    wire.expect(Refused, "in a refused body", &refused).await;
}

#[tokio::test]
async fn trailers_carry_no_identity_and_no_framing() {
    let wire = Wire::start().await;
    for trailer in [
        "X-Chaperone-Subject: mallory",
        "X_Chaperone_Subject: mallory",
        "X-ChaperoneSubject: mallory",
        "Cookie: mallory=1",
        "Authorization: mallory",
        "Host: mallory",
        "Transfer-Encoding: mallory",
        "X-Forwarded-For: mallory",
        "X-HTTP-Method-Override: mallory",
        "Set-Cookie: mallory=1",
        "Content-Type: mallory",
    ] {
        let announced = trailer.split(':').next().unwrap();
        let head = wire.head("POST /notes", &format!("{CHUNKED}Trailer: {announced}\r\nTE: trailers\r\n"));
        let request = format!("{head}2\r\nhi\r\n0\r\n{trailer}\r\n\r\n");
        wire.expect(Safe, trailer, &request).await;
    }
}

#[tokio::test]
async fn odd_versions_and_request_lines_are_refused() {
    let wire = Wire::start().await;
    let rest = wire.head("", "").split_once("\r\n").unwrap().1.to_owned();
    for line in [
        "GET /invoices",
        "GET /invoices HTTP/0.9",
        "GET /invoices HTTP/1.2",
        "GET /invoices HTTP/2.0",
        "GET /invoices HTTP/3",
        "GET /invoices http/1.1",
        "GET /invoices HTTP/1.1 ",
        "GET /invoices HTTP/1.1 HTTP/1.1",
        "GET\t/invoices\tHTTP/1.1",
        "GET /invoices\u{B}HTTP/1.1",
        "GET /invoices\u{0} HTTP/1.1",
        " GET /invoices HTTP/1.1",
        "get /invoices HTTP/1.1",
        "delete /invoices HTTP/1.1",
        "DELETE /invoices HTTP/1.1",
        "G=T /invoices HTTP/1.1",
        "TRACE /invoices HTTP/1.1",
        "TRACK /invoices HTTP/1.1",
        "PURGE /invoices HTTP/1.1",
        "DEBUG /invoices HTTP/1.1",
        "CONNECT support.example.com:443 HTTP/1.1",
        "CONNECT /invoices HTTP/1.1",
    ] {
        wire.expect(Refused, line, &format!("{line}\r\n{rest}")).await;
    }
    let cookie = wire.session.cookie();
    let old = format!("GET /invoices HTTP/1.0\r\nCookie: {cookie}\r\n\r\n");
    wire.expect(Refused, "HTTP/1.0 without Host", &old).await;
    let old = wire.head("POST /notes", CHUNKED).replace("HTTP/1.1", "HTTP/1.0") + "0\r\n\r\n";
    wire.expect(Refused, "chunks in HTTP/1.0", &old).await;
    let old = wire.head("GET /invoices", "").replace("HTTP/1.1", "HTTP/1.0");
    wire.expect(Safe, "HTTP/1.0", &old).await;
}

#[tokio::test]
async fn expectations_and_ranges_that_nobody_meets_do_no_harm() {
    let wire = Wire::start().await;
    for line in [
        format!("Expect: {FORGED}"),
        "Expect: 100-continue\r\nExpect: 100-continue".to_owned(),
        format!("Range: bytes={}", "0-1,".repeat(2000)),
        format!("If-Range: {}", "x".repeat(4000)),
    ] {
        wire.expect(Safe, &line, &(wire.head("PUT /notes/1", &format!("{line}\r\nContent-Length: 2\r\n")) + "hi"))
            .await;
    }
    let many = "X-A: b\r\n".repeat(101);
    wire.expect(Refused, "101 fields", &wire.head("GET /invoices", &many)).await;
    wire.expect(Refused, "a long field", &wire.head("GET /invoices", &format!("X-A: {}\r\n", "b".repeat(40_000))))
        .await;
    wire.expect(Refused, "a long path", &wire.head(&format!("GET /{}", "b".repeat(70_000)), "")).await;
}
