//! What an auditor and a customer can prove by the trail, and what whoever changes it cannot hide.
mod export;
mod hygiene;
mod reading;
mod receipts;
mod tail;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{World, chaperone, engineers, eventually, members};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// A verifier that knows nothing but docs/TRAIL.md.
const INDEPENDENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/trail/verify.py");

/// Olga lets Ada in, who works in `acme`, with so many requests.
async fn work(world: &World, requests: u32) {
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    go_on(world, requests).await;
}

/// Ada comes back on the same grant.
async fn go_on(world: &World, requests: u32) {
    let ada = world.enter(&engineers::ADA, "acme").await;
    for n in 0..requests {
        world.ask(&ada, "GET", &format!("/w/acme/reports/{n}")).await.expect(200);
    }
}

async fn end(world: &mut World) {
    world.gate.terminate();
    assert!(world.gate.ended(PATIENCE).await.success(), "{:#?}", world.gate.log());
}

/// The gate's public keys, in a file.
async fn jwks(world: &World) -> String {
    let call = crate::world::request("GET", "/.chaperone/jwks.json").body(crate::world::body("")).unwrap();
    let path = world.path("gate.jwks.json");
    fs::write(&path, world.send(call).await.expect(200).text()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What the independent verifier says: its exit code, and its report if everything is well.
fn independently(arguments: &[&str]) -> (Option<i32>, Value) {
    let run = Command::new("python3").arg(INDEPENDENT).args(arguments).output();
    let output = run.expect("these tests need python3: `apt-get install python3`");
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
}

fn report(arguments: &[&str]) -> (Option<i32>, Value) {
    let verified = chaperone(&[&["audit", "verify", "--format", "json"], arguments].concat());
    (verified.code, serde_json::from_str(&verified.stdout).unwrap_or(Value::Null))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test]
async fn a_program_written_after_the_document_alone_comes_to_the_same_result() {
    let mut world = World::builder().section("[audit]\nsegment = \"64KiB\"\ncheckpoint = \"1s\"").start().await;
    let keys = jwks(&world).await;
    work(&world, 50).await;
    let (audit, config) = (world.path("audit"), world.config());
    let (folder, second) = (audit.to_str().unwrap(), audit.join("journal-000002.jsonl"));
    assert!(second.exists(), "the trail went on in a second file");
    end(&mut world).await;

    let (code, own) = report(&["--config", &config, "--require-anchored"]);
    assert_eq!((code, &own["unanchored"]), (Some(0), &json!(0)), "{own}");
    let (code, other) = independently(&[&keys, folder]);
    assert_eq!(code, Some(0));
    assert_eq!((&other["records"], &other["head"], &other["unanchored"]), (&own["records"], &own["head"], &json!(0)));

    let whole = fs::read_to_string(&second).unwrap();
    fs::write(&second, whole.replacen("olga", "otto", 1)).unwrap();
    assert_eq!(independently(&[&keys, folder]).0, Some(1));
    assert_eq!(report(&["--dir", folder, "--jwks", &keys]).0, Some(1));
}

#[tokio::test]
async fn yesterdays_copy_of_the_trail_does_not_fit_a_checkpoint_that_was_kept() {
    let mut world = World::start().await;
    work(&world, 2).await;
    end(&mut world).await;
    let (audit, yesterday, config) = (world.path("audit"), world.path("yesterday"), world.config());
    copy(&audit, &yesterday);
    world.restart().await;
    go_on(&world, 2).await;
    end(&mut world).await;
    let kept = world.path("kept");
    let printed = chaperone(&["audit", "checkpoint", "--config", &config]);
    assert_eq!((printed.code, printed.stdout.lines().count()), (Some(0), 1));
    fs::write(&kept, printed.stdout).unwrap();
    let kept = kept.to_str().unwrap();
    assert_eq!(report(&["--config", &config, "--checkpoint", kept]).0, Some(0));

    fs::remove_dir_all(&audit).unwrap();
    fs::rename(&yesterday, &audit).unwrap();
    assert_eq!(report(&["--config", &config]).0, Some(0), "by itself it is a whole trail");
    let (code, found) = report(&["--config", &config, "--checkpoint", kept]);
    assert_eq!(code, Some(1));
    assert!(found["problems"][0]["what"].as_str().unwrap().contains("records were removed"), "{found}");
}

#[tokio::test]
async fn after_a_crash_the_tail_is_called_un_anchored_until_a_checkpoint_covers_it() {
    let mut world = World::builder().section("[audit]\ncheckpoint = \"1h\"").start().await;
    work(&world, 3).await;
    world.gate.kill();
    let config = world.config();
    let (code, found) = report(&["--config", &config]);
    assert_eq!((code, &found["unanchored"]), (Some(0), &found["records"]), "{found}");
    assert!(found["unanchored_since"].is_string());
    assert_eq!(report(&["--config", &config, "--require-anchored"]).0, Some(1));
    let shown = chaperone(&["audit", "verify", "--config", &config]).stdout;
    assert!(shown.contains("un-anchored") && shown.contains("no checkpoint"), "{shown}");

    world.restart().await;
    end(&mut world).await;
    assert_eq!(report(&["--config", &config, "--require-anchored"]).0, Some(0));
}

#[tokio::test]
async fn a_gate_that_cannot_write_checkpoints_says_so_and_goes_on() {
    let world = World::builder().section("[audit]\ncheckpoint = \"1s\"").start().await;
    let written = "chaperone_audit_checkpoints_total{result=\"ok\"}";
    eventually("a checkpoint", PATIENCE, async || (world.metric(written).await > 0).then_some(())).await;
    fs::remove_file(world.path("audit/checkpoints")).unwrap();
    work(&world, 1).await;
    let failed = "chaperone_audit_checkpoints_total{result=\"failed\"}";
    eventually("it is counted", PATIENCE, async || (world.metric(failed).await > 0).then_some(())).await;
    go_on(&world, 1).await;
    world.ops("/readyz").await.expect(200);
    assert_eq!(report(&["--config", &world.config(), "--require-anchored"]).0, Some(1));
}

#[tokio::test]
async fn a_start_with_records_and_without_any_checkpoint_is_told_of() {
    let mut world = World::start().await;
    let warns = |world: &World| world.gate.log().iter().any(|line| line.to_string().contains("begin again at 1"));
    work(&world, 1).await;
    end(&mut world).await;
    let config = world.config();
    let (_, before) = report(&["--config", &config]);
    world.restart().await;
    assert!(!warns(&world));
    end(&mut world).await;
    fs::remove_file(world.path("audit/checkpoints")).unwrap();
    let (_, found) = report(&["--config", &config]);
    assert_eq!((&found["unanchored"], &found["first_checkpoint"]), (&found["records"], &Value::Null), "{found}");

    world.restart().await;
    assert!(warns(&world), "{:#?}", world.gate.log());
    end(&mut world).await;
    let (code, after) = report(&["--config", &config]);
    assert_eq!((code, &after["anchored"]["checkpoint"]), (Some(0), &json!(1)), "{after}");
    let time = |report: &Value| report["first_checkpoint"]["at"].as_str().unwrap().to_owned();
    assert!(time(&after) > time(&before), "{before} {after}");
    let shown = chaperone(&["audit", "verify", "--config", &config]).stdout;
    assert!(shown.contains(&format!("The first checkpoint is of {}", time(&after))), "{shown}");
}
