//! Policy files change.
use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Open, inside, shuts_out, world};
use crate::world::{SEGMENT, World, chaperone, engineers, eventually};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Nobody reads or writes any more.
const CLOSED: &str = r#"
@id("own-closed") @code("closed-for-audit") @reason("support is closed during the audit")
forbid (principal, action in [Action::"Read", Action::"Write", Action::"Delete"], resource);
"#;

fn own() -> crate::world::Builder {
    world().policy("segment.cedar", SEGMENT)
}

/// Writes a file as editors do: beside, then over.
fn save(world: &World, name: &str, text: &str) {
    fs::write(world.path("policies/.draft"), text).unwrap();
    fs::rename(world.path("policies/.draft"), world.path("policies").join(name)).unwrap();
}

async fn files(world: &World) -> String {
    world.ops("/readyz").await.expect(200).json()["files"].as_str().unwrap().to_owned()
}

async fn reloads(world: &World, result: &str) -> u64 {
    world.metric(&format!("chaperone_policy_reloads_total{{result=\"{result}\"}}")).await
}

#[tokio::test]
async fn a_new_policy_file_decides_at_once_on_everything_that_is_open_and_the_trail_says_so() {
    let mut world = own().start().await;
    shuts_out(&world, async || save(&world, "closed.cedar", CLOSED), (403, "closed-for-audit")).await;
    assert_eq!(reloads(&world, "ok").await, 1);

    fs::remove_file(world.path("policies/closed.cedar")).unwrap();
    let decide = async || (reloads(&world, "ok").await == 2).then_some(());
    eventually("the old policies decide again", PATIENCE, decide).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);

    world.gate.terminate();
    world.gate.ended(PATIENCE).await;
    let exported = chaperone(&["audit", "export", "--config", &world.config()]).stdout;
    let records = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let reloaded: Vec<_> = records.filter(|record| record["kind"] == "policy.reloaded").collect();
    let [closed, opened] = &reloaded[..] else { panic!("{exported}") };
    let ids = |record: &Value| (record["decision"]["facts"]["old"].clone(), record["decision"]["facts"]["new"].clone());
    assert_eq!(ids(closed), {
        let (old, new) = ids(opened);
        (new, old)
    });
    assert_eq!(closed["decision"]["bundle"], closed["decision"]["facts"]["new"]);
}

#[tokio::test]
async fn a_bad_version_never_replaces_a_good_one_and_says_so() {
    let world = own().start().await;
    let ada = inside(&world).await;
    let open = Open::all(&world, &ada).await;
    let refused = async |what: &str, times: u64| {
        eventually(what, PATIENCE, async || (reloads(&world, "failed").await == times).then_some(())).await;
        let told = files(&world).await;
        assert!(told.contains("policies: ") && told.contains("the one before stays"), "{what}: {told}");
        world.ask(&ada, "POST", "/w/acme/a").await.expect(200);
        let log = world.gate.log().into_iter().rev().find(|line| line["what"] == "policies").unwrap();
        assert_eq!(log["level"], "ERROR", "{what}: {log}");
        assert!(log["error"].as_str().unwrap().contains("policies"), "{what}: {log}");
    };
    let mended =
        async || eventually("all is well", PATIENCE, async || (files(&world).await == "ok").then_some(())).await;

    save(&world, "own.cedar", "forbid (principal, action");
    refused("a file that cannot be parsed", 1).await;
    save(&world, "own.cedar", "@id(\"x\") forbid (principal, action, resource) when { context.nonsense };");
    refused("a policy that does not pass", 2).await;
    fs::remove_file(world.path("policies/own.cedar")).unwrap();
    mended().await;
    save(&world, "segment.cedar", "// nothing\n");
    refused("a folder without a policy", 3).await;
    save(&world, "segment.cedar", SEGMENT);
    mended().await;
    fs::rename(world.path("policies"), world.path("aside")).unwrap();
    refused("a folder that is gone", 4).await;
    fs::rename(world.path("aside"), world.path("policies")).unwrap();
    mended().await;

    assert_eq!(reloads(&world, "ok").await, 0);
    let changed = Instant::now();
    save(&world, "closed.cedar", CLOSED);
    open.cut(changed, (403, "closed-for-audit")).await;
}

#[tokio::test]
async fn an_orchestrator_swaps_the_link_behind_all_files() {
    let world = own().start().await;
    let folder = world.path("policies");
    let version = |name: &str, texts: &[(&str, &str)]| {
        fs::create_dir(folder.join(name)).unwrap();
        for (file, text) in texts {
            fs::write(folder.join(name).join(file), text).unwrap();
        }
    };
    version("..1", &[("segment.cedar", SEGMENT), ("own.cedar", "// nothing yet\n")]);
    symlink("..1", folder.join("..data")).unwrap();
    fs::remove_file(folder.join("segment.cedar")).unwrap();
    for file in ["segment.cedar", "own.cedar"] {
        symlink(format!("..data/{file}"), folder.join(file)).unwrap();
    }
    eventually("the links are read", PATIENCE, async || (reloads(&world, "ok").await >= 1).then_some(())).await;

    let swap = async || {
        version("..2", &[("segment.cedar", SEGMENT), ("own.cedar", CLOSED)]);
        symlink("..2", folder.join("..data_tmp")).unwrap();
        fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
        fs::remove_dir_all(folder.join("..1")).unwrap();
    };
    shuts_out(&world, swap, (403, "closed-for-audit")).await;
}

#[tokio::test]
async fn without_reload_policies_wait_for_the_signal() {
    let world = World::builder()
        .section("[store]\nlease = \"10s\"")
        .policy("segment.cedar", SEGMENT)
        .policy_section("reload = false")
        .start()
        .await;
    save(&world, "closed.cedar", CLOSED);
    shuts_out(&world, async || world.gate.reload(), (403, "closed-for-audit")).await;
    assert_eq!(reloads(&world, "ok").await, 1);
}
