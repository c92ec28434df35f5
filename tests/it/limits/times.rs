//! So long: heads that do not come to their end, pauses, answers that nobody takes.
use std::time::Duration;

use serde_json::json;
use tokio::time::{interval, sleep};

use super::raw::{PATIENCE, Raw};
use crate::world::{HOST, Session, World, engineers, eventually, members};

const DRIP: Duration = Duration::from_millis(50);

async fn world(limits: &str) -> (World, Session) {
    let world = World::builder().section(&format!("[limits]\n{limits}")).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    (world, ada)
}

/// Sends field after field until the other side has enough of it.
async fn drip(raw: &mut Raw) {
    let mut pause = interval(DRIP);
    for _ in 0..PATIENCE.as_millis() / DRIP.as_millis() {
        pause.tick().await;
        if !raw.send("X-a: b\r\n").await {
            return;
        }
    }
    panic!("it went on without an end");
}

#[tokio::test]
async fn a_head_that_comes_drop_by_drop_is_not_waited_for() {
    let (world, ada) = world("head_time = \"400ms\"\nidle = \"60s\"").await;
    let mut first = Raw::open(world.gate.address).await;
    first.send(format!("GET /w/acme/a HTTP/1.1\r\nHost: {HOST}\r\n")).await;
    let mut second = Raw::open(world.gate.address).await;
    assert_eq!(second.status("/w/acme/a", &ada.cookie()).await, 200, "a second one on the same connection");
    second.send(format!("GET /w/acme/a HTTP/1.1\r\nHost: {HOST}\r\n")).await;
    let mut nothing = Raw::open(world.gate.address).await;
    let mut half = Raw::open(world.gate.address).await;
    half.send("PRI * HTTP/2.0\r\n").await;
    tokio::join!(drip(&mut first), drip(&mut second), nothing.closed(), half.closed());
    world.ask(&ada, "GET", "/w/acme/b").await.expect(200);
    assert_eq!(world.app.seen().len(), 2, "of the slow ones nothing came upstream");
}

#[tokio::test]
async fn a_connection_may_pause_between_requests_but_not_forever() {
    let (world, ada) = world("head_time = \"300ms\"\nidle = \"1500ms\"").await;
    let mut raw = Raw::open(world.gate.address).await;
    for _ in 0..3 {
        assert_eq!(raw.status("/w/acme/a", &ada.cookie()).await, 200);
        sleep(Duration::from_millis(600)).await;
    }
    raw.closed().await;
}

#[tokio::test]
async fn an_answer_that_goes_on_is_no_pause() {
    let (world, ada) = world("idle = \"300ms\"\nhead_time = \"300ms\"\nwrite_time = \"300ms\"").await;
    let mut events = world.events(&ada, "/w/acme/events").await;
    for _ in 0..60 {
        assert!(events.next().await.is_some(), "a tick comes every 20 ms");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_left() {
    let (world, ada) = world("write_time = \"500ms\"").await;
    let mut deaf = Raw::with_small_buffer(world.gate.address).await;
    let ask = format!("GET /w/acme/large HTTP/1.1\r\nHost: {HOST}\r\nCookie: {}\r\n\r\n", ada.cookie());
    deaf.send(ask).await;
    eventually("the app is asked", PATIENCE, async || (!world.app.seen().is_empty()).then_some(())).await;
    let left = async || (world.metric("chaperone_connections").await == 0).then_some(());
    eventually("it is left though it stays", PATIENCE, left).await;
}
