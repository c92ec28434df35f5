//! The keys of issuers change.
use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Open, enter, inside, shuts_out, world};
use crate::world::{Issuer, World, engineers, eventually, members, refused};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Publishes these issuers' keys as `file`, as editors do: beside, then over.
fn publish(world: &World, file: &str, issuers: &[&Issuer]) {
    let keys: Vec<Value> = issuers.iter().map(|issuer| issuer.jwks()["keys"][0].clone()).collect();
    fs::write(world.path("draft"), json!({ "keys": keys }).to_string()).unwrap();
    fs::rename(world.path("draft"), world.path(file)).unwrap();
}

async fn reloads(world: &World, what: &str, result: &str) -> u64 {
    world.metric(&format!("chaperone_reloads_total{{result=\"{result}\",what=\"{what}\"}}")).await
}

#[tokio::test]
async fn a_withdrawn_staff_key_ends_the_sessions_that_it_signed_and_spares_others() {
    let world = world().start().await;
    let next = Issuer::staff().named("k2");
    publish(&world, "staff.jwks.json", &[&world.staff, &next]);
    world.grant(&members::OTTO, json!({"access": "full", "duration": "1d", "engineers": ["brian"]})).await;
    let token = next.sign(&engineers::BRIAN.claims());
    let started = world.api("POST", "/sessions", &token, Some(enter())).await.expect(201).json();
    let brian = crate::world::Session {
        id: started["id"].as_str().unwrap().to_owned(),
        token: started["token"].as_str().unwrap().to_owned(),
    };
    let mut spared = world.events(&brian, "/w/acme/events").await;

    let withdraw = async || publish(&world, "staff.jwks.json", &[&next]);
    shuts_out(&world, withdraw, (401, "session-ended")).await;
    assert_eq!(world.try_enter(&engineers::ADA, enter()).await.problem(), refused(401, "unauthenticated"));
    assert!(spared.next().await.unwrap().contains("tick"));
    world.ask(&brian, "GET", "/w/acme/a").await.expect(200);
}

#[tokio::test]
async fn a_file_of_keys_that_cannot_be_read_ends_nothing_and_says_so() {
    let world = world().start().await;
    let ada = inside(&world).await;
    let open = Open::all(&world, &ada).await;
    for (file, what) in [("staff.jwks.json", "staff-keys"), ("customers.jwks.json", "customers-keys")] {
        let good = fs::read(world.path(file)).unwrap();
        fs::write(world.path(file), "{\"keys\": [").unwrap();
        eventually("it is refused", PATIENCE, async || (reloads(&world, what, "failed").await > 0).then_some(())).await;
        let told = world.ops("/readyz").await.expect(200).json()["files"].to_string();
        assert!(told.contains(what) && told.contains(file), "{told}");
        world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
        fs::write(world.path(file), good).unwrap();
        let well = async || (world.ops("/readyz").await.json()["files"] == "ok").then_some(());
        eventually("all is well", PATIENCE, well).await;
    }
    let changed = Instant::now();
    publish(&world, "staff.jwks.json", &[&Issuer::staff()]);
    open.cut(changed, (401, "session-ended")).await;
}

#[tokio::test]
async fn a_key_that_was_withdrawn_while_the_gate_was_down_ends_its_sessions_at_start() {
    let mut world = world().start().await;
    let ada = inside(&world).await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    world.gate.terminate();
    world.gate.ended(PATIENCE).await;
    publish(&world, "staff.jwks.json", &[&Issuer::staff()]);
    world.restart().await;
    let ended = async || (world.ask(&ada, "GET", "/w/acme/a").await.status == 401).then_some(());
    eventually("the session has ended", PATIENCE, ended).await;
}

#[tokio::test]
async fn a_new_key_of_the_customers_works_at_once_and_an_old_one_no_longer() {
    let world = world().start().await;
    let next = Issuer::customers().named("k2");
    publish(&world, "customers.jwks.json", &[&next]);
    let call = async |issuer: &Issuer| {
        let token = issuer.sign(&members::OLGA.claims());
        world.api("GET", "/workspaces/acme/support-access", &token, None).await.status.as_u16()
    };
    eventually("the new key", PATIENCE, async || (call(&next).await == 200).then_some(())).await;
    assert_eq!(call(&world.customers).await, 401);
}
