//! So often: requests, and above all what turns out to be nobody's.
use serde_json::{Value, json};

use super::raw::{ELSEWHERE, PATIENCE, Raw};
use crate::world::{Engineer, Reply, Session, World, body, engineers, eventually, members, refused, request};

const TOO_MANY: &str = "chaperone_refusals_total{code=\"too-many-requests\"}";

async fn world(limits: &str) -> World {
    let world = World::builder().section(&format!("[limits]\n{limits}")).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    world
}

/// Asks until it is too often; gives that answer, and how many came before it.
async fn until_too_many(mut ask: impl AsyncFnMut() -> Reply) -> (Reply, usize) {
    for n in 0..1000 {
        let answer = ask().await;
        if answer.status == 429 {
            return (answer, n);
        }
    }
    panic!("it was never too often");
}

/// A session's token that nobody ever made.
fn made_up(n: usize) -> Session {
    Session { id: String::new(), token: format!("chs_{n:042}A") }
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_to_wait_and_another_is_served() {
    let world = world("requests_per_address = { per_second = 1, burst = 60 }").await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let (answer, _) = until_too_many(async || world.ask(&ada, "GET", "/w/acme/a").await).await;
    assert_eq!(answer.problem(), refused(429, "too-many-requests"));
    assert!(answer.header("retry-after").is_some() && answer.header("x-request-id").is_some());
    let asked = world.app.seen().len();
    assert_eq!(Raw::from(ELSEWHERE, world.gate.address).await.status("/w/acme/a", &ada.cookie()).await, 200);
    assert_eq!(world.app.seen().len(), asked + 1, "what was refused did not reach the app");
    let again = async || (world.ask(&ada, "GET", "/w/acme/a").await.status == 200).then_some(());
    eventually("after a while it is served again", PATIENCE, again).await;
}

#[tokio::test]
async fn a_call_that_came_too_often_can_be_repeated_as_if_it_had_never_been_made() {
    let world = world("requests_per_address = { per_second = 2, burst = 60 }").await;
    let create = async || {
        let call = request("POST", "/.chaperone/api/v1/workspaces/acme/grants");
        let call = call.header("authorization", format!("Bearer {}", world.member(&members::OTTO)));
        world.call(call.header("idempotency-key", "once"), Some(json!({"access": "full", "duration": "1d"}))).await
    };
    until_too_many(async || world.api("GET", "/workspaces/acme", &world.directory, None).await).await;
    assert_eq!(create().await.problem(), refused(429, "too-many-requests"));
    let made = eventually("it is made", PATIENCE, async || {
        let answer = create().await;
        (answer.status != 429).then_some(answer)
    });
    let made = made.await.expect(201).json();
    let again = eventually("it is told", PATIENCE, async || {
        let answer = create().await;
        (answer.status != 429).then_some(answer)
    });
    assert_eq!(again.await.json()["id"], made["id"]);
}

#[tokio::test]
async fn an_engineer_who_asks_too_often_slows_nobody_else_down() {
    let world = world("requests_per_engineer = { per_second = 1, burst = 20 }").await;
    let enter = async |engineer: &Engineer| world.enter(engineer, "acme").await;
    let (ada, brian) = (enter(&engineers::ADA).await, enter(&engineers::BRIAN).await);
    let (answer, before) = until_too_many(async || world.ask(&ada, "GET", "/w/acme/a").await).await;
    assert_eq!(answer.problem(), refused(429, "too-many-requests"));
    assert!(before >= 20, "{before}");
    world.ask(&brian, "GET", "/w/acme/a").await.expect(200);
}

#[tokio::test]
async fn made_up_sessions_are_not_looked_up_for_long_and_a_live_one_goes_on() {
    let world = world("unproven_per_address = { per_second = 1, burst = 10 }").await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    let mut n = 0;
    let made_up = async || {
        n += 1;
        world.ask(&made_up(n), "GET", "/w/acme/a").await
    };
    let (answer, before) = until_too_many(made_up).await;
    assert_eq!(answer.problem(), refused(429, "too-many-requests"));
    assert!(answer.header("retry-after").is_some());
    assert!((10..30).contains(&before), "{before}");
    let (reads, refusals) = (world.metric("chaperone_cache_misses").await, world.metric(TOO_MANY).await);
    for n in 0..200 {
        let mut raw = Raw::open(world.gate.address).await;
        raw.status("/w/acme/a", &format!("__Host-chaperone=chs_{:042}A", 1000 + n)).await;
        if n % 20 == 0 {
            world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
        }
    }
    let (reads_after, refusals_after) = (world.metric("chaperone_cache_misses").await, world.metric(TOO_MANY).await);
    // It goes on while the limit lets one through a second.
    assert!(refusals_after > refusals + 100, "{refusals} {refusals_after}");
    assert!(reads_after < reads + 100, "{reads} {reads_after}");
    let other = Raw::from(ELSEWHERE, world.gate.address).await.status("/w/acme/a", &made_up_cookie()).await;
    assert_eq!(other, 401, "another address may try");
    let lines = world.gate.log().into_iter().filter(|line| line["code"] == "too-many-requests").count();
    assert_eq!(lines, 0, "a flood does not flood the log");
}

fn made_up_cookie() -> String {
    made_up(0).cookie()
}

#[tokio::test]
async fn tokens_that_do_not_verify_are_not_verified_for_long() {
    let world = world("unproven_per_address = { per_second = 1, burst = 10 }").await;
    let stranger = crate::world::Issuer::staff().sign(&engineers::ADA.claims());
    let path = "/workspaces/acme/grants";
    let (answer, before) = until_too_many(async || world.api("GET", path, &stranger, None).await).await;
    assert_eq!(answer.problem(), refused(429, "too-many-requests"));
    assert!(answer.header("retry-after").is_some() && before >= 10, "{before}");
    let bearer = world.member(&members::OLGA);
    let again = async || (world.api("GET", path, &bearer, None).await.status == 200).then_some(());
    eventually("a good one is taken again after a while", PATIENCE, again).await;
    let keys = request("GET", "/.chaperone/jwks.json").body(body("")).unwrap();
    let told: Value = world.send(keys).await.expect(200).json();
    assert!(told["keys"].is_array(), "what needs no token was never refused");
}
