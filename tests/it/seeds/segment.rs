//! Segment: owners grant, for at most seven days, on every plan; the trail is part of the Business plan.
use serde_json::{Value, json};

use super::{entry, gate, recorded, seen, shut_to, until_its_end, works};
use crate::world::{Member, engineers, members, refused};

const WEEK: &str = "7d";

fn access() -> Value {
    json!({"duration": WEEK, "access": "full"})
}

#[tokio::test]
async fn s1_only_workspace_owners_see_and_use_the_setting() {
    let world = gate("segment").await;
    let admin = Member { workspace: "acme", id: "ann", role: "admin" };
    for member in [members::MAX, admin] {
        let path = "/workspaces/acme/support-access";
        assert_eq!(world.api("GET", path, &world.member(&member), None).await.problem(), refused(403, "not-owner"));
        assert_eq!(world.try_grant(&member, access()).await.problem(), refused(403, "not-owner"));
    }
    seen(&world, &members::OLGA).await;
    world.grant(&members::OLGA, access()).await;
}

#[tokio::test]
async fn s2_every_owner_has_it_on_every_plan() {
    let world = gate("segment").await;
    for plan in ["free", "team", "business"] {
        world.put_workspace("acme", json!({"plan": plan})).await;
        for owner in [members::OLGA, members::OTTO] {
            assert!(seen(&world, &owner).await.get("excluded").is_none(), "{plan}");
            let grant = world.grant(&owner, access()).await;
            works(&world, &world.enter(&engineers::ADA, "acme").await, "acme").await;
            world.revoke(&owner, &grant).await;
        }
    }
}

#[tokio::test]
async fn s3_it_lives_at_the_workspaces_support_access() {
    let world = gate("segment").await;
    assert_eq!(seen(&world, &members::OLGA).await["workspace"], "acme");
    assert_eq!(seen(&world, &members::GUS).await["workspace"], "globex");
}

#[tokio::test]
async fn s4_grant_access_lets_a_support_engineer_in() {
    let world = gate("segment").await;
    assert_eq!(shut_to(&world, &engineers::ADA, "acme").await, refused(403, "grant-missing"));
    world.grant(&members::OLGA, access()).await;
    works(&world, &world.enter(&engineers::ADA, "acme").await, "acme").await;
}

#[tokio::test]
async fn s5_for_at_most_seven_days_then_access_ends_by_itself() {
    let world = gate("segment").await;
    let grant = async |terms: Value| world.try_grant(&members::OLGA, terms).await.problem();
    let longer = json!({"duration": "604801s", "access": "full"});
    assert_eq!(grant(longer).await, refused(403, "duration-too-long"));
    let endless = json!({"until_revoked": true, "access": "full"});
    assert_eq!(grant(endless).await, refused(403, "duration-required"));
    until_its_end(&world, &members::OLGA, &engineers::ADA, json!({"access": "full"})).await;
    world.grant(&members::OLGA, access()).await;
}

#[tokio::test]
async fn s6_the_owner_revokes_at_any_time_before_that() {
    let world = gate("segment").await;
    let grant = world.grant(&members::OLGA, access()).await;
    let session = world.enter(&engineers::ADA, "acme").await;
    assert_eq!(world.revoke(&members::OLGA, &grant).await["sessions_ended"], 1);
    assert_eq!(world.ask(&session, "GET", "/w/acme/invoices").await.problem(), refused(403, "grant-revoked"));
}

#[tokio::test]
async fn s7_granting_needs_no_open_ticket() {
    let world = gate("segment").await;
    let made = world.try_grant(&members::OLGA, access()).await.expect(201).json();
    assert!(made.get("ticket").is_none(), "{made}");
    world.try_enter(&engineers::ADA, entry("acme")).await.expect(201);
}

#[tokio::test]
async fn s8_a_workspace_with_forced_sso_cannot_use_support_access() {
    let world = gate("segment").await;
    world.grant(&members::OLGA, access()).await;
    let session = world.enter(&engineers::ADA, "acme").await;
    world.put_workspace("acme", json!({"forced_sso": true})).await;
    assert_eq!(world.ask(&session, "GET", "/w/acme/invoices").await.problem(), refused(403, "forced-sso"));
    assert_eq!(world.try_grant(&members::OLGA, access()).await.problem(), refused(403, "forced-sso"));
    assert_eq!(seen(&world, &members::OLGA).await["excluded"], "forced-sso");
    world.put_workspace("acme", json!({"forced_sso": false})).await;
    assert_eq!(shut_to(&world, &engineers::ADA, "acme").await, refused(403, "grant-revoked"));
}

#[tokio::test]
async fn s9_the_engineer_can_do_everything_the_granting_owner_can_and_no_more() {
    let world = gate("segment").await;
    world.grant(&members::OLGA, access()).await;
    let session = world.enter(&engineers::ADA, "acme").await;
    works(&world, &session, "acme").await;
    let seen = world.app.last();
    assert_eq!((seen.one("x-chaperone-subject"), seen.one("x-chaperone-workspace")), ("olga", "acme"));
    assert_eq!(world.ask(&session, "GET", "/w/globex/invoices").await.problem(), refused(403, "wrong-workspace"));
    let token = world.ask(&session, "POST", "/api/chaperone-token").await;
    assert_eq!(token.problem(), refused(403, "consent-while-impersonated"), "nor may they consent for her");
    world.put_member(&Member { role: "member", ..members::OLGA }).await;
    assert_eq!(world.ask(&session, "GET", "/w/acme/invoices").await.problem(), refused(403, "grant-ended"));
}

#[tokio::test]
async fn s10_the_setting_differs_before_and_after_the_grant() {
    let world = gate("segment").await;
    let before = seen(&world, &members::OLGA).await;
    assert_eq!((&before["granted"], before["grants"].as_array().map(Vec::len)), (&json!(false), Some(0)));
    world.grant(&members::OLGA, access()).await;
    let after = seen(&world, &members::OLGA).await;
    assert_eq!((&after["granted"], after["grants"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    assert_eq!(before["choices"], after["choices"]);
    assert_eq!(after["choices"]["default"], json!(WEEK));
}

#[tokio::test]
async fn s11_owners_on_the_business_plan_see_support_events_in_the_trail_and_others_do_not() {
    let world = gate("segment").await;
    let grant = world.grant(&members::OLGA, access()).await;
    recorded(&world, "grant.created", 1).await;
    let trail = async |path: &str| world.api("GET", path, &world.member(&members::OLGA), None).await;
    let listed = trail("/workspaces/acme/trail?kind=grant.created").await.expect(200).json();
    assert_eq!((&listed["items"][0]["grant"], listed["items"].as_array().unwrap().len()), (&json!(grant), 1));
    for plan in ["team", "free"] {
        world.put_workspace("acme", json!({"plan": plan})).await;
        for path in ["/workspaces/acme/trail", "/workspaces/acme/trail/export"] {
            assert_eq!(trail(path).await.problem(), refused(403, "plan-required"), "{plan}: {path}");
        }
        assert_eq!(seen(&world, &members::OLGA).await["grants"][0]["id"], json!(grant), "the setting is on every plan");
    }
}

#[tokio::test]
async fn s12_support_access_granted_is_recorded() {
    let world = gate("segment").await;
    let grant = world.grant(&members::OLGA, access()).await;
    let [record] = &recorded(&world, "grant.created", 1).await[..] else { panic!("one record") };
    assert_eq!((&record["grant"], &record["subject"]), (&json!(grant), &json!("olga")));
    assert_eq!(record["decision"]["allow"], true);
}

#[tokio::test]
async fn s13_support_login_is_recorded_each_time_an_engineer_enters() {
    let world = gate("segment").await;
    world.grant(&members::OLGA, access()).await;
    let sessions = [
        world.enter(&engineers::ADA, "acme").await,
        world.enter(&engineers::ADA, "acme").await,
        world.enter(&engineers::BRIAN, "acme").await,
    ];
    let records = recorded(&world, "session.started", 3).await;
    let told: Vec<_> = records.iter().map(|record| (&record["session"], &record["engineer"])).collect();
    let ids = sessions.map(|session| json!(session.id));
    assert_eq!(told, [(&ids[0], &json!("ada")), (&ids[1], &json!("ada")), (&ids[2], &json!("brian"))]);
    assert!(records.iter().all(|record| record["subject"] == "olga"));
}

#[tokio::test]
async fn s14_support_access_revoked_is_recorded() {
    let world = gate("segment").await;
    let grant = world.grant(&members::OLGA, access()).await;
    world.revoke(&members::OTTO, &grant).await;
    let [record] = &recorded(&world, "grant.revoked", 1).await[..] else { panic!("one record") };
    assert_eq!((&record["grant"], &record["subject"]), (&json!(grant), &json!("olga")));
    assert!(record["decision"]["facts"].to_string().contains("otto"), "{record}");
}
