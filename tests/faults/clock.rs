//! Somebody sets the clock. What is over stays over; what ends by the new time ends; and nobody passes until the state was
//! read again. The store does not answer meanwhile, so that this can be seen.
use serde_json::json;

use super::scene::{LEASE, PATIENCE, Scene, took};
use super::table::Row;
use crate::world::{engineers, eventually, members};

const REFUSALS: &str = "chaperone_refusals_total{code=\"stale-state\"}";
const SET: &str = "wall time was set: nobody passed until the state was read again";
const STALE: &str = "stale-state";

/// A grant that has ended stays so, whatever the clock says, and after a restart as well.
pub(crate) async fn set_back() -> Row {
    let mut scene = Scene::with_seams().await;
    let brian = brian_for(&scene, "1m").await;
    set(&scene, 90).await;
    let over = async || (scene.world.ask(&brian, "GET", "/w/globex/a").await.status == 403).then_some(());
    eventually("the grant has ended", PATIENCE, over).await;
    scene.is_back().await;

    scene.begins();
    let (client, refused, ready) = unsure(&scene, -390).await;
    let (forwarded, metric) = (scene.forwarded(), scene.grew(REFUSALS).await);
    scene.switches.off("looks-hang");
    let back = scene.is_back().await;
    let log = scene.said(SET).await;
    let still = scene.world.ask(&brian, "GET", "/w/globex/a").await;
    assert_eq!(still.problem(), (403, "grant-ended".to_owned()), "it is five minutes before its end now");
    scene.world.gate.terminate();
    assert!(scene.world.gate.ended(PATIENCE).await.success());
    scene.world.restart().await;
    let still = scene.world.ask(&brian, "GET", "/w/globex/a").await;
    assert_eq!(still.status, 403, "{}", still.text());
    scene.trail_is_whole().await;
    let recovers = "by itself, with the next look at the feed; time stands still until it has caught up".to_owned();
    let client = format!("{client}; what was over stays so");
    Row { client, forwarded, recovers, ready, metric, log, took: took(refused, back) }
}

/// A grant that ends within five minutes is over at once, and what is open is cut.
pub(crate) async fn set_forward() -> Row {
    let mut scene = Scene::with_seams().await;
    let brian = brian_for(&scene, "4m").await;
    let mut events = scene.world.events(&brian, "/w/globex/events").await;
    assert!(events.next().await.is_some());
    scene.begins();
    let (client, refused, ready) = unsure(&scene, 300).await;
    while events.next().await.is_some() {}
    let (forwarded, metric) = (scene.forwarded(), scene.grew(REFUSALS).await);
    scene.switches.off("looks-hang");
    let back = scene.is_back().await;
    let log = scene.said(SET).await;
    let over = scene.world.ask(&brian, "GET", "/w/globex/a").await;
    assert_eq!(over.problem(), (403, "grant-ended".to_owned()));
    scene.trail_is_whole().await;
    let recovers = "by itself, with the next look at the feed".to_owned();
    let client = format!("{client}; what ends by the new time is over");
    Row { client, forwarded, recovers, ready, metric, log, took: took(refused, back) }
}

/// Brian in globex, by a grant that lasts so long.
async fn brian_for(scene: &Scene, duration: &str) -> crate::world::Session {
    scene.world.grant(&members::GUS, json!({"access": "full", "duration": duration})).await;
    scene.world.enter(&engineers::BRIAN, "globex").await
}

/// Sets the clock while nobody can look at the feed: what Ada sees, after how long, and `/readyz`.
async fn unsure(scene: &Scene, seconds: i64) -> (String, std::time::Duration, String) {
    scene.switches.on("looks-hang");
    set(scene, seconds).await;
    let (client, refused) = scene.soon_refused(STALE, LEASE).await;
    (client, refused, scene.ready().await)
}

/// Moves wall time, and waits until it has moved.
async fn set(scene: &Scene, seconds: i64) {
    let asked = scene.world.path("switches/clock");
    let draft = scene.world.path("clock");
    std::fs::write(&draft, seconds.to_string()).unwrap();
    std::fs::rename(draft, &asked).unwrap();
    eventually("the clock is set", PATIENCE, async || (!asked.exists()).then_some(())).await;
}
