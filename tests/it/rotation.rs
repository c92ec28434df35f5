//! Replacing the signing key: apps verify every assertion throughout, and auditors every checkpoint.
use std::fs;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::world::{HOST, Output, Session, World, body, chaperone, engineers, eventually, members, request};

/// A rotation counts within a second; a busy machine may need longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The JWKS, as an app fetches it.
async fn published(world: &World) -> JwkSet {
    let answer = world.send(request("GET", "/.chaperone/jwks.json").body(body("")).unwrap()).await.expect(200);
    serde_json::from_value(answer.json()).unwrap()
}

fn kids(set: &JwkSet) -> Vec<String> {
    set.keys.iter().map(|key| key.common.key_id.clone().unwrap()).collect()
}

/// The assertion that the app gets with a request.
async fn assertion(world: &World, session: &Session) -> String {
    world.ask(session, "GET", "/w/acme/a").await.expect(200);
    world.app.last().one("x-chaperone-assertion").to_owned()
}

fn kid(assertion: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(assertion.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

/// Whether an app that knows `set` believes the assertion.
fn believes(set: &JwkSet, assertion: &str) -> bool {
    let Some(key) = set.find(&kid(assertion)) else { return false };
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[format!("https://{HOST}")]);
    jsonwebtoken::decode::<Value>(assertion.as_bytes(), &DecodingKey::from_jwk(key).unwrap(), &validation).is_ok()
}

/// `chaperone key` with these arguments: its exit code, and the keys that it prints.
fn key(world: &World, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let config = world.config();
    let done = chaperone(&[&["key"], arguments, &["--config", &config, "--format", "jsonl"]].concat());
    (done.code, done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_stays_for_what_it_signed() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let (before, first) = (published(&world).await, assertion(&world, &ada).await);
    assert!(believes(&before, &first));

    let (code, keys) = key(&world, &["rotate"]);
    assert_eq!((code, keys.len()), (Some(0), 2));
    assert_eq!((&keys[0]["state"], &keys[1]["state"]), (&json!("active"), &json!("next")));
    let next = keys[1]["kid"].as_str().unwrap().to_owned();
    let both = eventually("the new key is published", PATIENCE, async || {
        Some(published(&world).await).filter(|set| set.keys.len() == 2)
    })
    .await;
    assert_eq!(kids(&both), [kid(&first), next.clone()], "the one that signs comes first");
    assert_eq!(kid(&assertion(&world, &ada).await), kid(&first), "it does not sign yet");
    assert_eq!(key(&world, &["rotate"]).0, Some(1), "one rotation at a time");

    assert_eq!(key(&world, &["rotate", "--now"]).0, Some(0));
    let signed = eventually("the new key signs", PATIENCE, async || {
        Some(assertion(&world, &ada).await).filter(|assertion| kid(assertion) == next)
    })
    .await;
    assert!(believes(&both, &signed), "an app that has not asked again knows the new key");
    let after = published(&world).await;
    assert_eq!(kids(&after), [next, kid(&first)]);
    assert!(believes(&after, &first), "what the old key signed still counts");
    let (code, keys) = key(&world, &["list"]);
    assert_eq!((code, &keys[0]["state"], &keys[1]["state"]), (Some(0), &json!("retiring"), &json!("active")));
}

#[tokio::test]
async fn a_key_that_is_deleted_is_forgotten_at_once_and_one_that_cannot_be_read_harms_nobody() {
    let world = World::start().await;
    let old = kids(&published(&world).await);
    fs::write(world.path("keys/assertion-key-1795000000.pem"), "half a key").unwrap();
    let told = async || world.gate.log().iter().any(|line| line["level"] == "ERROR").then_some(());
    eventually("the gate says so", PATIENCE, told).await;
    assert_eq!(kids(&published(&world).await), old);
    fs::remove_file(world.path("keys/assertion-key-1795000000.pem")).unwrap();

    assert_eq!(key(&world, &["rotate", "--now"]).0, Some(0));
    fs::remove_file(world.path("keys/assertion-key.pem")).unwrap();
    let gone = async || Some(kids(&published(&world).await)).filter(|kids| !kids.contains(&old[0]));
    assert_eq!(eventually("the leaked key is forgotten", PATIENCE, gone).await.len(), 1);
}

/// What `audit verify` says of the world's trail under the keys of its folder.
fn verified(world: &World) -> Output {
    chaperone(&["audit", "verify", "--config", &world.config(), "--require-anchored"])
}

#[tokio::test]
async fn checkpoints_verify_after_the_key_that_signed_them_is_gone() {
    let mut world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    world.gate.terminate();
    assert!(world.gate.ended(PATIENCE).await.success());
    assert_eq!(verified(&world).code, Some(0));

    // Nothing is recorded for a day after a rotation: the new key has signed no checkpoint when the old one goes.
    assert_eq!(key(&world, &["rotate", "--now"]).0, Some(0));
    assert_eq!(verified(&world).code, Some(0));
    let mut files = fs::read_dir(world.path("keys")).unwrap().map(|entry| entry.unwrap().path());
    let new = files.find(|path| path.to_str().unwrap().contains("assertion-key-")).expect("the new key");
    fs::rename(new, world.path("keys/assertion-key-1.pem")).unwrap();
    let (code, keys) = key(&world, &["rotate"]);
    assert_eq!((code, &keys[0]["state"], keys.len()), (Some(0), &json!("active"), 2));
    assert!(!world.path("keys/assertion-key.pem").exists(), "the old key is gone");
    let by_retired = verified(&world);
    assert_eq!(by_retired.code, Some(0), "{}", by_retired.stdout);

    // Whoever does not know the old key learns of that, until a checkpoint under the new one vouches for all.
    let (retired, aside) = (world.path("keys/retired.jwks.json"), world.path("aside"));
    fs::rename(&retired, &aside).unwrap();
    let unknown = verified(&world);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stdout.contains("not among those to trust (`--jwks`)"), "{}", unknown.stdout);
    let named = chaperone(&[
        "audit",
        "verify",
        "--config",
        &world.config(),
        "--require-anchored",
        "--jwks",
        aside.to_str().unwrap(),
    ]);
    assert_eq!(named.code, Some(0), "{}", named.stdout);
    world.restart().await;
    world.enter(&engineers::ADA, "acme").await;
    world.gate.terminate();
    assert!(world.gate.ended(PATIENCE).await.success());
    let by_new = verified(&world);
    assert_eq!(by_new.code, Some(0), "{}", by_new.stdout);
}
