//! An engineer who is inside asks to stay longer: the grant that they stand on is extended by whose login it lends, and by
//! nobody else; nothing else of it changes.
use chaperone::domain::time::{Span, Timestamp};
use serde_json::{Value, json};

use crate::world::{Ask, Browser, Hook, Mailbox, PUBLIC, Reply, World, engineers, members, refused};

/// Ada asks for four hours more on `grant`.
fn wanted(grant: &str) -> Value {
    json!({"workspace": "acme", "access": "full", "duration": "4h", "reason": "the import of Monday still runs", "grant": grant})
}

async fn ask(world: &World, document: Value) -> Reply {
    world.api("POST", "/access-requests", &world.engineer(&engineers::ADA), Some(document)).await
}

async fn answer(world: &World, token: &str, request: &Value, how: &str, document: Value) -> Reply {
    let path = format!("/workspaces/acme/access-requests/{}/{how}", request["id"].as_str().unwrap());
    world.api("POST", &path, token, Some(document)).await
}

async fn grant(world: &World, id: &str) -> Value {
    let path = format!("/workspaces/acme/grants/{id}");
    world.api("GET", &path, &world.member(&members::OLGA), None).await.expect(200).json()
}

fn end(grant: &Value) -> Timestamp {
    grant["expires_at"].as_str().unwrap().parse().unwrap()
}

fn hours(count: i64) -> Span {
    Span::from_seconds(count * 3600)
}

#[tokio::test]
async fn whoever_is_inside_asks_to_stay_longer_and_the_member_extends_that_grant() {
    let world = World::start().await;
    let id = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let before = grant(&world, &id).await;
    let request = ask(&world, wanted(&id)).await.expect(201).json();
    assert_eq!(
        (&request["extends"], &request["subject"]),
        (&json!(id), &json!("olga")),
        "the member whose login it is"
    );
    let olga = world.member(&members::OLGA);
    let waiting = world.api("GET", "/workspaces/acme/support-access", &olga, None).await.expect(200).json();
    assert_eq!(waiting["waiting"][0]["extends"], json!(id));

    let approved = answer(&world, &olga, &request, "approve", json!({"duration": "2h"})).await.expect(200).json();
    assert_eq!((&approved["state"], &approved["grant"]), (&json!("approved"), &json!(id)));
    let after = grant(&world, &id).await;
    assert_eq!(end(&after), end(&before).plus(hours(2)), "counted from its end");
    for same in ["id", "origin", "access", "subject", "starts_at", "engineers"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    let grants = world.api("GET", "/workspaces/acme/grants", &olga, None).await.expect(200).json();
    assert_eq!(grants["items"].as_array().unwrap().len(), 1, "no other grant came of it");
    world.ask(&ada, "POST", "/w/acme/import").await.expect(200);
}

#[tokio::test]
async fn a_mail_says_that_it_is_an_extension_and_its_link_extends() {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let world = World::builder().told(&mailbox, &hook).start().await;
    let id = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    world.enter(&engineers::ADA, "acme").await;
    let before = end(&grant(&world, &id).await);
    ask(&world, wanted(&id)).await.expect(201);
    let mail = mailbox.mail("olga@acme.example", "asks for access").await.text();
    assert!(mail.contains("make it last longer"), "{mail}");
    let link = mail.split_once("decline here:").unwrap().1.split_whitespace().next().unwrap();

    let mut browser = Browser::default();
    let page = browser.look(&world, link).await.expect(200).text();
    assert!(page.contains("asks to stay longer in acme") && page.contains("4 hours more"), "{page}");
    assert!(!page.contains("name=\"access\""), "there is nothing else to choose: {page}");
    let (url, token) = link.split_once("?token=").unwrap();
    let text = format!("token={token}&answer=approve&duration=1h");
    let kind = "application/x-www-form-urlencoded";
    let done =
        browser.ask(&world, Ask { method: "POST", url, page: Some(PUBLIC), kind, text }).await.expect(200).text();
    assert!(done.contains("for 1 hour more"), "{done}");
    assert_eq!(end(&grant(&world, &id).await), before.plus(hours(1)));
}

#[tokio::test]
async fn an_extension_is_the_subjects_to_give_and_never_more_than_was_asked_or_may_be() {
    let world = World::start().await;
    let id = world.grant(&members::OLGA, json!({"access": "full", "duration": "6d"})).await;
    world.enter(&engineers::ADA, "acme").await;
    let before = grant(&world, &id).await;
    let request = ask(&world, wanted(&id)).await.expect(201).json();
    let (olga, otto) = (world.member(&members::OLGA), world.member(&members::OTTO));
    for (who, document, refusal) in [
        (&otto, json!({}), (403, "wrong-subject")),
        (&olga, json!({"duration": "5h"}), (400, "bad-request")),
        (&olga, json!({"access": "read_only"}), (400, "bad-request")),
    ] {
        let answer = answer(&world, who, &request, "approve", document).await;
        assert_eq!(answer.problem(), refused(refusal.0, refusal.1));
    }
    let mut longest = wanted(&id);
    longest["duration"] = "2d".into();
    assert_eq!(ask(&world, longest).await.problem(), refused(403, "duration-too-long"), "eight days in all");
    assert_eq!(grant(&world, &id).await, before);
    answer(&world, &olga, &request, "decline", json!({})).await.expect(200);
    assert_eq!(grant(&world, &id).await, before);

    let request = ask(&world, wanted(&id)).await.expect(201).json();
    world.revoke(&members::OLGA, &id).await;
    let late = answer(&world, &olga, &request, "approve", json!({})).await;
    assert_eq!(late.problem(), refused(409, "conflict"), "an approval brings no grant back");
    assert_eq!(grant(&world, &id).await["standing"], "revoked");
}

#[tokio::test]
async fn only_what_one_stands_on_can_be_extended() {
    let world = World::start().await;
    let id = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    assert_eq!(ask(&world, wanted(&id)).await.problem(), refused(404, "not-found"), "she is not inside");
    world.enter(&engineers::ADA, "acme").await;
    let of_brian = world.api("POST", "/access-requests", &world.engineer(&engineers::BRIAN), Some(wanted(&id))).await;
    assert_eq!(of_brian.problem(), refused(404, "not-found"));
    for (name, value) in [("access", "read_only"), ("subject", "otto")] {
        let mut other = wanted(&id);
        other[name] = value.into();
        assert_eq!(ask(&world, other).await.problem(), refused(400, "bad-request"), "{name}");
    }
    let mut elsewhere = wanted(&id);
    elsewhere["workspace"] = "globex".into();
    assert_eq!(ask(&world, elsewhere).await.problem(), refused(404, "not-found"));
}
