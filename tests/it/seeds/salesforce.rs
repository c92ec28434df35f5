//! FirmWorks on Salesforce: nobody in support logs in without explicit permission and duration; every user grants their own login
//! alone, to one named organization.
use chaperone::domain::time::{Clock, Span};
use serde_json::{Value, json};

use super::{gate, impersonated, seen, shut_to, until_its_end, works};
use crate::world::{Engineer, Member, Reply, World, body, engineers, members, refused, request};

/// An administrator of acme.
const ADMIN: Member = Member { workspace: "acme", id: "ann", role: "admin" };
/// An end user of acme.
const USER: Member = members::MAX;
/// A support engineer of FirmWorks, and one of the platform's own support.
const FREYA: Engineer = Engineer { id: "freya", group: "partner-support", organization: "firmworks" };
const PIA: Engineer = Engineer { id: "pia", group: "support", organization: "platform" };

fn access() -> Value {
    json!({"duration": "30d", "access": "full", "organization": "firmworks"})
}

#[tokio::test]
async fn f1_no_flow_asks_for_the_customers_password() {
    let world = gate("salesforce").await;
    let text = openapi(&world).await.expect(200).text();
    assert!(text.contains("createGrant"), "the document describes the flows");
    let fields = fields_of(&serde_json::from_str(&text).unwrap());
    assert!(fields.iter().all(|field| !field.to_lowercase().contains("passw")), "{fields:?}");
    let asked = json!({"duration": "1d", "access": "full", "organization": "firmworks", "password": "hunter2"});
    assert_eq!(world.try_grant(&USER, asked).await.problem(), refused(400, "bad-request"));
}

#[tokio::test]
async fn f4_support_enters_as_that_very_user_to_troubleshoot_and_to_fix() {
    let world = gate("salesforce").await;
    world.grant(&USER, access()).await;
    let session = world.enter(&FREYA, "acme").await;
    works(&world, &session, "acme").await;
    let seen = world.app.last();
    assert_eq!((seen.one("x-chaperone-subject"), seen.one("x-chaperone-actor")), ("max", "freya"));
}

#[tokio::test]
async fn f5_nobody_logs_in_without_explicit_permission_and_duration() {
    let world = gate("salesforce").await;
    assert_eq!(shut_to(&world, &FREYA, "acme").await, refused(403, "grant-missing"));
    for missing in [
        json!({"access": "full", "organization": "firmworks"}),
        json!({"access": "full", "organization": "firmworks", "until_revoked": true}),
    ] {
        assert_eq!(world.try_grant(&USER, missing).await.problem(), refused(403, "duration-required"));
    }
    assert_eq!(shut_to(&world, &FREYA, "acme").await, refused(403, "grant-missing"));
    world.grant(&USER, access()).await;
    world.enter(&FREYA, "acme").await;
}

#[tokio::test]
async fn f6_the_user_sets_the_duration_per_named_organization_and_nothing_takes_effect_before_save() {
    let world = gate("salesforce").await;
    let organizations = &seen(&world, &USER).await["choices"]["organizations"];
    assert_eq!(organizations[0], json!({"id": "firmworks", "name": "FirmWorks Support"}));
    assert_eq!(
        shut_to(&world, &FREYA, "acme").await,
        refused(403, "grant-missing"),
        "looking at the page saves nothing"
    );
    world.grant(&USER, access()).await;
    world.enter(&FREYA, "acme").await;
    assert_eq!(shut_to(&world, &PIA, "acme").await, refused(403, "not-named"));
    let unnamed = json!({"duration": "1d", "access": "full"});
    assert_eq!(world.try_grant(&USER, unnamed).await.problem(), refused(400, "bad-request"));
    let unknown = json!({"duration": "1d", "access": "full", "organization": "acme-it"});
    let told = world.try_grant(&USER, unknown).await;
    assert!(told.text().contains("`firmworks`, `platform`"), "{}", told.text());
    world.grant(&USER, json!({"duration": "1d", "access": "full", "organization": "platform"})).await;
    world.enter(&PIA, "acme").await;
}

#[tokio::test]
async fn f7_the_same_grant_from_two_places_has_equal_effect() {
    let world = gate("salesforce").await;
    for terms in [access(), {
        let end = Clock::system().now().plus(Span::from_seconds(30 * 86_400));
        json!({"expires_at": end.to_string(), "access": "full", "organization": "firmworks"})
    }] {
        let made = world.try_grant(&USER, terms).await.expect(201).json();
        works(&world, &world.enter(&FREYA, "acme").await, "acme").await;
        world.revoke(&USER, made["id"].as_str().unwrap()).await;
    }
}

#[tokio::test]
async fn f8_ample_time_is_allowed() {
    let world = gate("salesforce").await;
    let year = json!({"duration": "365d", "access": "full", "organization": "firmworks"});
    world.grant(&USER, year).await;
    let longer = json!({"duration": "366d", "access": "full", "organization": "firmworks"});
    assert_eq!(world.try_grant(&USER, longer).await.problem(), refused(403, "duration-too-long"));
}

#[tokio::test]
async fn f9_revoke_access_ends_it_at_any_time_before_its_end_too() {
    let world = gate("salesforce").await;
    let grant = world.grant(&USER, access()).await;
    let session = world.enter(&FREYA, "acme").await;
    let shown = &seen(&world, &USER).await["grants"][0];
    assert!(shown["id"] == json!(grant) && shown["expires_at"].is_string(), "revoke stands beside the date");
    world.revoke(&USER, &grant).await;
    assert_eq!(world.ask(&session, "GET", "/w/acme/invoices").await.problem(), refused(403, "grant-revoked"));
    let lasting = json!({"access": "full", "organization": "firmworks"});
    until_its_end(&world, &USER, &FREYA, lasting).await;
}

#[tokio::test]
async fn f10_nobody_grants_while_logged_in_as_another_user() {
    let world = gate("salesforce").await;
    let path = "/workspaces/acme/grants";
    let told = impersonated(&world, &USER, "POST", path, Some(access())).await;
    assert_eq!(told, refused(403, "consent-while-impersonated"));
}

#[tokio::test]
async fn f11_an_admin_logged_in_as_an_end_user_cannot_grant_for_them() {
    let world = gate("salesforce").await;
    world.put_member(&ADMIN).await;
    let grant = world.grant(&USER, access()).await;
    let path = format!("/workspaces/acme/grants/{grant}");
    let longer = json!({"duration": "60d"});
    let inside = impersonated(&world, &USER, "PATCH", &path, Some(longer.clone())).await;
    assert_eq!(inside, refused(403, "consent-while-impersonated"));
    let own = world.api("PATCH", &path, &world.member(&ADMIN), Some(longer)).await;
    assert_eq!(own.problem(), refused(403, "wrong-subject"), "nor by their own login");
}

#[tokio::test]
async fn f12_support_logged_in_as_an_admin_cannot_log_in_as_another_user_whatever_the_app_allows() {
    let route = r#"effects = [{ path = "/w/*/login-as/**", effect = "login_as" }]"#;
    let world = World::builder().profile("salesforce").route(route).start().await;
    world.grant(&ADMIN, access()).await;
    let session = world.enter(&FREYA, "acme").await;
    works(&world, &session, "acme").await;
    let before = world.app.seen().len();
    for path in ["/w/acme/login-as/max", "/w/acme/LOGIN-AS/max", "/w/acme/login-as%2Fmax"] {
        let told = world.ask(&session, "POST", path).await;
        assert!([400, 403].contains(&told.status.as_u16()), "{path}: {}", told.status);
    }
    let told = world.ask(&session, "POST", "/w/acme/login-as/max").await;
    assert_eq!(told.problem(), refused(403, "chained-impersonation"));
    assert_eq!(world.app.seen().len(), before, "the app never hears of it");
}

#[tokio::test]
async fn f13_to_reach_both_admin_and_end_user_each_grants_separately() {
    let world = gate("salesforce").await;
    let admins = world.grant(&ADMIN, access()).await;
    let session = world.enter(&FREYA, "acme").await;
    world.ask(&session, "GET", "/w/acme/invoices").await.expect(200);
    assert_eq!(world.app.last().one("x-chaperone-subject"), "ann", "an administrator's grant lends no other login");
    let users = world.grant(&USER, access()).await;
    for (grant, subject) in [(&admins, "ann"), (&users, "max")] {
        let chosen = json!({"workspace": "acme", "grant": grant, "reason": "an invoice is wrong"});
        let started = world.try_enter(&FREYA, chosen).await.expect(201).json();
        assert_eq!(started["subject"], subject);
    }
    world.revoke(&USER, &users).await;
    let chosen = json!({"workspace": "acme", "grant": users, "reason": "an invoice is wrong"});
    assert_eq!(world.try_enter(&FREYA, chosen).await.problem(), refused(403, "grant-revoked"));
    assert_eq!(world.ask(&session, "GET", "/w/acme/invoices").await.status, 200, "and hers lasts");
}

#[tokio::test]
async fn a_user_ends_what_concerns_their_own_login_and_nothing_else() {
    let world = gate("salesforce").await;
    let admins = world.grant(&ADMIN, access()).await;
    let path = format!("/workspaces/acme/grants/{admins}");
    let told = world.api("DELETE", &path, &world.member(&USER), None).await;
    assert_eq!(told.problem(), refused(403, "not-owner"));
    let users = world.grant(&USER, access()).await;
    world.revoke(&ADMIN, &users).await;
}

#[tokio::test]
async fn engineers_of_an_organization_that_is_not_listed_do_no_support() {
    let world = gate("salesforce").await;
    world.grant(&USER, access()).await;
    assert_eq!(shut_to(&world, &engineers::ADA, "acme").await, refused(403, "policy-denied"));
}

/// The API's own document.
async fn openapi(world: &World) -> Reply {
    let call = request("GET", "/.chaperone/api/openapi.json").body(body(""));
    world.send(call.unwrap()).await
}

/// The names of all fields that any body has.
fn fields_of(document: &Value) -> Vec<String> {
    match document {
        Value::Object(parts) => {
            let own = parts.get("properties").and_then(Value::as_object).into_iter().flatten();
            own.map(|(name, _)| name.clone()).chain(parts.values().flat_map(fields_of)).collect()
        }
        Value::Array(items) => items.iter().flat_map(fields_of).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
