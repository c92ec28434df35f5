//! What operators meet: mistakes, signals, an app or a disk that is gone.
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{World, body, chaperone, engineers, eventually, members, refused, request};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// The records of a kind in the trail, as `audit export` prints them.
fn records(world: &World, kind: &str) -> Vec<Value> {
    let exported = chaperone(&["audit", "export", "--config", &world.config()]);
    assert_eq!(exported.code, Some(0), "{}", exported.stderr);
    let all = exported.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|record| record["kind"] == kind).collect()
}

/// The trail's one file.
fn journal(world: &World) -> PathBuf {
    let mut files = fs::read_dir(world.path("audit")).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|end| end == "jsonl")).unwrap()
}

#[test]
fn a_mistake_in_the_configuration_is_told_with_its_place_and_nothing_starts() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("chaperone.toml");
    fs::write(&file, "[server]\nlisten = \"nowhere\"\nlissten = \"127.0.0.1:1\"\n").unwrap();
    let file = file.to_str().unwrap();
    let checked = chaperone(&["config", "check", "--config", file]);
    assert_eq!(checked.code, Some(1));
    for told in ["server.listen", "nowhere", "lissten", "public_url", "route", "staff", "customers"] {
        assert!(checked.stdout.contains(told), "{told}: {}", checked.stdout);
    }
    let served = chaperone(&["serve", "--config", file]);
    assert_eq!((served.code, served.stdout.as_str()), (Some(2), ""));
    assert!(served.stderr.contains("server.listen"), "{}", served.stderr);
    assert_eq!(chaperone(&["serve", "--config", "/nowhere/chaperone.toml"]).code, Some(2));
    assert_eq!(chaperone(&["serve"]).code, Some(2));
    assert_eq!(chaperone(&["sevre"]).code, Some(2));
    assert_eq!(chaperone(&["--version"]).code, Some(0));
}

#[tokio::test]
async fn a_gate_whose_policies_do_not_pass_does_not_start() {
    let mut world = World::builder().policy("own.cedar", crate::world::SEGMENT).start().await;
    world.gate.terminate();
    world.gate.ended(PATIENCE).await;
    fs::write(world.path("policies/own.cedar"), "permit (principal, action, resource) when { context.nonsense };")
        .unwrap();
    let served = chaperone(&["serve", "--config", &world.config()]);
    assert_eq!(served.code, Some(2));
    assert!(served.stderr.contains("own.cedar"), "{}", served.stderr);
}

#[tokio::test]
async fn a_signal_ends_the_gate_cleanly_and_what_was_open_is_in_the_trail() {
    let mut world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let mut events = world.events(&ada, "/w/acme/events").await;
    assert!(events.next().await.is_some());
    let mut socket = world.socket(&ada, "/w/acme/live").await.expect("a WebSocket");
    assert_eq!(socket.say("hello").await, "hello");
    world.gate.terminate();
    let status = world.gate.ended(PATIENCE).await;
    assert_eq!(status.code(), Some(0), "{:#?}", world.gate.log());
    assert_eq!(socket.closed().await.map(|(code, _)| code), Some(1001));
    let mut completed = records(&world, "access.completed");
    completed.sort_by_key(|record| record["request"]["path"].to_string());
    assert_eq!(completed.len(), 2);
    assert_eq!(completed[0]["request"]["path"], "/w/acme/events");
    assert_eq!(completed[0]["response"]["outcome"], "cut");
    assert!(completed[0]["response"]["bytes_out"].as_u64().unwrap() > 0);
    assert_eq!(chaperone(&["audit", "verify", "--config", &world.config()]).code, Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_the_gate_at_once_and_the_trail_is_whole() {
    let mut world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let mut events = world.events(&ada, "/w/acme/events").await;
    assert!(events.next().await.is_some());
    let says = async |world: &World, word: &str| {
        eventually(word, PATIENCE, async || {
            world.gate.log().iter().any(|line| line["message"].to_string().contains(word)).then_some(())
        })
        .await;
    };
    world.gate.terminate();
    says(&world, "stopping").await;
    world.gate.terminate();
    says(&world, "stopped at once").await;
    assert_eq!(world.gate.ended(PATIENCE).await.code(), Some(0));
    assert_eq!(chaperone(&["audit", "verify", "--config", &world.config()]).code, Some(0));
}

#[tokio::test]
async fn a_request_that_no_session_was_known_for_is_found_in_the_log_by_its_id() {
    let world = World::start().await;
    let answer = world.send(request("GET", "/w/acme/a?secret=hush").body(body("")).unwrap()).await.expect(401);
    let id = answer.header("x-request-id").unwrap();
    let line =
        eventually("its line", PATIENCE, async || world.gate.log().into_iter().find(|line| line["request"] == id))
            .await;
    assert_eq!((&line["message"], &line["code"]), (&json!("refused"), &json!("no-session")));
    assert!(!line.to_string().contains("hush"), "{line}");
}

/// Alerts and the dashboard speak of metrics that exist.
#[tokio::test]
async fn what_operators_look_at_is_what_the_gate_tells() {
    let world = World::builder().no_app().start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(502);
    let told = world.ops("/metrics").await.expect(200).text();
    for file in ["deploy/prometheus/chaperone.rules.yml", "deploy/grafana/chaperone.json"] {
        let text = fs::read_to_string(file).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        let names: BTreeSet<&str> =
            words.filter(|w| w.starts_with("chaperone_") || w.starts_with("process_")).collect();
        assert!(names.len() > 5, "{file}");
        for name in names {
            assert!(told.contains(&format!("\n{name}")), "{file} looks at `{name}`");
        }
    }
}

#[tokio::test]
async fn metrics_and_health_are_the_operators_alone() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    world.ask(&ada, "POST", "/w/acme/a").await.expect(403);
    world.ops("/healthz").await.expect(200);
    let ready = world.ops("/readyz").await.expect(200).json();
    assert_eq!(ready, json!({"ready": true, "state": "ok", "audit": "ok", "files": "ok"}));
    for line in [
        "chaperone_refusals_total{code=\"read-only\"}",
        "chaperone_grants_live",
        "chaperone_sessions_live{mode=\"consented\"}",
    ] {
        eventually(line, PATIENCE, async || (world.metric(line).await == 1).then_some(())).await;
    }
    for path in ["/metrics", "/readyz"] {
        let public = world.ask(&ada, "GET", path).await;
        assert_eq!(world.app.last().target, path, "on the public listener it is the app's: {}", public.text());
    }
}

#[tokio::test]
async fn an_app_that_is_down_is_told_as_such_and_the_attempt_is_in_the_trail() {
    let world = World::builder().no_app().start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(502, "upstream-unreachable"));
    let completed = eventually("the record", PATIENCE, async || records(&world, "access.completed").pop()).await;
    assert_eq!(completed["response"]["outcome"], "upstream_failed");
    assert_eq!(world.metric("chaperone_upstream_errors_total{kind=\"unreachable\"}").await, 1);
    world.ops("/readyz").await.expect(200);
}

#[tokio::test]
async fn without_a_trail_nothing_passes() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    let (journal, aside) = (journal(&world), world.path("aside"));
    fs::rename(&journal, &aside).unwrap();

    for method in ["GET", "POST"] {
        let answer = world.ask(&ada, method, "/w/acme/b").await;
        assert_eq!(answer.problem(), refused(503, "audit-unavailable"), "{method}");
        assert!(answer.header("retry-after").is_some());
    }
    assert_eq!(world.app.seen().len(), 1, "nothing of it came upstream");
    let ready = world.ops("/readyz").await.expect(503).json();
    assert_eq!(ready["ready"], false);

    fs::rename(&aside, &journal).unwrap();
    let passes = async || (world.ask(&ada, "GET", "/w/acme/c").await.status == 200).then_some(());
    eventually("somebody passes again", PATIENCE, passes).await;
    eventually("/readyz", PATIENCE, async || (world.ops("/readyz").await.status == 200).then_some(())).await;
    assert_eq!(chaperone(&["audit", "verify", "--config", &world.config()]).code, Some(0));
}
