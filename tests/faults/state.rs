//! The store cannot be read, or written: whoever cannot be known for sure to have access has none, and no call hangs.
use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use chaperone::config;
use chaperone::store::Store;

use super::scene::{LEASE, PATIENCE, Scene, builder, seen, took};
use super::table::Row;
use crate::world::{Reply, engineers, members};

/// Within which time a gate that does not know any more refuses: the lease began with the last good look.
const SOON: Duration = LEASE.saturating_add(Duration::from_secs(1));

const STALE: &str = "stale-state";
const REFUSALS: &str = "chaperone_refusals_total{code=\"stale-state\"}";

/// What is open is cut, and says why.
pub(crate) async fn cannot_be_read() -> Row {
    let mut scene = Scene::with_seams().await;
    let mut events = scene.world.events(&scene.ada, "/w/acme/events").await;
    assert!(events.next().await.is_some());
    scene.begins();
    scene.switches.on("reads-fail");
    let (client, refused) = scene.soon_refused(STALE, SOON).await;
    events.until_the_end(STALE).await;
    let (forwarded, ready) = (scene.forwarded(), scene.ready().await);
    let (metric, log) = (scene.grew(REFUSALS).await, scene.said("cannot read the change feed").await);
    assert_eq!(revoke(&scene).await.problem(), (503, STALE.to_owned()));
    scene.switches.off("reads-fail");
    let back = scene.is_back().await;
    scene.trail_is_whole().await;
    let client = format!("{client}; streams are cut");
    Row { client, forwarded, recovers: recovers(), ready, metric, log, took: took(refused, back) }
}

/// The call that revokes is written down and cannot be confirmed: it says so, in time, and repeated later it is.
pub(crate) async fn hangs() -> Row {
    let mut scene = Scene::with_seams().await;
    let brian = scene.world.enter(&engineers::BRIAN, "acme").await;
    scene.begins();
    scene.switches.on("reads-hang");
    scene.switches.on("looks-hang");
    let unknown = scene.world.ask(&brian, "GET", "/w/acme/during").await;
    assert_eq!(unknown.problem().1, STALE, "a session that is not in memory is refused, too");
    let (client, refused) = scene.soon_refused(STALE, SOON).await;
    let (forwarded, ready, metric) = (scene.forwarded(), scene.ready().await, scene.grew(REFUSALS).await);
    let log = scene.said("the state is too old to let anybody pass, until the store answers").await;
    scene.switches.off("reads-hang");
    let unconfirmed = revoke(&scene).await;
    assert_eq!(unconfirmed.problem(), (503, STALE.to_owned()), "the caller is known, and nobody reads the feed");
    assert_eq!(scene.refused("GET").await, client);
    scene.switches.off("looks-hang");
    let again = revoke(&scene).await.expect(200).json();
    assert!(again["revoked_at"].is_string());
    let ended = scene.world.ask(&scene.ada, "GET", "/w/acme/after").await;
    assert_eq!(ended.problem(), (403, "grant-revoked".to_owned()), "nothing passed between");
    scene.grant = scene.world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    scene.ada = scene.world.enter(&engineers::ADA, "acme").await;
    let back = scene.is_back().await;
    scene.trail_is_whole().await;
    let client = format!("{client}; a revoke that cannot be confirmed as well, after the lease and 6 s");
    Row { client, forwarded, recovers: recovers(), ready, metric, log, took: took(refused, back) }
}

/// The data plane writes nothing there, so sessions go on.
pub(crate) async fn cannot_be_written() -> Row {
    let mut scene = Scene::with_seams().await;
    scene.begins();
    scene.switches.on("writes-fail");
    let (refused, client) = unwritable(&scene).await;
    let row = goes_on(&scene, client).await;
    scene.switches.off("writes-fail");
    finish(scene, row, refused).await
}

pub(crate) async fn locked() -> Row {
    let mut scene = Scene::real(builder()).await;
    let place = config::Store { path: scene.world.path("chaperone.db"), lease: "1s".parse().unwrap() };
    let another = Store::open(&place).await.unwrap();
    let held = another.write().await.unwrap();
    scene.begins();
    let (refused, client) = unwritable(&scene).await;
    let row = goes_on(&scene, client).await;
    drop(held);
    another.close().await;
    finish(scene, row, refused).await
}

/// What the gate would go on to read and write there, nobody would ever find.
pub(crate) async fn file_removed() -> Row {
    let mut scene = Scene::real(builder()).await;
    let (file, aside) = (scene.world.path("chaperone.db"), scene.world.path("aside.db"));
    scene.begins();
    fs::rename(&file, &aside).unwrap();
    assert_eq!(revoke(&scene).await.problem(), (503, STALE.to_owned()), "it would be lost with the next start");
    let (client, refused) = scene.soon_refused(STALE, SOON).await;
    let (forwarded, ready) = (scene.forwarded(), scene.ready().await);
    let (metric, log) = (scene.grew(REFUSALS).await, scene.said("cannot read the change feed").await);
    fs::write(&file, "another database").unwrap();
    assert_eq!(scene.refused("GET").await, client, "another file is no database of ours");
    fs::rename(&aside, &file).unwrap();
    let back = scene.is_back().await;
    scene.trail_is_whole().await;
    let recovers = "by itself, once it is put back; with another file, by a restart".to_owned();
    Row { client, forwarded, recovers, ready, metric, log, took: took(refused, back) }
}

fn recovers() -> String {
    "by itself, with the first good look at the feed".to_owned()
}

async fn revoke(scene: &Scene) -> Reply {
    let (path, token) = (format!("/workspaces/acme/grants/{}", scene.grant), scene.world.member(&members::OLGA));
    scene.world.api("DELETE", &path, &token, None).await
}

/// What a change by the API is answered with, and after how long.
async fn unwritable(scene: &Scene) -> (Duration, String) {
    let began = Instant::now();
    let answer = revoke(scene).await;
    let (status, code) = answer.problem();
    assert!(began.elapsed() < PATIENCE);
    (began.elapsed(), format!("changes by the API: {}; sessions go on", seen(status, &code, &answer)))
}

/// Sessions pass meanwhile.
async fn goes_on(scene: &Scene, client: String) -> Row {
    for method in ["GET", "POST"] {
        scene.world.ask(&scene.ada, method, "/w/acme/during").await.expect(200);
    }
    let ready = scene.ready().await;
    let log = scene.said("the store cannot be used").await;
    let forwarded = scene.forwarded();
    let (metric, recovers) = ("none".to_owned(), "by itself, with the first write that works".to_owned());
    Row { client, forwarded, recovers, ready, metric, log, took: String::new() }
}

async fn finish(scene: Scene, row: Row, refused: Duration) -> Row {
    let repaired = Instant::now();
    let revoked = revoke(&scene).await.expect(200).json();
    assert_eq!(revoked["sessions_ended"], 1, "what was refused had changed nothing");
    let back = repaired.elapsed();
    scene.trail_is_whole().await;
    Row { took: took(refused, back), ..row }
}
