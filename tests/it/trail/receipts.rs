//! What a customer is told of a session: what support saw and did.
use serde_json::{Value, json};

use super::PATIENCE;
use crate::world::{Member, Session, World, engineers, eventually, members};

async fn receipt(world: &World, member: &Member, session: &Session) -> Value {
    let path = format!("/workspaces/acme/sessions/{}/receipt", session.id);
    world.api("GET", &path, &world.member(member), None).await.expect(200).json()
}

/// Waits until the trail tells of the session, and of `permitted` requests that passed.
async fn once_told(world: &World, session: &Session, permitted: u64) -> Value {
    eventually("the receipt is there", PATIENCE, async || {
        let path = format!("/workspaces/acme/sessions/{}/receipt", session.id);
        let answer = world.api("GET", &path, &world.member(&members::OLGA), None).await;
        (answer.status == 200).then(|| answer.json()).filter(|receipt| receipt["permitted"] == permitted)
    })
    .await
}

#[tokio::test]
async fn a_receipt_tells_what_support_saw_and_did_and_what_ended_it() {
    let world = World::start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    for path in ["/w/acme/reports/1", "/w/acme/reports/2?secret=1", "/w/acme/reports/1"] {
        world.ask(&ada, "GET", path).await.expect(200);
    }
    world.ask(&ada, "DELETE", "/w/acme/reports/1").await.expect(403);
    let live = once_told(&world, &ada, 3).await;
    assert_eq!((&live["live"], live.get("ended_at")), (&json!(true), None), "{live:#}");

    world.revoke(&members::OLGA, &grant).await;
    let told = eventually("the end is told in full", PATIENCE, async || {
        let told = receipt(&world, &members::OLGA, &ada).await;
        assert_eq!(told["live"], false, "what was acknowledged is told at once: {told:#}");
        told.get("ended_by").is_some().then_some(told)
    })
    .await;
    assert_eq!((&told["ended_because"], &told["ended_by"]), (&json!("grant-revoked"), &json!("olga")), "{told:#}");
    let engineer = json!({"id": "ada", "name": "ada of vendor", "email": "ada@vendor.example"});
    assert_eq!((&told["engineer"], &told["subject"], &told["grant"]), (&engineer, &json!("olga"), &json!(grant)));
    assert_eq!((&told["reason"], &told["ticket"]), (&json!("an invoice is wrong"), &json!("SUP-1042")));
    let pages = told["pages"].as_array().unwrap();
    let seen =
        |n: usize| (pages[n]["path"].as_str().unwrap(), pages[n]["effect"].as_str().unwrap(), &pages[n]["count"]);
    assert_eq!(pages.len(), 2, "{told:#}");
    assert_eq!(seen(0), ("/w/acme/reports/1", "read", &json!(2)));
    assert_eq!(seen(1), ("/w/acme/reports/2", "read", &json!(1)));
    let refused = json!([{"method": "DELETE", "path": "/w/acme/reports/1", "code": "read-only", "count": 1}]);
    assert_eq!((&told["permitted"], &told["refused"], &told["refusals"]), (&json!(3), &json!(1), &refused));
    let steps: Vec<&str> =
        told["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(steps, ["Support Login", "Support Session Ended"]);
    assert!(
        told["covered"] == true && told["checkpoint"].as_str().unwrap().starts_with("{\"checkpoint\":"),
        "{told:#}"
    );
    assert!(told["records"]["first"].as_u64().unwrap() < told["records"]["last"].as_u64().unwrap());
}

#[tokio::test]
async fn a_receipt_is_of_one_s_own_workspace_alone() {
    let world = World::start().await;
    world.put_workspace("globex", json!({"plan": "business"})).await;
    world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    once_told(&world, &ada, 0).await;
    let path = |workspace: &str, id: &str| format!("/workspaces/{workspace}/sessions/{id}/receipt");
    let ask =
        async |path: String, member: &Member| world.api("GET", &path, &world.member(member), None).await.problem();
    assert_eq!(ask(path("globex", &ada.id), &members::GUS).await, (404, "not-found".to_owned()));
    assert_eq!(ask(path("acme", &ada.id), &members::GUS).await, (404, "not-found".to_owned()));
    assert_eq!(ask(path("acme", "se_none"), &members::OLGA).await, (404, "not-found".to_owned()));
    assert_eq!(ask(path("acme", &ada.id), &members::MAX).await, (403, "not-owner".to_owned()));
}
