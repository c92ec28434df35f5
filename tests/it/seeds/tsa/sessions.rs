//! Sessions, and what the customer is told of them (TSA, "Temporary Support Access").
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Hook, Mailbox, World, chaperone, engineers, eventually, members, refused};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A world in which people are told of things, with olga's grant.
async fn granted() -> (World, Mailbox, Hook) {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let world = World::builder().told(&mailbox, &hook).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d", "ticket": "SUP-1042"})).await;
    (world, mailbox, hook)
}

/// The records of the trail of this kind, as soon as there are some.
async fn records(world: &World, kind: &str) -> Vec<Value> {
    eventually(&format!("{kind} in the trail"), PATIENCE, async || {
        let exported = chaperone(&["audit", "export", "--config", &world.config()]).stdout;
        let lines = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found: Vec<_> = lines.filter(|record| record["kind"] == kind).collect();
        (!found.is_empty()).then_some(found)
    })
    .await
}

async fn live_sessions(world: &World) -> usize {
    let path = "/workspaces/acme/support-access";
    let overview = world.api("GET", path, &world.member(&members::OLGA), None).await.expect(200).json();
    overview["sessions"].as_array().unwrap().len()
}

#[tokio::test]
async fn t1_access_is_a_short_lived_session_logged_and_visible_to_the_customer() {
    let (world, ..) = granted().await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/invoices").await.expect(200);
    let listed = world.api("GET", "/workspaces/acme/sessions", &world.member(&members::OLGA), None).await.expect(200);
    let listed = listed.json()["items"][0].clone();
    assert_eq!(listed["id"], ada.id);
    assert_eq!(listed["engineer"]["email"], "ada@vendor.example");
    assert!(listed["expires_at"].is_string(), "it ends by itself");
    let record = &records(&world, "access.permitted").await[0];
    assert_eq!((&record["session"], &record["engineer"]), (&json!(ada.id), &json!("ada")));
}

#[tokio::test]
async fn t2_never_a_shared_password() {
    let (world, mailbox, _) = granted().await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let mail = mailbox.mail("olga@acme.example", "has entered").await.text();
    assert!(mail.contains("We never ask for your password."), "{mail}");
    // The app learns from a signed header whose login is lent.
    world.ask(&ada, "GET", "/w/acme/invoices").await.expect(200);
    let seen = world.app.seen();
    let request = seen.last().unwrap();
    assert_eq!(request.one("x-chaperone-subject"), "olga");
    assert!(request.headers.contains_key("x-chaperone-assertion") && !request.headers.contains_key("authorization"));
}

#[tokio::test]
async fn t3_never_a_permanent_permission() {
    let (world, ..) = granted().await;
    let forever = json!({"access": "full", "until_revoked": true});
    let refusal = world.try_grant(&members::OLGA, forever).await.problem();
    assert_eq!(refusal, refused(403, "duration-required"));
}

#[tokio::test]
async fn t9_the_customer_is_told_at_once_when_the_session_begins_even_if_it_was_approved_before() {
    let (world, mailbox, hook) = granted().await;
    mailbox.mail("olga@acme.example", "was granted").await;
    assert!(!mailbox.mails().iter().any(|mail| mail.subject().contains("has entered")));
    for time in 1..=2 {
        let ada = world.enter(&engineers::ADA, "acme").await;
        let told = || mailbox.mails().into_iter().filter(|mail| mail.subject().contains("has entered")).count();
        let what = "olga and otto, who own the workspace, are told each time";
        eventually(what, PATIENCE, async || (told() == 2 * time).then_some(())).await;
        world.api("DELETE", &format!("/sessions/{}", ada.id), &world.engineer(&engineers::ADA), None).await.expect(200);
    }
    let call = hook.call("session.started").await;
    assert!(call.is_genuine);
    assert_eq!(call.body["data"]["engineer"]["name"], "ada of vendor");
}

#[tokio::test]
async fn t25_on_start_there_is_a_real_time_warning() {
    let (world, ..) = granted().await;
    let mut events = world.follow("/workspaces/acme/events", &world.member(&members::OLGA), None).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let (_, warning) = events.until("session.started").await;
    assert_eq!((&warning["session"], &warning["title"]), (&json!(ada.id), &json!("Support Login")));
    assert_eq!(warning["engineer"], json!({"name": "ada of vendor", "email": "ada@vendor.example"}));
    assert_eq!((&warning["subject"], &warning["ticket"]), (&json!("olga"), &json!("SUP-1042")));
}

#[tokio::test]
async fn t26_and_a_security_email_to_the_account_address() {
    let (world, mailbox, _) = granted().await;
    world.enter(&engineers::ADA, "acme").await;
    let mail = mailbox.mail("olga@acme.example", "has entered").await;
    assert_eq!(mail.from, "support@ledgerly.example");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    let text = mail.text();
    for said in
        ["ada of vendor (ada@vendor.example)", "olga@acme.example", "an invoice is wrong", "SUP-1042", "Until: "]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[tokio::test]
async fn t27_while_a_session_is_active_the_customers_side_shows_it_also_after_returning() {
    let (world, ..) = granted().await;
    assert_eq!(live_sessions(&world).await, 0);
    world.enter(&engineers::ADA, "acme").await;
    assert_eq!(live_sessions(&world).await, 1);
    assert_eq!(live_sessions(&world).await, 1, "whoever comes back sees it again");
}

#[tokio::test]
async fn t28_it_disappears_when_the_session_ends() {
    let (world, ..) = granted().await;
    let mut events = world.follow("/workspaces/acme/events", &world.member(&members::OLGA), None).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    events.until("session.started").await;
    world.api("DELETE", &format!("/sessions/{}", ada.id), &world.engineer(&engineers::ADA), None).await.expect(200);
    let (_, ended) = events.until("session.ended").await;
    assert_eq!(ended["session"], ada.id);
    assert_eq!(live_sessions(&world).await, 0);
}

#[tokio::test]
async fn t29_the_log_holds_that_the_session_started() {
    let (world, ..) = granted().await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let started = &records(&world, "session.started").await[0];
    assert_eq!((&started["session"], &started["workspace"]), (&json!(ada.id), &json!("acme")));
}

#[tokio::test]
async fn t30_and_who_of_support_it_was() {
    let (world, ..) = granted().await;
    world.enter(&engineers::ADA, "acme").await;
    let started = &records(&world, "session.started").await[0];
    assert_eq!((&started["engineer"], &started["subject"]), (&json!("ada"), &json!("olga")));
    assert_eq!(started["reason"], "an invoice is wrong");
}

#[tokio::test]
async fn t36_the_alert_tells_whoever_did_not_expect_it_to_contact_support_by_the_normal_channel() {
    let (world, mailbox, _) = granted().await;
    world.enter(&engineers::ADA, "acme").await;
    let text = mailbox.mail("olga@acme.example", "has entered").await.text();
    assert!(text.contains("If you did not expect this:"), "{text}");
    assert!(text.contains("Contact support by the normal channel"), "{text}");
    assert!(text.contains("https://ledgerly.example/help"), "{text}");
}

#[tokio::test]
async fn t37_to_review_account_security_and_password_protection() {
    let (world, mailbox, _) = granted().await;
    world.enter(&engineers::ADA, "acme").await;
    let text = mailbox.mail("olga@acme.example", "has entered").await.text();
    assert!(
        text.contains("Review Account Security & Password Protection: https://ledgerly.example/security"),
        "{text}"
    );
}

#[tokio::test]
async fn t38_and_to_change_the_password_if_it_is_at_risk() {
    let (world, mailbox, _) = granted().await;
    world.enter(&engineers::ADA, "acme").await;
    let text = mailbox.mail("olga@acme.example", "has entered").await.text();
    assert!(text.contains("Change your password if you believe that your account is at risk"), "{text}");
    assert!(text.contains("https://ledgerly.example/password"), "{text}");
}
