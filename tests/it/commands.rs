//! The commands that ask a running gate, and those that describe the command line.
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Output, World, chaperone, chaperone_in, engineers, eventually, members};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a command that finds the gate by its configuration, as whoever `token` says.
fn at(world: &World, token: &str, arguments: &[&str]) -> Output {
    let (listen, ops, config) = (world.gate.address.to_string(), world.gate.ops.to_string(), world.config());
    // The stories' gates choose free ports, which the file does not tell.
    let environment =
        [("CHAPERONE__SERVER__LISTEN", listen.as_str()), ("CHAPERONE__OPS__LISTEN", &ops), ("CHAPERONE_TOKEN", token)];
    chaperone_in(&environment, &[arguments, &["--config", &config]].concat())
}

fn json(output: &Output) -> Value {
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

#[tokio::test]
async fn health_tells_whether_somebody_would_pass_and_if_not_why() {
    let mut world = World::start().await;
    let ready = at(&world, "", &["health"]);
    assert_eq!((ready.code, ready.stdout.as_str()), (Some(0), "ready\n"), "{}", ready.stderr);

    fs::rename(world.path("audit"), world.path("aside")).unwrap();
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let sick = async || Some(at(&world, "", &["health"])).filter(|health| health.code == Some(1));
    let told = eventually("the gate is not ready", PATIENCE, sick).await.stdout;
    assert!(told.starts_with("not ready\n  audit: "), "{told}");

    fs::rename(world.path("aside"), world.path("audit")).unwrap();
    world.gate.terminate();
    world.gate.ended(PATIENCE).await;
    let down = at(&world, "", &["health", "--format", "json"]);
    assert_eq!(down.code, Some(1));
    let told: Value = serde_json::from_str(&down.stdout).unwrap();
    assert_eq!((&told["alive"], &told["ready"]), (&json!(false), &json!(false)));
    assert!(told["trouble"]["gate"].as_str().unwrap().starts_with("cannot connect to `127.0.0.1:"), "{told}");
    assert_eq!(chaperone(&["health", "--config", "/nowhere.toml"]).code, Some(2));
}

#[tokio::test]
async fn an_operator_lists_grants_and_sessions_shows_an_engineer_out_and_revokes() {
    let world = World::start().await;
    let key = world.token("operator");
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d", "ticket": "SUP-1042"})).await;
    let gone = world.grant(&members::OTTO, json!({"access": "read_only", "duration": "1d"})).await;
    world.revoke(&members::OTTO, &gone).await;
    let ada = world.enter(&engineers::ADA, "acme").await;

    let listed = at(&world, &key, &["grant", "list", "--workspace", "acme"]);
    assert_eq!(listed.stdout.lines().count(), 2, "{}{}", listed.stdout, listed.stderr);
    let live = at(&world, &key, &["grant", "list", "--workspace", "acme", "--standing", "live", "--format", "jsonl"]);
    assert_eq!((&json(&live)["id"], &json(&live)["ticket"]), (&json!(grant), &json!("SUP-1042")));

    let inside = json(&at(&world, &key, &["session", "list", "--workspace", "acme", "--format", "json"]));
    assert_eq!((&inside["items"][0]["id"], inside["items"].as_array().unwrap().len()), (&json!(ada.id), 1));
    let ended = at(&world, &key, &["session", "end", &ada.id]);
    assert!(ended.stdout.starts_with(&format!("ended {} in acme at ", ada.id)), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.status, 401);
    let none = at(&world, &key, &["session", "list", "--workspace", "acme", "--standing", "live"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""));

    let ada = world.enter(&engineers::ADA, "acme").await;
    let revoked = at(&world, &key, &["grant", "revoke", &grant, "--workspace", "acme"]);
    assert!(revoked.stdout.ends_with(": 1 sessions ended, 0 streams cut\n"), "{}{}", revoked.stdout, revoked.stderr);
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.status, 403);
}

#[tokio::test]
async fn consent_is_made_with_a_members_own_token_and_with_no_key() {
    let world = World::start().await;
    let create = ["grant", "create", "--workspace", "acme", "--access", "full", "--duration", "1d"];
    let refused = at(&world, &world.token("operator"), &create);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("an API key cannot make consent"), "{}", refused.stderr);

    let more = [&create[..], &["--engineer", "ada", "--scope", "/w/acme/**", "--format", "json"]].concat();
    let grant = json(&at(&world, &world.member(&members::OLGA), &more));
    assert_eq!((&grant["subject"], &grant["engineers"]), (&json!("olga"), &json!(["ada"])));
    world.enter(&engineers::ADA, "acme").await;

    let not_theirs = at(&world, &world.member(&members::GUS), &create);
    assert_eq!((not_theirs.code, not_theirs.stdout.as_str()), (Some(1), ""));
    assert!(not_theirs.stderr.contains("`not-found`"), "{}", not_theirs.stderr);
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_told_apart_from_a_no() {
    let world = World::start().await;
    let list = ["grant", "list", "--workspace", "acme"];
    let refused = at(&world, &world.directory, &list);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("scope `operator`"), "{}", refused.stderr);

    let without_key = chaperone(&[&list[..], &["--config", &world.config()]].concat());
    assert_eq!(without_key.code, Some(2));
    assert!(without_key.stderr.contains("CHAPERONE_TOKEN"), "{}", without_key.stderr);

    let key_file = world.path("operator.key");
    fs::write(&key_file, world.token("operator") + "\n").unwrap();
    let key_file = ["--token-file", key_file.to_str().unwrap()];
    let url = format!("http://{}", world.gate.address);
    let by_url = chaperone(&[&list[..], &key_file, &["--url", &url]].concat());
    assert_eq!((by_url.code, by_url.stdout.as_str()), (Some(0), ""), "{}", by_url.stderr);

    let exposed = chaperone(&[&list[..], &key_file, &["--url", "http://support.example.com"]].concat());
    assert_eq!(exposed.code, Some(2));
    assert!(exposed.stderr.contains("plaintext"), "{}", exposed.stderr);
}

#[tokio::test]
async fn a_gate_with_tls_is_asked_by_its_name_and_an_unknown_authority_is_not_believed() {
    let world = World::builder().tls().start().await;
    let (key, ca) = (world.token("operator"), world.path("cert.pem"));
    let list = ["session", "list", "--workspace", "acme"];
    let believed = at(&world, &key, &[&list[..], &["--ca", ca.to_str().unwrap()]].concat());
    assert_eq!(believed.code, Some(0), "{}", believed.stderr);
    let stranger = at(&world, &key, &list);
    assert_eq!(stranger.code, Some(2));
    assert!(stranger.stderr.contains("no TLS with"), "{}", stranger.stderr);
    assert!(!stranger.stderr.contains(&key));
}

#[test]
fn shells_and_manuals_are_told_of_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = chaperone(&["completions", shell]);
        assert_eq!(script.code, Some(0));
        assert!(script.stdout.contains("completions") && script.stdout.contains("standing"), "{shell}");
    }
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("man1");
    assert_eq!(chaperone(&["man", "--out", out.to_str().unwrap()]).code, Some(0));
    let mut pages: Vec<_> =
        fs::read_dir(&out).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    pages.sort();
    for page in ["chaperone.1", "chaperone-serve.1", "chaperone-grant-revoke.1"] {
        assert!(pages.contains(&page.to_owned()), "{page}: {pages:?}");
    }
    let first = chaperone(&["man"]).stdout;
    assert_eq!(first, fs::read_to_string(out.join("chaperone.1")).unwrap());
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let piped = format!("set -o pipefail; {} completions bash | true", env!("CARGO_BIN_EXE_chaperone"));
    let output = std::process::Command::new("bash").args(["-c", &piped]).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &[][..]));
}
