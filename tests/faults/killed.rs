//! The gate is killed at random moments under load, on a disk that loses whatever was not flushed. Every change that reached
//! the app, and every answer of which a client got a byte, is in the trail.
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::scene::{PATIENCE, Scene};
use super::seams;
use super::table::Row;
use crate::world::{HOST, chaperone, eventually};

/// The argument that says how often to kill: `cargo test --test faults killed -- --kills 200`.
pub(crate) const KILLS: &str = "--kills";
/// How many clients ask at once.
const CLIENTS: u64 = 8;

static ROUNDS: AtomicU32 = AtomicU32::new(10);

/// Says how often to kill.
pub(crate) fn often(rounds: u32) {
    ROUNDS.store(rounds, Ordering::Relaxed);
}

/// What clients know.
#[derive(Default)]
struct Known {
    next: AtomicU64,
    /// The paths of which they got an answer.
    answered: Mutex<BTreeSet<String>>,
}

pub(crate) async fn at_any_moment() -> Row {
    let mut scene = Scene::with_seams().await;
    scene.switches.on("crash-drops");
    let known = Arc::new(Known::default());
    let mut lost = 0;
    for _ in 0..ROUNDS.load(Ordering::Relaxed) {
        scene.world.gate.kill();
        scene.world.gate = seams::start(&scene.world.config(), &scene.switches).await;
        eventually("it is ready", PATIENCE, async || (scene.ready().await == "200").then_some(())).await;
        let moment = Duration::from_millis(RandomState::new().build_hasher().finish() % 400);
        let before = known.next.load(Ordering::Relaxed);
        load(&mut scene, &known, moment).await;
        lost += u64::from(known.next.load(Ordering::Relaxed) == before);
    }
    assert_eq!(lost, 0, "clients asked in every round");
    let killed = Instant::now();
    scene.world.restart().await;
    let back = scene.is_back().await.max(killed.elapsed());
    let recorded = recorded(&scene);
    let answered = known.answered.lock().unwrap().clone();
    assert!(!answered.is_empty());
    let missing: Vec<_> = answered.difference(&recorded).collect();
    assert!(missing.is_empty(), "answered, and not recorded: {missing:?}");
    let changes: BTreeSet<_> =
        scene.world.app.seen().into_iter().filter(|seen| seen.method == "POST").map(|seen| seen.target).collect();
    let missing: Vec<_> = changes.difference(&recorded).collect();
    assert!(missing.is_empty(), "changed, and not recorded: {missing:?}");
    let rounds = ROUNDS.load(Ordering::Relaxed);
    let took =
        format!("{rounds} kills, {} answers, 0 without a record; up after {} ms", answered.len(), back.as_millis());
    scene.trail_is_whole().await;
    Row {
        client: "the connection breaks".to_owned(),
        forwarded: "no change without its record on disk; reads, of whose answers no byte goes out before".to_owned(),
        recovers: "with the next start; sessions go on".to_owned(),
        ready: "no answer".to_owned(),
        metric: "none".to_owned(),
        log: "nothing".to_owned(),
        took,
    }
}

/// Clients ask, until the gate is killed at that moment.
async fn load(scene: &mut Scene, known: &Arc<Known>, moment: Duration) {
    let (address, cookie) = (scene.world.gate.address, scene.ada.cookie());
    let clients = (0..CLIENTS).map(|client| {
        let (known, cookie) = (Arc::clone(known), cookie.clone());
        async move {
            let method = if client % 2 == 0 { "GET" } else { "POST" };
            while ask(address, &known, method, &cookie).await.is_ok() {}
        }
    });
    let gate = &mut scene.world.gate;
    let killing = async {
        tokio::time::sleep(moment).await;
        gate.kill();
    };
    tokio::join!(join_all(clients), killing);
}

/// Asks once.
async fn ask(address: SocketAddr, known: &Known, method: &str, cookie: &str) -> std::io::Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    let path = format!("/w/acme/k/{}", known.next.fetch_add(1, Ordering::Relaxed));
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookie}\r\nContent-Length: 0\r\n");
    socket.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = [0; 4096];
    let length = socket.read(&mut answer).await?;
    // From the first byte on somebody has seen it.
    if answer[..length].starts_with(b"HTTP/1.1 200") {
        known.answered.lock().unwrap().insert(path);
    }
    Ok(())
}

/// The paths of everything in the trail.
fn recorded(scene: &Scene) -> BTreeSet<String> {
    let exported = chaperone(&["audit", "export", "--config", &scene.world.config()]);
    assert_eq!(exported.code, Some(0), "{}", exported.stderr);
    let records = exported.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter_map(|record| record["request"]["path"].as_str().map(str::to_owned)).collect()
}
