//! The gate is killed at random moments: no event is without its notices, no notice without its event, nothing is lost, and
//! nothing is sent under two ids.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Hook, Mailbox, World, body, chaperone, engineers, eventually, members, request};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is killed, unless `CHAPERONE_KILLS` says otherwise.
const KILLS: u64 = 4;

/// What this story is told of.
const KINDS: [&str; 4] = ["grant.created", "grant.revoked", "session.started", "session.ended"];

#[tokio::test]
async fn killed_at_random_moments_it_tells_everything_at_least_once_and_always_under_one_id() {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let mut world = World::builder().told(&mailbox, &hook).start().await;
    let kills = kills();
    for round in 0..kills {
        // Spread over the half second in which grants, sessions, mails and calls are all under way.
        let moment = Duration::from_millis(20 + (round * 97) % 480);
        tokio::select! {
            () = busy(&world) => {}
            () = tokio::time::sleep(moment) => {}
        }
        world.gate.kill();
        world.restart().await;
    }
    let waiting = "chaperone_notices_waiting";
    eventually("all is told", PATIENCE, async || {
        let [email, webhook] = ["email", "webhook"].map(|channel| format!("{waiting}{{channel=\"{channel}\"}}"));
        (world.metric(&email).await + world.metric(&webhook).await == 0).then_some(())
    })
    .await;
    let events = eventually("the trail has every event", PATIENCE, async || {
        let (told, events) = (ids_told(&hook), events(&world));
        told.iter().all(|id| events.contains_key(id)).then_some(events)
    })
    .await;
    assert!(events.len() >= usize::try_from(kills).unwrap(), "something happened: {}", events.len());
    each_event_was_told(&events, &hook, &mailbox);
    assert_eq!(chaperone(&["audit", "verify", "--config", &world.config()]).code, Some(0));
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how often")]
fn kills() -> u64 {
    std::env::var("CHAPERONE_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"))
}

/// Grants, enters, leaves and revokes, until it is broken off or the gate is gone.
async fn busy(world: &World) {
    loop {
        let token = world.member(&members::OLGA);
        let grant = json!({"access": "full", "duration": "1d"});
        let Some(grant) = send(world, "POST", "/workspaces/acme/grants", &token, Some(grant)).await else { return };
        let engineer = world.engineer(&engineers::ADA);
        let asked = json!({"workspace": "acme", "grant": grant["id"], "reason": "an invoice is wrong"});
        let Some(session) = send(world, "POST", "/sessions", &engineer, Some(asked)).await else { return };
        let path = format!("/sessions/{}", session["id"].as_str().unwrap());
        if send(world, "DELETE", &path, &engineer, None).await.is_none() {
            return;
        }
        let path = format!("/workspaces/acme/grants/{}", grant["id"].as_str().unwrap());
        if send(world, "DELETE", &path, &token, None).await.is_none() {
            return;
        }
    }
}

async fn send(world: &World, method: &str, path: &str, bearer: &str, document: Option<Value>) -> Option<Value> {
    let call =
        request(method, &format!("/.chaperone/api/v1{path}")).header("authorization", format!("Bearer {bearer}"));
    let call = call.header("content-type", "application/json");
    let call = call.body(body(document.map(|document| document.to_string()).unwrap_or_default())).unwrap();
    let reply = world.send(call).await;
    assert!(reply.status.is_success(), "{}", reply.text());
    Some(reply.json())
}

/// The events of the trail that people are told of, by their ids.
fn events(world: &World) -> BTreeMap<String, String> {
    let exported = chaperone(&["audit", "export", "--config", &world.config()]).stdout;
    let records = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = records.filter(|record| KINDS.contains(&record["kind"].as_str().unwrap()));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    told.map(|record| (text(&record["event_id"]), text(&record["kind"]))).collect()
}

fn ids_told(hook: &Hook) -> BTreeSet<String> {
    hook.taken().iter().map(|call| call.body["data"]["id"].as_str().unwrap().to_owned()).collect()
}

fn each_event_was_told(events: &BTreeMap<String, String>, hook: &Hook, mailbox: &Mailbox) {
    let mut calls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in hook.taken() {
        calls.entry(call.body["data"]["id"].as_str().unwrap().to_owned()).or_default().insert(call.id);
    }
    let mut mails: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for mail in mailbox.mails() {
        let text = mail.text();
        let id = text.split("notice ev_").nth(1).unwrap();
        let id = format!("ev_{}", id.split_whitespace().next().unwrap());
        mails.entry((id, mail.to.clone())).or_default().insert(mail.id());
    }
    assert_eq!(calls.keys().collect::<Vec<_>>(), events.keys().collect::<Vec<_>>(), "every event, and nothing else");
    assert!(calls.values().chain(mails.values()).all(|ids| ids.len() == 1), "each under one id");
    for (event, kind) in events.iter().filter(|(_, kind)| *kind != "session.ended") {
        for member in ["olga@acme.example", "otto@acme.example"] {
            assert!(mails.contains_key(&(event.clone(), member.to_owned())), "{kind} {event}: {member}");
        }
    }
    let told = mails.keys().map(|(event, _)| event);
    assert!(told.clone().all(|event| events.contains_key(event)), "no mail without its event");
}
