//! The vendor's ticket system closes a ticket: what was consented to for it is over.
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chaperone::domain::time::Clock;
use serde_json::{Value, json};

use crate::world::{Member, Reply, World, body, engineers, members, refused, request};

use super::{enter, form, text};

const SECRET: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// A world with a ticket system.
async fn world() -> World {
    World::builder().section(&format!("[tickets]\nsecret = \"whsec_{SECRET}\"")).start().await
}

/// A message of the ticket system, sent `ago` seconds ago.
async fn closed(world: &World, id: &str, ago: i64, document: &Value) -> Reply {
    let (timestamp, content) = ((Clock::system().now().as_seconds() - ago).to_string(), document.to_string());
    let key = Key::new(HMAC_SHA256, &STANDARD.decode(SECRET).unwrap());
    let tag = STANDARD.encode(sign(&key, format!("{id}.{timestamp}.{content}").as_bytes()));
    post(world, [id, &timestamp, &format!("v1,{tag}")], content).await
}

async fn post(world: &World, [id, timestamp, signature]: [&str; 3], content: String) -> Reply {
    let asked = request("POST", "/.chaperone/api/v1/hooks/ticket-closed").header("content-type", "application/json");
    let asked = asked.header("webhook-id", id).header("webhook-timestamp", timestamp);
    world.send(asked.header("webhook-signature", signature).body(body(content)).unwrap()).await
}

fn counts(reply: Reply) -> [u64; 3] {
    let told = reply.expect(200).json();
    ["grants_revoked", "support_requests_resolved", "sessions_ended"].map(|name| told[name].as_u64().unwrap())
}

#[tokio::test]
async fn a_closed_ticket_revokes_the_grants_that_name_it_before_it_is_answered() {
    let world = world().await;
    let named = |ticket: &str| json!({"access": "full", "duration": "1d", "ticket": ticket});
    let grant = world.grant(&members::OLGA, named("SUP-1042")).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let other = world.grant(&members::OTTO, named("SUP-7")).await;
    let elsewhere = world.grant(&members::GUS, named("SUP-1042")).await;
    let only_here = json!({"ticket": "SUP-1042", "workspace": "acme"});
    assert_eq!(counts(closed(&world, "m1", 0, &only_here).await), [1, 0, 1]);
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "grant-revoked"));
    let standing = async |member: &Member, grant: &str| {
        let path = format!("/workspaces/{}/grants/{grant}", member.workspace);
        world.api("GET", &path, &world.member(member), None).await.expect(200).json()
    };
    assert_eq!(standing(&members::OLGA, &grant).await["revoked_by"], "tickets");
    assert_eq!(standing(&members::OTTO, &other).await["standing"], "live");
    assert_eq!(standing(&members::GUS, &elsewhere).await["standing"], "live");
    assert_eq!(counts(closed(&world, "m2", 0, &json!({"ticket": "SUP-1042"})).await), [1, 0, 0], "everywhere");
    assert_eq!(standing(&members::GUS, &elsewhere).await["standing"], "revoked");
}

#[tokio::test]
async fn a_closed_ticket_resolves_the_support_request_that_it_is() {
    let world = world().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    world.start_case(&engineers::ADA, &case).await.expect(200);
    world.try_enter(&engineers::ADA, enter(&case)).await.expect(201);
    assert_eq!(counts(closed(&world, "m1", 0, &json!({"ticket": text(&case, "id")})).await), [1, 1, 1]);
    let shown = world.case(&members::OLGA, &case).await;
    assert_eq!((&shown["status"], &shown["summary"]), (&json!("resolved"), &json!("the ticket was closed")));
    assert_eq!((&shown["resolved_by"], &shown["standing"]), (&json!("tickets"), &json!("revoked")));
}

#[tokio::test]
async fn a_message_counts_once_for_five_minutes_and_only_by_the_secret() {
    let world = world().await;
    let ticket = json!({"ticket": "SUP-1042"});
    let grant = json!({"access": "full", "duration": "1d", "ticket": "SUP-1042"});
    world.grant(&members::OLGA, grant.clone()).await;
    let now = Clock::system().now().as_seconds().to_string();
    for (headers, why) in [
        (["m1", now.as_str(), "v1,AAAA"], "forged"),
        (["m1", now.as_str(), "v1a,AAAA"], "another kind"),
        (["m 1", now.as_str(), "v1,AAAA"], "no id"),
    ] {
        let answer = post(&world, headers, ticket.to_string()).await;
        assert_eq!(answer.problem(), refused(401, "unauthenticated"), "{why}");
    }
    assert_eq!(closed(&world, "m1", 360, &ticket).await.problem(), refused(401, "unauthenticated"), "old");
    assert_eq!(closed(&world, "m1", -360, &ticket).await.problem(), refused(401, "unauthenticated"), "too early");
    assert_eq!(counts(closed(&world, "m1", 0, &ticket).await), [1, 0, 0]);
    world.grant(&members::OLGA, grant).await;
    assert_eq!(counts(closed(&world, "m1", 0, &ticket).await), [0, 0, 0], "sent again: the new grant stays");
    let other = closed(&world, "m1", 0, &json!({"ticket": "SUP-7"})).await;
    assert_eq!(other.problem(), refused(409, "conflict"));
    assert_eq!(counts(closed(&world, "m2", 0, &ticket).await), [1, 0, 0]);
}

#[tokio::test]
async fn without_a_ticket_system_there_is_no_such_address() {
    let world = World::start().await;
    let answer = closed(&world, "m1", 0, &json!({"ticket": "SUP-1042"})).await;
    assert_eq!(answer.problem(), refused(404, "not-found"));
}
