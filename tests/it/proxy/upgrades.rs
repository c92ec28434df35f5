//! Other protocols: a WebSocket that was asked for and judged, and nothing else.
use super::wire::Fate::{Passes, Refused, Safe};
use super::wire::Wire;

const KEY: &str = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

#[tokio::test]
async fn no_protocol_is_offered_to_the_app_that_nobody_would_judge() {
    let wire = Wire::start().await;
    for lines in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
        "Connection: Upgrade\r\nUpgrade: H2C",
        "Upgrade: h2c",
        "Connection: Upgrade\r\nUpgrade: websocket, h2c",
        "Connection: Upgrade\r\nUpgrade: h2c, websocket",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c",
        "Connection: Upgrade\r\nUpgrade: TLS/1.2",
        "Connection: Upgrade\r\nUpgrade: connect-udp",
        "Upgrade: websocket",
        "Connection: close\r\nUpgrade: websocket",
    ] {
        let seen = wire.expect(Passes, lines, &wire.head("GET /invoices", &format!("{lines}\r\n{KEY}"))).await.seen;
        assert!(!seen[0].to_lowercase().contains("\r\nupgrade:"), "{lines}: {seen:?}");
    }
    let with_body = format!("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n{KEY}");
    let seen = wire.expect(Passes, "with a body", &(wire.head("GET /ws/live", &with_body) + "hi")).await.seen;
    assert!(!seen[0].to_lowercase().contains("\r\nupgrade:"), "{seen:?}");
}

#[tokio::test]
async fn a_socket_that_is_refused_opens_nothing_and_what_follows_is_judged() {
    let wire = Wire::start().await;
    let upgrade = format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{KEY}");
    for start in ["GET /admin/live", "GET /%61dmin/live", "DELETE /live"] {
        let behind = wire.head("GET /admin/users", "");
        wire.expect(Refused, start, &(wire.head(start, &upgrade) + &behind)).await;
    }
    // The app does not switch: what was sent early is the next request, and judged as one.
    let early = wire.head("GET /ws/live", &upgrade) + &wire.head("GET /admin/users", "");
    let answered = wire.expect(Safe, "sent early", &early).await;
    assert!(answered.seen.iter().all(|request| request.starts_with("GET /ws/live ")), "{answered:?}");
}

#[tokio::test]
async fn an_app_that_switches_unasked_is_not_followed() {
    let wire = Wire::start().await;
    for switched in [SWITCHED, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"] {
        wire.origin.answer(switched);
        let outcome = wire.send_patiently(&wire.head("GET /invoices", "")).await;
        assert_eq!(outcome.status, Some(5), "{outcome:?}");
    }
}
