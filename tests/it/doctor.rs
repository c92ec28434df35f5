//! The doctor: what it finds in a healthy gate, in a sick one, and in an app that believes too much.
use std::fs;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::world::{Output, World, chaperone};

/// A secret that the gate shares with the app.
const SECRET: &str = "swordfish-swordfish";

/// A token of the app's, for whoever it takes its visitor for.
fn minted(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({"alg": "ES256"})), part(claims))
}

fn visitor(headers: &HeaderMap) -> Option<&str> {
    headers.get("remote-user").or(headers.get("remote_user"))?.to_str().ok()
}

/// An app that takes everybody for whom `Remote-User` says.
fn credulous() -> Router {
    let page = async |headers: HeaderMap| format!("hello, {}", visitor(&headers).unwrap_or("stranger"));
    Router::new().route("/", get(page)).route("/api/chaperone-token", post(async || minted(&json!({"sub": "olga"}))))
}

/// An app that believes the gate alone, which proves itself by a secret.
fn careful() -> Router {
    let known = |headers: &HeaderMap| headers.get("x-gate-secret").is_some_and(|secret| secret == SECRET);
    let page = async move |headers: HeaderMap| match visitor(&headers).filter(|_| known(&headers)) {
        Some(visitor) => format!("hello, {visitor}"),
        None => "who are you?".to_owned(),
    };
    let mint = async |headers: HeaderMap| {
        let actor = headers["x-chaperone-actor"].to_str().unwrap();
        json!({"token": minted(&json!({"sub": "olga", "act": {"sub": actor}}))}).to_string()
    };
    Router::new().route("/", get(page)).route("/api/chaperone-token", post(mint))
}

/// What the doctor says of the world's gate before this app.
async fn examined(world: &World, app: Router, arguments: &[&str]) -> Output {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    TaskTracker::new().spawn(async move { axum::serve(listener, app).await });
    let config = fs::read_to_string(world.config()).unwrap().replace(&world.app.address.to_string(), &address);
    let file = world.path("examined.toml");
    fs::write(&file, config).unwrap();
    chaperone(&[&["doctor", "--config", file.to_str().unwrap()], arguments].concat())
}

async fn world() -> World {
    let headers = format!("headers = {{ \"Remote-User\" = \"{{subject.email}}\", \"X-Gate-Secret\" = \"{SECRET}\" }}");
    World::builder().route(&headers).start().await
}

/// What was found under a check's name.
fn found(output: &Output, check: &str) -> Vec<(String, String)> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = output.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    findings.filter(|finding| finding["check"] == check).map(|f| (text(&f, "level"), text(&f, "said"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_gate_before_a_careful_app_is_well() {
    let world = world().await;
    let well = examined(&world, careful(), &["--format", "jsonl"]).await;
    assert_eq!(well.code, Some(0), "{}{}", well.stdout, well.stderr);
    for check in ["policies", "store", "trail", "keys", "staff, keys", "customers, keys", "route 0, app"] {
        assert_eq!(found(&well, check)[0].0, "ok", "{check}: {}", well.stdout);
    }
    assert_eq!(found(&well, "route 0, identity")[0].0, "ok", "{}", well.stdout);
    assert_eq!(found(&well, "route 0, tokens")[0].0, "ok", "{}", well.stdout);
    let table = examined(&world, careful(), &[]).await;
    assert!(table.stdout.contains(" failures, "), "{}", table.stdout);
    assert!(!(well.stdout + &table.stdout).contains(SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_believes_everybody_and_mints_without_an_actor_is_told() {
    let world = world().await;
    let sick = examined(&world, credulous(), &["--format", "jsonl"]).await;
    assert_eq!(sick.code, Some(1), "{}{}", sick.stdout, sick.stderr);
    let (level, said) = found(&sick, "route 0, identity").remove(0);
    assert_eq!(level, "warn");
    assert!(said.contains("`remote-user`, `remote_user` from anybody"), "{said}");
    let (level, said) = found(&sick, "route 0, tokens").remove(0);
    assert_eq!(level, "fail");
    assert!(said.contains("no `act`"), "{said}");

    let unasked = examined(&world, credulous(), &["--format", "jsonl", "--skip-probes"]).await;
    assert_eq!(unasked.code, Some(0));
    assert_eq!(found(&unasked, "route 0, identity")[0].0, "not_checked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_keep_a_gate_from_starting_or_serving_is_a_failure() {
    let world = World::builder().no_app().start().await;
    let doctor = || chaperone(&["doctor", "--config", &world.config(), "--format", "jsonl"]);
    let down = doctor();
    assert_eq!(down.code, Some(1));
    let (level, said) = found(&down, "route 0, app").remove(0);
    assert_eq!(level, "fail");
    assert!(said.starts_with("cannot connect to `127.0.0.1:1`"), "{said}");
    assert_eq!(found(&down, "route 0, identity")[0].0, "not_checked");

    fs::write(world.path("staff.jwks.json"), r#"{"keys": []}"#).unwrap();
    fs::write(world.path("keys/assertion-key-1795000000.pem"), "half a key").unwrap();
    let worse = doctor();
    assert_eq!(found(&worse, "staff, keys")[0].0, "fail", "{}", worse.stdout);
    assert_eq!(found(&worse, "keys")[0].0, "fail", "{}", worse.stdout);

    fs::write(world.path("chaperone.toml"), "[server]\nlissten = 1\n").unwrap();
    let mistaken = doctor();
    assert_eq!((mistaken.code, mistaken.stdout.lines().count()), (Some(1), 1));
    assert!(mistaken.stdout.contains("config check"), "{}", mistaken.stdout);
}

#[test]
fn the_doctor_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("chaperone.toml");
    fs::write(&config, include_str!("../../config/minimal.toml")).unwrap();
    let first = chaperone(&["doctor", "--config", config.to_str().unwrap(), "--format", "jsonl"]);
    for check in ["store", "trail", "keys"] {
        let (level, said) = found(&first, check).remove(0);
        assert_eq!((level.as_str(), said.ends_with("will be made on the first start")), ("ok", true), "{said}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
