//! A session that nobody expected: it ends, the grants freeze, security is alerted.
use serde_json::{Value, json};

use crate::world::{Hook, Mailbox, World, engineers, members, refused, request};

async fn entered() -> (World, Mailbox, Hook, String, crate::world::Session) {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let world = World::builder().told(&mailbox, &hook).start().await;
    world.grant(&members::OTTO, json!({"access": "full", "duration": "1d", "engineers": ["brian"]})).await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d", "engineers": ["ada"]})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    (world, mailbox, hook, grant, ada)
}

fn path(session: &str) -> String {
    format!("/workspaces/acme/sessions/{session}/report")
}

async fn open_grants(world: &World) -> usize {
    let listed =
        world.api("GET", "/workspaces/acme/grants", &world.member(&members::OLGA), None).await.expect(200).json();
    let items = listed["items"].as_array().unwrap().clone();
    items.iter().filter(|grant| grant["standing"] == "live").count()
}

#[tokio::test]
async fn a_reported_session_ends_every_grant_is_revoked_and_security_is_alerted() {
    let (world, mailbox, hook, grant, ada) = entered().await;
    let brian = world.enter(&engineers::BRIAN, "acme").await;
    assert_eq!(open_grants(&world).await, 2);
    let reported: Value =
        world.api("POST", &path(&ada.id), &world.member(&members::OLGA), None).await.expect(200).json();
    assert_eq!(reported["session"]["standing"], "ended");
    assert_eq!((&reported["sessions_ended"], &reported["grants_revoked"]), (&json!(2), &json!(2)));
    assert_eq!(world.ask(&ada, "GET", "/w/acme/invoices").await.problem(), refused(401, "session-ended"));
    assert_eq!(world.ask(&brian, "GET", "/w/acme/invoices").await.problem(), refused(403, "grant-revoked"));
    assert_eq!(open_grants(&world).await, 0);
    let again = json!({"workspace": "acme", "grant": grant, "reason": "once more"});
    assert_eq!(world.try_enter(&engineers::ADA, again).await.problem(), refused(403, "grant-revoked"));

    let alert = mailbox.mail("security@ledgerly.example", "Reported").await.text();
    assert!(alert.contains("ada@vendor.example") && alert.contains("Reported by: olga"), "{alert}");
    mailbox.mail("otto@acme.example", "was reported").await;
    let call = hook.call("session.reported").await;
    assert_eq!((&call.body["data"]["session"], &call.body["data"]["by"]), (&json!(ada.id), &json!("olga")));
}

#[tokio::test]
async fn a_session_is_reported_from_anywhere_that_may_shut_the_door() {
    let (world, mailbox, _, _, ada) = entered().await;
    // Forced single sign-on has ended it already; from inside somebody's login one may still say so.
    world.put_workspace("acme", json!({"forced_sso": true})).await;
    let mut claims = members::OLGA.claims();
    claims["act"] = json!({"sub": "somebody"});
    let bearer = world.customers.sign(&claims);
    world.api("POST", &path(&ada.id), &bearer, None).await.expect(200);
    mailbox.mail("security@ledgerly.example", "Reported").await;
}

#[tokio::test]
async fn nobody_else_reports_and_nobody_sees_that_there_is_a_session() {
    let (world, mailbox, _, _, ada) = entered().await;
    let (gus, max) = (world.member(&members::GUS), world.member(&members::MAX));
    assert_eq!(world.api("POST", &path(&ada.id), &gus, None).await.problem(), refused(404, "not-found"));
    let elsewhere = format!("/workspaces/globex/sessions/{}/report", ada.id);
    assert_eq!(world.api("POST", &elsewhere, &gus, None).await.problem(), refused(404, "not-found"));
    assert_eq!(world.api("POST", &path(&ada.id), &max, None).await.problem(), refused(403, "not-owner"));
    let engineer = world.engineer(&engineers::ADA);
    assert_eq!(world.api("POST", &path(&ada.id), &engineer, None).await.problem(), refused(403, "policy-denied"));
    let nobody = world.call(request("POST", &format!("/.chaperone/api/v1{}", path(&ada.id))), None).await;
    assert_eq!(nobody.problem(), refused(401, "unauthenticated"));
    world.ask(&ada, "GET", "/w/acme/invoices").await.expect(200);
    assert!(!mailbox.mails().iter().any(|mail| mail.to.starts_with("security@")));
}
