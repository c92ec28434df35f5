//! A partner with an issuer of its own: it speaks for the partner's engineers, and for nobody else; and nobody else does.
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Engineer, Issuer, Member, Reply, Session, World, eventually, members, refused, request};

const USER: Member = members::MAX;
const BELA: Engineer = Engineer { id: "bela", group: "partner-support", organization: "bizible" };
/// The platform's own, with the same id.
const NAMESAKE: Engineer = Engineer { id: "bela", group: "support", organization: "platform" };

/// How long what a file says may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// The profile of Bizible, where the third party has an issuer of its own.
async fn gate() -> (World, Issuer) {
    let partner = Issuer::at("https://idp.bizible.example".to_owned());
    let organizations = r#"organizations = [
        { id = "platform", name = "Salesforce Support" },
        { id = "bizible", name = "Bizible Support", issuer = "https://idp.bizible.example", jwks_file = "partner.jwks.json" },
    ]"#;
    let world = World::builder().staff(organizations).profile("bizible");
    (world.file("partner.jwks.json", partner.jwks().to_string()).start().await, partner)
}

/// Max lets the third party in.
async fn granted(world: &World) -> String {
    let access = json!({"duration": "14d", "access": "full", "organization": "bizible", "purpose": "diagnosis"});
    world.grant(&USER, access).await
}

async fn enter(world: &World, token: &str) -> Reply {
    let wanted = json!({"workspace": "acme", "reason": "the import hangs"});
    world.api("POST", "/sessions", token, Some(wanted)).await
}

fn session(started: &Value) -> Session {
    let text = |name: &str| started[name].as_str().unwrap().to_owned();
    Session { id: text("id"), token: text("token") }
}

#[tokio::test]
async fn b2_the_third_party_is_vouched_for_by_its_own_issuer() {
    let (world, partner) = gate().await;
    granted(&world).await;
    let started = enter(&world, &partner.sign(&BELA.claims())).await.expect(201).json();
    let bela = session(&started);
    world.ask(&bela, "POST", "/w/acme/import").await.expect(200);
    let sent = world.app.last();
    assert_eq!((sent.one("x-chaperone-actor"), sent.one("x-chaperone-subject")), ("bizible:bela", "max"));
    // Of this organization, whether or not the token says so.
    let mut silent = BELA.claims();
    silent.as_object_mut().unwrap().remove("org");
    enter(&world, &partner.sign(&silent)).await.expect(201);
    let seen = world.api("GET", "/workspaces/acme/sessions", &world.member(&USER), None).await.expect(200).json();
    assert_eq!(seen["items"][0]["engineer"]["email"], "bela@vendor.example");
}

#[tokio::test]
async fn the_same_id_at_two_issuers_is_two_engineers() {
    let (world, partner) = gate().await;
    granted(&world).await;
    let bela = session(&enter(&world, &partner.sign(&BELA.claims())).await.expect(201).json());
    let namesake = world.engineer(&NAMESAKE);
    assert_eq!(enter(&world, &namesake).await.problem(), refused(403, "not-named"));
    let path = format!("/sessions/{}", bela.id);
    assert_eq!(world.api("DELETE", &path, &namesake, None).await.problem(), refused(404, "not-found"));
    world.api("PUT", "/engineers/bela", &world.directory, Some(json!({"disabled": true}))).await.expect(200);
    world.ask(&bela, "GET", "/w/acme/a").await.expect(200);
    world.api("PUT", "/engineers/bizible:bela", &world.directory, Some(json!({"disabled": true}))).await.expect(200);
    assert_eq!(world.ask(&bela, "GET", "/w/acme/a").await.problem(), refused(403, "policy-denied"));
}

#[tokio::test]
async fn nobody_else_speaks_for_a_partners_engineers() {
    let (world, partner) = gate().await;
    granted(&world).await;
    let with = |mut claims: Value, name: &str, value: Value| {
        claims[name] = value;
        claims
    };
    let staff = |name: &str, value: Value| world.staff.sign(&with(NAMESAKE.claims(), name, value));
    let theirs = |name: &str, value: Value| partner.sign(&with(BELA.claims(), name, value));
    for (token, answer) in [
        (staff("org", json!("bizible")), (403, "policy-denied")),
        (staff("sub", json!("bizible:bela")), (401, "unauthenticated")),
        (staff("groups", json!(["support", "bizible:partner-support"])), (401, "unauthenticated")),
        (staff("iss", json!(partner.name())), (401, "unauthenticated")),
        (theirs("org", json!("platform")), (401, "unauthenticated")),
        (theirs("iss", json!(world.staff.name())), (401, "unauthenticated")),
        (theirs("aud", json!("another")), (401, "unauthenticated")),
        // A group of the vendor's own is not the partner's to give.
        (theirs("groups", json!(["support"])), (403, "policy-denied")),
    ] {
        assert_eq!(enter(&world, &token).await.problem(), refused(answer.0, answer.1));
    }
    let mut token = request("GET", "/w/acme/a");
    token = token.header("authorization", format!("Bearer {}", partner.sign(&BELA.claims())));
    assert_eq!(world.call(token, None).await.problem(), refused(401, "unauthenticated"), "no token opens the app");
}

#[tokio::test]
async fn what_the_partners_key_signed_ends_when_the_partner_withdraws_it() {
    let (world, partner) = gate().await;
    granted(&world).await;
    let bela = session(&enter(&world, &partner.sign(&BELA.claims())).await.expect(201).json());
    // The vendor has the same key, which is worth nothing for a partner's engineers.
    let both = json!({"keys": [world.staff.jwks()["keys"][0], partner.jwks()["keys"][0]]});
    std::fs::write(world.path("staff.jwks.json"), both.to_string()).unwrap();
    let next = Issuer::at("https://idp.bizible.example".to_owned()).named("k2");
    std::fs::write(world.path("partner.jwks.json"), next.jwks().to_string()).unwrap();
    eventually("the session ends", PATIENCE, async || {
        let answer = world.ask(&bela, "GET", "/w/acme/a").await;
        (answer.status == 401).then(|| assert_eq!(answer.problem(), refused(401, "session-ended")))
    })
    .await;
    assert_eq!(enter(&world, &partner.sign(&BELA.claims())).await.problem(), refused(401, "unauthenticated"));
    enter(&world, &next.sign(&BELA.claims())).await.expect(201);
}
