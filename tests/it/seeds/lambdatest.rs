//! LambdaTest: one grant for the organization, until somebody revokes it, with full access.
use serde_json::json;

use super::{entry, gate, recorded, seen, shut_to, works};
use crate::world::{Member, engineers, members, refused};

/// An administrator of acme, who does not own it.
const ANN: Member = Member { workspace: "acme", id: "ann", role: "admin" };

fn access() -> serde_json::Value {
    json!({"until_revoked": true, "access": "full"})
}

#[tokio::test]
async fn l1_a_signed_in_customer_reaches_support_access() {
    let world = gate("lambdatest").await;
    for member in [members::OLGA, ANN, members::MAX] {
        assert_eq!(seen(&world, &member).await["workspace"], "acme");
    }
    let elsewhere = world.api("GET", "/workspaces/acme/support-access", &world.member(&members::GUS), None).await;
    assert_eq!(elsewhere.problem(), refused(404, "not-found"));
}

#[tokio::test]
async fn l2_one_grant_access_action_turns_access_on_for_the_organization() {
    let world = gate("lambdatest").await;
    let grant = world.grant(&ANN, access()).await;
    for engineer in [engineers::ADA, engineers::BRIAN, engineers::CAROL] {
        let session = world.enter(&engineer, "acme").await;
        works(&world, &session, "acme").await;
    }
    let second = world.try_grant(&members::OLGA, access()).await;
    assert_eq!(second.problem(), refused(409, "conflict"), "one grant is all there is to turn on");
    assert_eq!(seen(&world, &members::OLGA).await["grants"][0]["id"], json!(grant));
}

#[tokio::test]
async fn l3_the_page_then_shows_the_granted_state() {
    let world = gate("lambdatest").await;
    assert_eq!(seen(&world, &members::MAX).await["granted"], false);
    world.grant(&ANN, access()).await;
    let page = seen(&world, &members::MAX).await;
    assert_eq!((&page["granted"], &page["grants"][0]["standing"]), (&json!(true), &json!("live")));
    assert_eq!(page["grants"][0]["subject"], "ann");
}

#[tokio::test]
async fn l4_staff_log_in_on_the_customers_behalf_without_a_further_step() {
    let world = gate("lambdatest").await;
    world.grant(&ANN, access()).await;
    for _ in 0..2 {
        let session = world.enter(&engineers::ADA, "acme").await;
        world.ask(&session, "GET", "/w/acme/invoices").await.expect(200);
        let seen = world.app.last();
        assert_eq!((seen.one("x-chaperone-subject"), seen.one("x-chaperone-actor")), ("ann", "ada"));
    }
}

#[tokio::test]
async fn l5_staff_debug_and_do_activities_on_the_customers_behalf() {
    let world = gate("lambdatest").await;
    world.grant(&ANN, access()).await;
    let session = world.enter(&engineers::ADA, "acme").await;
    works(&world, &session, "acme").await;
    world.ask(&session, "DELETE", "/w/acme/invoices/7").await.expect(200);
    assert_eq!(world.app.last().one("x-chaperone-access"), "full");
}

#[tokio::test]
async fn l6_one_revoke_ends_it_at_any_time() {
    let world = gate("lambdatest").await;
    let grant = world.grant(&ANN, access()).await;
    let sessions = [world.enter(&engineers::ADA, "acme").await, world.enter(&engineers::BRIAN, "acme").await];
    assert_eq!(world.revoke(&members::OLGA, &grant).await["sessions_ended"], 2, "whichever administrator revokes");
    for session in &sessions {
        assert_eq!(world.ask(session, "GET", "/w/acme/invoices").await.problem(), refused(403, "grant-revoked"));
    }
    assert_eq!(seen(&world, &members::MAX).await["granted"], false);
    recorded(&world, "grant.revoked", 1).await;
}

#[tokio::test]
async fn l7_without_a_grant_or_after_revoke_staff_are_refused_and_the_page_offers_grant_again() {
    let world = gate("lambdatest").await;
    assert_eq!(shut_to(&world, &engineers::ADA, "acme").await, refused(403, "grant-missing"));
    let grant = world.grant(&ANN, access()).await;
    world.revoke(&ANN, &grant).await;
    assert_eq!(shut_to(&world, &engineers::ADA, "acme").await, refused(403, "grant-revoked"));
    let page = seen(&world, &ANN).await;
    assert!(page["granted"] == false && page.get("excluded").is_none(), "{page}");
    world.grant(&ANN, access()).await;
    world.try_enter(&engineers::ADA, entry("acme")).await.expect(201);
}

#[tokio::test]
async fn l8_no_duration_is_asked() {
    let world = gate("lambdatest").await;
    let choices = &seen(&world, &ANN).await["choices"];
    assert_eq!((&choices["until_revoked"], &choices["default"]), (&json!(true), &json!(null)));
    let made = world.try_grant(&ANN, access()).await.expect(201).json();
    assert_eq!((&made["expires_at"], &made["standing"]), (&json!(null), &json!("live")));
}

#[tokio::test]
async fn only_administrators_turn_it_on() {
    let world = gate("lambdatest").await;
    assert_eq!(world.try_grant(&members::MAX, access()).await.problem(), refused(403, "not-owner"));
    let page = seen(&world, &members::MAX).await;
    assert_eq!(page["excluded"], "not-owner");
}
