//! Grants that somebody should look at.
use serde_json::{Value, json};

use super::PATIENCE;
use crate::world::{World, engineers, eventually, members};

/// What the overview lists for review.
async fn review(world: &World) -> Value {
    let path = "/workspaces/acme/support-access";
    world.api("GET", path, &world.member(&members::OLGA), None).await.expect(200).json()["review"].clone()
}

#[tokio::test]
async fn a_grant_that_nobody_uses_is_listed_for_review_until_somebody_enters() {
    let world = World::builder().section("[grants]\nreview_unused = \"1s\"").start().await;
    assert_eq!(review(&world).await, json!([]));
    let grant = world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let listed = eventually("it is listed", PATIENCE, async || {
        let listed = review(&world).await;
        (listed != json!([])).then_some(listed)
    })
    .await;
    assert_eq!((&listed[0]["grant"], &listed[0]["why"]), (&json!(grant), &json!("unused")), "{listed}");
    world.enter(&engineers::ADA, "acme").await;
    assert_eq!(review(&world).await, json!([]));
}

#[tokio::test]
async fn a_grant_that_is_long_in_force_is_listed_for_review_though_it_is_used() {
    let world = World::builder().section("[grants]\nreview_long = \"1s\"").start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    world.enter(&engineers::ADA, "acme").await;
    let why = eventually("it is listed", PATIENCE, async || review(&world).await.get(0).cloned()).await;
    assert_eq!((&why["grant"], &why["why"]), (&json!(grant), &json!("long")), "{why}");
}

#[tokio::test]
async fn a_grant_that_is_about_to_end_is_reminded_of_once() {
    let world = World::builder().section("[grants]\nremind_before = \"3598s\"").start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1h"})).await;
    let short = world.grant(&members::OTTO, json!({"access": "read_only", "duration": "30m"})).await;
    let told = reminded_of(&world, &grant).await;
    assert_eq!(told["name"], "Support Access Ends Soon");
    let another = world.grant(&members::OTTO, json!({"access": "read_only", "duration": "1h"})).await;
    reminded_of(&world, &another).await;
    let all = reminders(&world).await;
    let count = |id: &str| all.iter().filter(|told| told["grant"] == id).count();
    assert_eq!((count(&grant), count(&another), count(&short)), (1, 1, 0), "one that is short altogether needs none");
}

/// The reminders of the trail.
async fn reminders(world: &World) -> Vec<Value> {
    let path = "/workspaces/acme/trail?kind=grant.reminded";
    let page = world.api("GET", path, &world.member(&members::OLGA), None).await.expect(200).json();
    page["items"].as_array().unwrap().clone()
}

async fn reminded_of(world: &World, grant: &str) -> Value {
    let is_it = |told: &Value| told["grant"] == grant;
    eventually("it is reminded of", PATIENCE, async || reminders(world).await.into_iter().find(is_it)).await
}
