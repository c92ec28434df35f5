//! So many connections: from one address, in all, while they shake hands, and to the operators' listener.
use super::raw::{ELSEWHERE, HERE, PATIENCE, Raw};
use crate::world::{World, eventually};

const OPEN: &str = "chaperone_connections";

/// Waits until no connection of the story's beginning is left.
async fn quiet(world: &World) {
    eventually("all are closed", PATIENCE, async || (world.metric(OPEN).await == 0).then_some(())).await;
}

/// So many connections from there that are served, though nobody has a session.
async fn served(world: &World, from: &str, n: usize) -> Vec<Raw> {
    let mut open = Vec::new();
    for _ in 0..n {
        let mut raw = Raw::from(from, world.gate.address).await;
        assert_eq!(raw.status("/", "").await, 401);
        open.push(raw);
    }
    open
}

/// What the log says of connections that were turned away.
fn lines(world: &World) -> usize {
    world.gate.log().iter().filter(|line| line["message"].to_string().contains("closed at once")).count()
}

#[tokio::test]
async fn one_address_has_its_share_of_connections_and_another_one_still_gets_in() {
    let world = World::builder().section("[limits]\nconnections_per_address = 9").start().await;
    quiet(&world).await;
    let mut open = served(&world, HERE, 9).await;
    for _ in 0..20 {
        Raw::open(world.gate.address).await.closed().await;
    }
    served(&world, ELSEWHERE, 9).await;
    assert_eq!(open[0].status("/", "").await, 401, "those that are open go on");
    assert_eq!(world.metric("chaperone_connections_refused_total{reason=\"address\"}").await, 20);
    assert_eq!(lines(&world), 1, "a flood does not flood the log");
    open.pop();
    let again = async || (Raw::open(world.gate.address).await.status("/", "").await == 401).then_some(());
    eventually("a place is free again", PATIENCE, again).await;
}

#[tokio::test]
async fn beyond_all_connections_nobody_is_served_and_what_is_open_goes_on() {
    let world = World::builder().section("[limits]\nconnections = 10").start().await;
    quiet(&world).await;
    let mut open = served(&world, HERE, 5).await;
    open.append(&mut served(&world, ELSEWHERE, 5).await);
    assert_eq!(world.metric(OPEN).await, 10);
    Raw::from("127.0.0.3", world.gate.address).await.closed().await;
    assert_eq!(world.metric("chaperone_connections_refused_total{reason=\"all\"}").await, 1);
    for raw in &mut open {
        assert_eq!(raw.status("/", "").await, 401);
    }
    world.ops("/healthz").await.expect(200);
}

/// A WebSocket leaves HTTP behind, but not its place.
#[tokio::test]
async fn a_websocket_keeps_its_place_until_it_is_closed() {
    let world = World::builder().section("[limits]\nidle = \"1s\"").start().await;
    world.grant(&crate::world::members::OLGA, serde_json::json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&crate::world::engineers::ADA, "acme").await;
    let mut socket = world.socket(&ada, "/w/acme/live").await.expect("a WebSocket");
    assert_eq!(socket.say("hello").await, "hello");
    let alone = async || (world.metric(OPEN).await == 1).then_some(());
    eventually("only the WebSocket is open", PATIENCE, alone).await;
    assert_eq!(socket.say("still there").await, "still there");
    drop(socket);
    quiet(&world).await;
}

#[tokio::test]
async fn whoever_does_not_end_a_handshake_takes_no_place_from_another_address_and_is_left() {
    let limits = "[limits]\nhandshakes = 4\nhandshake_time = \"1s\"";
    let world = World::builder().section(limits).tls().start().await;
    // Each is left after a second: on a busy machine that may be over before the next one knocks.
    let mut silent = Vec::new();
    eventually("the share of this address is taken", PATIENCE, async || {
        silent.push(Raw::open(world.gate.address).await);
        (!world.try_connect().await).then_some(())
    })
    .await;
    assert!(world.metric("chaperone_connections_refused_total{reason=\"handshakes\"}").await > 0);
    for raw in &mut silent {
        raw.closed().await;
    }
    eventually("it is free again", PATIENCE, async || world.try_connect().await.then_some(())).await;
}

#[tokio::test]
async fn the_operators_listener_has_few_places_and_gives_them_back() {
    let world = World::builder().section("[limits]\nops_connections = 3\nhead_time = \"1s\"").start().await;
    let ops = world.gate.ops;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(Raw::open(ops).await);
    }
    for raw in &mut silent {
        raw.closed().await;
    }
    assert!(world.metric("chaperone_connections_refused_total{reason=\"ops\"}").await >= 7);
}
