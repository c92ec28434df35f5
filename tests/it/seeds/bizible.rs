//! Bizible: a third party is let in until a date, for diagnosis or for configuration.
use chaperone::domain::time::{Clock, Span};
use serde_json::{Value, json};

use super::{gate, seen, shut_to, until_its_end, works};
use crate::world::{Engineer, Member, members, refused};

const USER: Member = members::MAX;
/// A support engineer of the third party, and one of the platform's own support.
const BELA: Engineer = Engineer { id: "bela", group: "partner-support", organization: "bizible" };
const PIA: Engineer = Engineer { id: "pia", group: "support", organization: "platform" };

fn access(purpose: &str) -> Value {
    json!({"duration": "14d", "access": "full", "organization": "bizible", "purpose": purpose})
}

#[tokio::test]
async fn b1_access_is_for_diagnosis_or_for_configuration_which_writes() {
    let world = gate("bizible").await;
    assert_eq!(seen(&world, &USER).await["choices"]["purposes"], json!(["diagnosis", "configuration"]));
    for purpose in ["diagnosis", "configuration"] {
        let made = world.try_grant(&USER, access(purpose)).await.expect(201).json();
        assert_eq!(made["purpose"], purpose);
        works(&world, &world.enter(&BELA, "acme").await, "acme").await;
        world.revoke(&USER, made["id"].as_str().unwrap()).await;
    }
    let mut reading = access("configuration");
    reading["access"] = "read_only".into();
    assert_eq!(world.try_grant(&USER, reading).await.problem(), refused(400, "bad-request"));
    assert_eq!(world.try_grant(&USER, access("curiosity")).await.problem(), refused(400, "bad-request"));
    let none = json!({"duration": "14d", "access": "full", "organization": "bizible"});
    assert_eq!(world.try_grant(&USER, none).await.problem(), refused(400, "bad-request"));
}

#[tokio::test]
async fn b2_the_user_sets_an_expiration_date_for_a_third_party_distinct_from_the_platforms_own_support() {
    let world = gate("bizible").await;
    let end = Clock::system().now().plus(Span::from_seconds(9 * 86_400)).to_string();
    let terms = json!({"expires_at": end, "access": "full", "organization": "bizible", "purpose": "diagnosis"});
    let made = world.try_grant(&USER, terms).await.expect(201).json();
    assert_eq!((&made["expires_at"], &made["organization"]), (&json!(end), &json!("bizible")));
    works(&world, &world.enter(&BELA, "acme").await, "acme").await;
    assert_eq!(shut_to(&world, &PIA, "acme").await, refused(403, "not-named"));
    let endless = json!({"until_revoked": true, "access": "full", "organization": "bizible", "purpose": "diagnosis"});
    assert_eq!(world.try_grant(&USER, endless).await.problem(), refused(403, "duration-required"));
}

#[tokio::test]
async fn b3_at_least_a_week_is_recommended_and_not_forced() {
    let world = gate("bizible").await;
    assert_eq!(seen(&world, &USER).await["choices"]["recommend_min"], "7d");
    let mut short = access("diagnosis");
    short["duration"] = "1h".into();
    world.grant(&USER, short).await;
    world.enter(&BELA, "acme").await;
}

#[tokio::test]
async fn b4_nothing_takes_effect_before_it_is_saved() {
    let world = gate("bizible").await;
    seen(&world, &USER).await;
    assert_eq!(shut_to(&world, &BELA, "acme").await, refused(403, "grant-missing"));
    world.grant(&USER, access("diagnosis")).await;
    world.enter(&BELA, "acme").await;
}

#[tokio::test]
async fn b5_access_ends_at_the_date() {
    let world = gate("bizible").await;
    let terms = json!({"access": "full", "organization": "bizible", "purpose": "configuration"});
    until_its_end(&world, &USER, &BELA, terms).await;
}

#[tokio::test]
async fn b6_every_way_to_the_setting_reaches_the_same() {
    let world = gate("bizible").await;
    let grant = world.grant(&USER, access("diagnosis")).await;
    let token = world.member(&USER);
    let overview = seen(&world, &USER).await["grants"][0].clone();
    let listed = world.api("GET", "/workspaces/acme/grants", &token, None).await.expect(200).json();
    let read = world.api("GET", &format!("/workspaces/acme/grants/{grant}"), &token, None).await.expect(200).json();
    assert_eq!((&overview, &listed["items"][0]), (&read, &read));
}
