//! Consent by the page: given, seen, taken back; and what engineers ask for.
use std::time::Duration;

use chaperone::domain::time::{Clock, Span};
use serde_json::json;

use super::{HOME, came, follow, send, words, world};
use crate::world::{engineers, eventually, members, request};

#[tokio::test]
async fn s10_the_page_differs_before_and_after_the_grant_and_a_revoke_says_what_it_ended() {
    let world = world().await;
    let mut olga = came(&world, &members::OLGA).await;
    insta::assert_snapshot!("before", words(&olga.look(&world, HOME).await.expect(200)));

    let sent = send(&world, &mut olga, "grants", "access=full&lasting=3d&ticket=SUP-7").await;
    let granted = follow(&world, &mut olga, sent).await.expect(200);
    insta::assert_snapshot!("granted", words(&granted));

    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/invoices").await.expect(200);
    let inside = eventually("what she does is shown", Duration::from_secs(10), async || {
        let page = olga.look(&world, HOME).await.expect(200);
        page.text().contains("/w/acme/invoices").then_some(page)
    })
    .await;
    let events = world.events(&ada, "/w/acme/events").await;
    let seen = words(&inside).replace(&ada.id, "[session]");
    insta::assert_snapshot!("inside", seen);

    let html = inside.text();
    let revoke = html.split("/grants/").nth(1).unwrap().split("/revoke").next().unwrap();
    let sent = send(&world, &mut olga, &format!("grants/{revoke}/revoke"), "").await;
    let revoked = follow(&world, &mut olga, sent).await.expect(200);
    assert!(words(&revoked).contains("1 session ended and 1 open connection cut off"), "{}", words(&revoked));
    assert!(words(&revoked).contains("Support access is off"));
    events.until_the_end("grant-revoked").await;
}

#[tokio::test]
async fn a_refused_form_says_why_on_the_page_where_it_was_filled_in() {
    let world = world().await;
    let mut olga = came(&world, &members::OLGA).await;
    let sent = send(&world, &mut olga, "grants", "access=full&lasting=30d").await.expect(403);
    assert!(words(&sent).contains("(duration-too-long)"), "{}", words(&sent));
    let sent = send(&world, &mut olga, "grants", "access=full&lasting=date&until=soon").await.expect(400);
    assert!(words(&sent).contains("Choose the last day of the access"), "{}", words(&sent));
    let sent = send(&world, &mut olga, "grants", "access=all").await.expect(400);
    assert!(words(&sent).contains("Choose how far the access goes"), "{}", words(&sent));
}

#[tokio::test]
async fn b2_a_last_day_is_chosen_and_access_ends_when_it_is_over_for_the_reader() {
    let world = world().await;
    let mut olga = came(&world, &members::OLGA).await;
    let day = Clock::system().now().plus(Span::from_seconds(3 * 86_400)).to_string()[..10].to_owned();
    let sent = send(&world, &mut olga, "grants", &format!("access=full&lasting=date&until={day}&offset=-60")).await;
    sent.expect(303);
    let shown = world.api("GET", "/workspaces/acme/support-access", &world.member(&members::OLGA), None).await.json();
    assert_eq!(shown["grants"][0]["expires_at"], format!("{day}T23:00:00.000Z"));
}

#[tokio::test]
async fn t5_a_waiting_request_is_read_and_approved_narrower_or_declined_with_a_word() {
    let world = world().await;
    let mut olga = came(&world, &members::OLGA).await;
    let ask = json!({"workspace": "acme", "access": "full", "duration": "1d", "ticket": "SUP-9",
        "reason": "the import of <Monday> hangs at the third file"});
    let first = world.api("POST", "/access-requests", &world.engineer(&engineers::ADA), Some(ask.clone())).await;
    let first = first.expect(201).json()["id"].as_str().unwrap().to_owned();
    let page = olga.look(&world, HOME).await.expect(200);
    assert!(page.text().contains("the import of &#60;Monday&#62; hangs"));
    insta::assert_snapshot!("asked", words(&page));

    let answer = format!("access-requests/{first}/approve");
    let sent = send(&world, &mut olga, &answer, "access=read_only&duration=1h&comment=").await;
    assert!(words(&follow(&world, &mut olga, sent).await).contains("Approved."));
    let shown = world.api("GET", "/workspaces/acme/support-access", &world.member(&members::OLGA), None).await.json();
    assert_eq!([&shown["grants"][0]["access"], &shown["grants"][0]["engineers"][0]], ["read_only", "ada"]);
    let again = send(&world, &mut olga, &answer, "access=read_only&duration=1h").await.expect(409);
    assert!(words(&again).contains("(conflict)"), "{}", words(&again));

    let second = world.api("POST", "/access-requests", &world.engineer(&engineers::ADA), Some(ask)).await;
    let second = second.expect(201).json()["id"].as_str().unwrap().to_owned();
    let sent = send(&world, &mut olga, &format!("access-requests/{second}/decline"), "comment=not+today+please").await;
    assert!(words(&follow(&world, &mut olga, sent).await).contains("Declined."));
    let told = world.api("GET", &format!("/access-requests/{second}"), &world.engineer(&engineers::ADA), None).await;
    assert_eq!(told.json()["comment"], "not today please");
}

#[tokio::test]
async fn a_session_is_ended_or_reported_beside_what_is_told_of_it() {
    let world = world().await;
    let mut olga = came(&world, &members::OLGA).await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let sent = send(&world, &mut olga, &format!("sessions/{}/end", ada.id), "").await;
    assert!(words(&follow(&world, &mut olga, sent).await).contains("The session has ended."));
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.status, 401);

    let ada = world.enter(&engineers::ADA, "acme").await;
    let sent = send(&world, &mut olga, &format!("sessions/{}/report", ada.id), "").await;
    let told = words(&follow(&world, &mut olga, sent).await);
    assert!(told.contains("1 session ended and 1 grant revoked") && told.contains("Support access is off"), "{told}");
    let mut gus = came(&world, &members::GUS).await;
    send(&world, &mut gus, &format!("sessions/{}/end", ada.id), "").await.expect(404);
}

#[tokio::test]
async fn the_app_gets_the_part_without_the_page_by_its_own_token_and_nobody_elses_pages_do() {
    let world = world().await;
    let asked = |bearer: String, origin: &'static str| {
        let panel = request("GET", "/.chaperone/support-access/panel").header("origin", origin);
        world.call(panel.header("authorization", format!("Bearer {bearer}")), None)
    };
    let part = asked(world.member(&members::OLGA), super::APP).await.expect(200);
    assert_eq!(part.header("access-control-allow-origin"), Some(super::APP));
    assert_eq!(part.header("access-control-allow-credentials"), None);
    let html = part.text();
    assert!(!html.contains("<html") && !html.contains("<script") && !html.contains("style="), "{html}");
    assert!(html.contains("action=\"/.chaperone/support-access/panel/grants\""), "{html}");
    let foreign = asked(world.member(&members::OLGA), "https://evil.example").await.expect(200);
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    assert_eq!(asked(world.engineer(&engineers::ADA), super::APP).await.status, 403);
}
