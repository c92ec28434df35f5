//! Engineers, members and workspaces change.
use chaperone::domain::time::Clock;
use serde_json::{Value, json};

use super::{Open, enter, full, inside, shuts_out, world};
use crate::world::{Engineer, Member, World, engineers, members, refused};

async fn put(world: &World, path: &str, document: Value) {
    let put = world.api("PUT", path, &world.directory, Some(document)).await;
    assert!(put.status.is_success(), "{}", put.text());
}

/// Claims of a token that is made after everything that was said so far.
fn later(mut claims: Value) -> Value {
    claims["iat"] = json!(Clock::system().now().as_seconds() + 5);
    claims
}

async fn delete(world: &World, path: &str) {
    world.api("DELETE", path, &world.directory, None).await.expect(204);
}

#[tokio::test]
async fn an_engineer_who_is_disabled_or_forgotten_is_out_with_everything_open() {
    let world = world().start().await;
    shuts_out(&world, async || put(&world, "/engineers/ada", json!({"disabled": true})).await, (403, "policy-denied"))
        .await;
    assert_eq!(world.try_enter(&engineers::ADA, enter()).await.problem(), refused(403, "policy-denied"));

    let world = super::world().start().await;
    shuts_out(&world, async || delete(&world, "/engineers/ada").await, (403, "policy-denied")).await;
}

#[tokio::test]
async fn an_engineer_whose_newest_token_names_no_allowed_group_is_out_and_an_older_token_brings_nobody_back() {
    let world = world().start().await;
    let older = world.engineer(&engineers::ADA);
    let moved = Engineer { group: "sales", ..engineers::ADA };
    let mut claims = later(moved.claims());
    let newest = world.staff.sign(&claims);
    let present = async || {
        let refused_now = world.api("POST", "/sessions", &newest, Some(enter())).await;
        assert_eq!(refused_now.problem(), refused(403, "policy-denied"));
    };
    shuts_out(&world, present, (403, "policy-denied")).await;
    let again = world.api("POST", "/sessions", &older, Some(enter())).await;
    assert_eq!(again.problem(), refused(403, "policy-denied"), "the older token does not undo the newer word");
    claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 5);
    claims["groups"] = json!(["support"]);
    let back = world.staff.sign(&claims);
    world.api("POST", "/sessions", &back, Some(enter())).await.expect(201);
}

#[tokio::test]
async fn an_engineer_who_left_the_groups_that_a_grant_names_is_out_of_it() {
    let world = world().start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d", "groups": ["support"]})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let open = Open::all(&world, &ada).await;
    let changed = std::time::Instant::now();
    let moved = Engineer { group: "billing-support", ..engineers::ADA };
    assert_eq!(world.try_enter(&moved, enter()).await.problem(), refused(403, "not-named"));
    open.cut(changed, (403, "not-named")).await;
}

#[tokio::test]
async fn a_member_who_is_demoted_or_deleted_lends_no_login_any_more() {
    let demoted = Member { role: "member", ..members::OLGA };
    let world = world().start().await;
    shuts_out(&world, async || world.put_member(&demoted).await, (403, "grant-ended")).await;
    assert_eq!(world.try_enter(&engineers::ADA, enter()).await.problem(), refused(403, "grant-ended"));

    let world = super::world().start().await;
    let by_token = async || {
        let token = world.customers.sign(&later(demoted.claims()));
        world.api("GET", "/workspaces/acme/support-access", &token, None).await.expect(403);
    };
    shuts_out(&world, by_token, (403, "grant-ended")).await;

    let world = super::world().start().await;
    shuts_out(&world, async || delete(&world, "/workspaces/acme/members/olga").await, (403, "grant-ended")).await;
}

#[tokio::test]
async fn a_workspace_that_forces_single_sign_on_or_is_deleted_shuts_everybody_out() {
    let world = world().start().await;
    shuts_out(&world, async || world.put_workspace("acme", json!({"forced_sso": true})).await, (403, "forced-sso"))
        .await;
    assert_eq!(world.try_grant(&members::OLGA, full()).await.problem(), refused(403, "forced-sso"));

    let world = super::world().start().await;
    shuts_out(&world, async || delete(&world, "/workspaces/acme").await, (403, "grant-ended")).await;
}

#[tokio::test]
async fn plan_and_labels_of_a_workspace_work_on_what_is_open_as_the_policies_say() {
    let own = r#"
@id("own-paying") @code("plan-required") @reason("support is part of the team plan")
forbid (principal, action in [Action::"Read", Action::"Write", Action::"Delete"], resource) when { resource.plan == "free" };
@id("own-frozen") @code("frozen") @reason("this workspace is frozen")
forbid (principal, action in [Action::"Read", Action::"Write", Action::"Delete"], resource) when { resource.labels.contains("frozen") };
"#;
    let policies = || world().policy("segment.cedar", crate::world::SEGMENT).policy("own.cedar", own);
    let world = policies().start().await;
    shuts_out(&world, async || world.put_workspace("acme", json!({"plan": "free"})).await, (403, "plan-required"))
        .await;

    let world = policies().start().await;
    shuts_out(&world, async || world.put_workspace("acme", json!({"labels": ["frozen"]})).await, (403, "frozen")).await;
}

#[tokio::test]
async fn changes_that_forbid_nothing_cut_nothing() {
    let world = world().start().await;
    let ada = inside(&world).await;
    let Open { mut events, mut socket, upload, download } = Open::all(&world, &ada).await;
    world.put_workspace("acme", json!({"name": "Acme Corp.", "plan": "team"})).await;
    world.put_member(&Member { role: "owner", ..members::MAX }).await;
    let promoted = Engineer { group: "billing-support", ..engineers::ADA };
    world.try_enter(&promoted, enter()).await.expect(201);
    assert!(events.next().await.unwrap().contains("tick"));
    assert_eq!(socket.say("still here").await, "still here");
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    drop((upload, download));
}
