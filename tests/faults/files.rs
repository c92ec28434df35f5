//! Files that change while the gate runs change into nonsense: it goes on with the version before.
use std::fs;

use super::scene::{PATIENCE, Scene, builder};
use super::table::Row;
use crate::world::{SEGMENT, chaperone, eventually};

const REFUSED: &str = "the new version was refused, the one before stays in force";

pub(crate) async fn no_policies() -> Row {
    let mut scene = Scene::real(builder().policy("segment.cedar", SEGMENT)).await;
    let (file, aside) = (scene.world.path("policies/segment.cedar"), scene.world.path("aside.cedar"));
    scene.begins();
    fs::rename(&file, &aside).unwrap();
    let row = goes_on(&scene, "chaperone_reloads_total{result=\"failed\",what=\"policies\"}").await;
    let started = chaperone(&["policy", "check", "--config", &scene.world.config()]);
    assert_ne!(started.code, Some(0), "it would not start without any: {}", started.stdout);
    fs::rename(&aside, &file).unwrap();
    finish(scene, row).await
}

pub(crate) async fn broken_certificate() -> Row {
    let mut scene = Scene::real(builder().tls()).await;
    let (file, aside) = (scene.world.path("cert.pem"), scene.world.path("aside.pem"));
    fs::copy(&file, &aside).unwrap();
    scene.begins();
    fs::write(&file, "-----BEGIN CERTIFICATE-----\nhalf of it").unwrap();
    eventually("it is refused", PATIENCE, async || (scene.ready().await != "200").then_some(())).await;
    // The world's clients trust this file as it is, and the gate still shows the one before.
    let (broken, draft) = (fs::read(&file).unwrap(), scene.world.path("draft.pem"));
    fs::copy(&aside, &draft).unwrap();
    let row = shown_before(&scene, &draft).await;
    assert_eq!(fs::read(&file).unwrap(), broken);
    fs::rename(&aside, &file).unwrap();
    finish(scene, row).await
}

/// Handshakes go on with the certificate before, which is in `trusted`.
async fn shown_before(scene: &Scene, trusted: &std::path::Path) -> Row {
    use crate::world::{Connection, Via, body, request};
    for method in ["GET", "POST"] {
        let mut connection = Connection::open_tls(scene.world.gate.address, Via::Http1, trusted).await;
        let asked = request(method, "/w/acme/during").header("cookie", scene.ada.cookie()).body(body(""));
        connection.send(asked.unwrap()).await.expect(200);
    }
    told(scene, "chaperone_reloads_total{result=\"failed\",what=\"certificate\"}").await
}

async fn goes_on(scene: &Scene, metric: &str) -> Row {
    let (refused, _) = (scene.grew(metric).await, scene.said(REFUSED).await);
    assert!(!refused.is_empty());
    for method in ["GET", "POST"] {
        scene.world.ask(&scene.ada, method, "/w/acme/during").await.expect(200);
    }
    told(scene, metric).await
}

/// What is seen of a version that was refused.
async fn told(scene: &Scene, metric: &str) -> Row {
    let (metric, log) = (scene.grew(metric).await, scene.said(REFUSED).await);
    Row {
        client: "nothing: the version before stays in force".to_owned(),
        forwarded: scene.forwarded(),
        recovers: "by itself, with the next version that passes".to_owned(),
        ready: scene.ready().await,
        metric,
        log,
        took: String::new(),
    }
}

async fn finish(scene: Scene, row: Row) -> Row {
    let lasted = scene.lasted();
    eventually("all is well", PATIENCE, async || (scene.ready().await == "200").then_some(())).await;
    let back = scene.is_back().await;
    scene.trail_is_whole().await;
    Row { took: format!("lasted {} ms, back after {} ms", lasted.as_millis(), back.as_millis()), ..row }
}
