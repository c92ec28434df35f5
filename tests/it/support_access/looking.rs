//! What was done, for the customer to read: sessions, receipts, the trail.
use std::time::Duration;

use serde_json::json;

use super::{HOME, came, words, world};
use crate::world::{engineers, eventually, members};

#[tokio::test]
async fn a_session_is_told_from_the_list_to_the_last_request() {
    let world = world().await;
    let mut olga = came(&world, &members::OLGA).await;
    let empty = words(&olga.look(&world, &format!("{HOME}sessions")).await.expect(200));
    assert!(empty.contains("Nobody was here"), "{empty}");

    world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/invoices").await.expect(200);
    world.ask(&ada, "DELETE", "/w/acme/invoices/7").await.expect(403);
    let list = words(&olga.look(&world, &format!("{HOME}sessions")).await.expect(200));
    assert!(list.contains("ada of vendor") && list.contains("Inside now"), "{list}");
    let token = world.member(&members::OLGA);
    world.api("DELETE", &format!("/workspaces/acme/sessions/{}", ada.id), &token, None).await.expect(200);

    let receipt = eventually("the whole receipt", Duration::from_secs(10), async || {
        let page = words(&olga.look(&world, &format!("{HOME}sessions/{}", ada.id)).await.expect(200));
        (page.contains("Ended") && page.contains("1 passed, 1 refused") && page.contains("covered")).then_some(page)
    })
    .await;
    let numbers = |line: &str| if line.starts_with("Records ") { "Records [n]".to_owned() } else { line.to_owned() };
    insta::assert_snapshot!("receipt", receipt.lines().map(numbers).collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn the_trail_is_looked_through_by_kind_and_exported_with_its_proof() {
    let world = world().await;
    let mut olga = came(&world, &members::OLGA).await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/invoices").await.expect(200);
    world.revoke(&members::OLGA, &grant).await;

    let page = async |olga: &mut crate::world::Browser, query: &str| {
        words(&olga.look(&world, &format!("{HOME}trail?{query}")).await.expect(200))
    };
    eventually("the trail tells of it", Duration::from_secs(10), async || {
        page(&mut olga, "").await.contains("Support Access Revoked").then_some(())
    })
    .await;
    let consent = page(&mut olga, "topic=consent&session=&engineer=").await;
    assert!(consent.contains("Support Access Granted") && !consent.contains("Support Login"), "{consent}");
    let actions = page(&mut olga, "topic=actions&engineer=ada").await;
    assert!(actions.contains("GET /w/acme/invoices") && !actions.contains("Support Access Granted"), "{actions}");
    assert!(page(&mut olga, "engineer=brian").await.contains("Nothing is recorded here"));
    olga.look(&world, &format!("{HOME}trail?topic=weather")).await.expect(400);

    let export = olga.look(&world, &format!("{HOME}trail/export?format=csv")).await.expect(200);
    assert!(export.header("content-disposition").unwrap().contains("acme-trail.csv"));
    assert!(export.text().contains("Support Access Revoked") || export.text().contains("grant.revoked"));
}

#[tokio::test]
async fn s11_a_plan_without_the_trail_is_told_so() {
    let world = world().await;
    let mut gus = came(&world, &members::GUS).await;
    let told = words(&gus.look(&world, &format!("{HOME}trail")).await.expect(403));
    assert!(told.contains("plan-required"), "{told}");
}
