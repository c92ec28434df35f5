//! The trail cannot be written: nothing passes that is not recorded, and nothing stays broken that need not.
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::scene::{Scene, builder, took};
use super::table::Row;

/// Within which time a gate that cannot record refuses.
const SOON: Duration = Duration::from_secs(1);

const UNAVAILABLE: &str = "audit-unavailable";
const REFUSALS: &str = "chaperone_refusals_total{code=\"audit-unavailable\"}";

pub(crate) async fn disk_full() -> Row {
    as_long_as("full").await
}

pub(crate) async fn read_only() -> Row {
    as_long_as("read-only").await
}

/// Writing fails as long as this switch is on.
async fn as_long_as(switch: &str) -> Row {
    let mut scene = Scene::with_seams().await;
    scene.begins();
    scene.switches.on(switch);
    let (client, refused) = scene.soon_refused(UNAVAILABLE, SOON).await;
    let (forwarded, ready) = (scene.forwarded(), scene.ready().await);
    let log = scene.said("the trail cannot be written: nothing passes until it can").await;
    let metric = scene.grew(REFUSALS).await;
    scene.switches.off(switch);
    let back = scene.is_back().await;
    scene.trail_is_whole().await;
    let recovers = "by itself, in a new segment".to_owned();
    Row { client, forwarded, recovers, ready, metric, log, took: took(refused, back) }
}

/// The record of a read is flushed while the app answers. After a flush that failed the old segment is never flushed again:
/// that might succeed, and mean nothing.
pub(crate) async fn flush_fails_once() -> Row {
    let mut scene = Scene::with_seams().await;
    scene.begins();
    scene.switches.on("no-new-segment");
    scene.switches.on("flush-fails");
    let first = scene.world.ask(&scene.ada, "GET", "/w/acme/during").await;
    let client = super::scene::seen(503, &first.problem().1, &first);
    let refused = scene.lasted();
    let failed = scene.switches.flushes();
    // It depends on whether the flush or the request was faster.
    let reached = scene.reached();
    assert!(reached.is_empty() || reached == ["GET"], "{reached:?}");
    let ready = scene.ready().await;
    let log = scene.said("the trail cannot be brought to disk: nothing passes until it can").await;
    let metric = scene.grew(REFUSALS).await;
    scene.switches.off("no-new-segment");
    let back = scene.is_back().await;
    let later = scene.switches.flushes();
    let (old, new) = (failed.last().unwrap(), &later[failed.len()..]);
    assert!(!new.is_empty() && !new.contains(old), "{old} was flushed again: {new:?}");
    scene.trail_is_whole().await;
    let forwarded = "reads that were under way; no byte of the answers goes out".to_owned();
    let recovers = "by itself, in a new segment".to_owned();
    Row { client, forwarded, recovers, ready, metric, log, took: took(refused, back) }
}

pub(crate) async fn flush_hangs() -> Row {
    let mut scene = Scene::with_seams().await;
    scene.begins();
    scene.switches.on("flush-hangs");
    let first = scene.world.ask(&scene.ada, "GET", "/w/acme/during").await;
    assert_eq!(first.problem().1, UNAVAILABLE);
    let refused = scene.lasted();
    assert_eq!(scene.reached(), ["GET"], "a read reaches the app while its record is flushed");
    let (client, _) = scene.soon_refused(UNAVAILABLE, SOON).await;
    assert_eq!(scene.reached(), ["GET"], "from then on nothing does");
    let (ready, metric) = (scene.ready().await, scene.grew(REFUSALS).await);
    let log = scene.said("the disk of the trail does not answer: nothing passes until it does").await;
    scene.switches.off("flush-hangs");
    let back = scene.is_back().await;
    scene.trail_is_whole().await;
    let forwarded = "reads within the first 900 ms; no byte of the answers goes out".to_owned();
    let recovers = "when the disk answers".to_owned();
    Row { client, forwarded, recovers, ready, metric, log, took: took(refused, back) }
}

/// Half of a record stays at the end of the old segment; it was never acknowledged, and is set aside.
pub(crate) async fn torn_write() -> Row {
    let mut scene = Scene::with_seams().await;
    scene.begins();
    scene.switches.on("no-new-segment");
    scene.switches.on("torn-write");
    let first = scene.world.ask(&scene.ada, "GET", "/w/acme/during").await;
    let client = super::scene::seen(503, &first.problem().1, &first);
    let refused = scene.lasted();
    let (forwarded, ready) = (scene.forwarded(), scene.ready().await);
    let log = scene.said("the trail cannot be written: nothing passes until it can").await;
    let metric = scene.grew(REFUSALS).await;
    scene.switches.off("no-new-segment");
    let back = scene.is_back().await;
    let aside = fs::read_dir(scene.world.path("audit")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(aside.into_iter().any(|name| name.to_str().unwrap().starts_with("torn-")), "half a record is kept aside");
    scene.trail_is_whole().await;
    let recovers = "by itself, in a new segment; the half is kept aside".to_owned();
    Row { client, forwarded, recovers, ready, metric, log, took: took(refused, back) }
}

pub(crate) async fn file_removed() -> Row {
    let mut scene = Scene::real(builder()).await;
    let (journal, aside) = (segment(&scene), scene.world.path("aside"));
    scene.begins();
    fs::rename(&journal, &aside).unwrap();
    let (client, refused) = scene.soon_refused(UNAVAILABLE, SOON).await;
    let (forwarded, ready) = (scene.forwarded(), scene.ready().await);
    scene.said("the trail's file was removed or replaced: nothing passes until it is back").await;
    let log = scene.said("the trail stays down, and nothing passes, until this is repaired").await;
    let metric = scene.grew(REFUSALS).await;
    fs::rename(&aside, &journal).unwrap();
    let back = scene.is_back().await;
    scene.trail_is_whole().await;
    let recovers = "by itself, once it is put back".to_owned();
    Row { client, forwarded, recovers, ready, metric, log, took: took(refused, back) }
}

/// The segment that is written.
fn segment(scene: &Scene) -> PathBuf {
    let files = fs::read_dir(scene.world.path("audit")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).max().unwrap()
}
