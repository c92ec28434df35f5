//! Promise 1: once a revoke is acknowledged, nothing passes on the grant. 64 threads ask without a pause while access is
//! granted and revoked again and again; `CHAPERONE_TOGGLES` says how often (1000 for the whole promise).
//!
//! * `app`: the app behind the gate, which notes when each request reached it.
//! * `engineer`: a client on a thread of its own.
mod app;
mod engineer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::world::{World, engineers, eventually, members};
use app::{Reached, WatchfulApp};
use engineer::{Entered, Shared};

const THREADS: usize = 64;
const TOGGLES: u64 = 50;
/// How long the first request of a session may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take on a busy machine until the app's thread learns of bytes that its socket has.
const SCHEDULED: Duration = Duration::from_millis(250);

#[tokio::test]
async fn sixty_four_threads_get_nothing_through_after_any_acknowledged_revoke() {
    let began = Instant::now();
    let app = WatchfulApp::start(began);
    let world = World::builder().app_at(app.address).start().await;
    let shared = Arc::new(Shared::new(world.gate.address, began));
    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (shared, stop) = (Arc::clone(&shared), Arc::clone(&stop));
            thread::spawn(move || engineer::ask_until(&shared, &stop))
        })
        .collect();

    let toggles = toggles();
    let mut acknowledged = BTreeMap::new();
    for toggle in 0..toggles {
        let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
        let token = world.enter(&engineers::ADA, "acme").await.token;
        *shared.entered.lock().unwrap() = Some(Entered { toggle, token });
        let through = async || app.reached_in(toggle).then_some(());
        eventually("a request of the new session passes", PATIENCE, through).await;
        world.revoke(&members::OLGA, &grant).await;
        acknowledged.insert(toggle, began.elapsed());
    }
    // The last session's token is tried on, too.
    let tried = async || (shared.last_sent() > acknowledged[&(toggles - 1)]).then_some(());
    eventually("the token of the last session is tried after its revoke", PATIENCE, tried).await;
    stop.store(true, Ordering::SeqCst);
    let refused: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    judge(&app.reached(), &acknowledged, refused);
}

#[expect(clippy::disallowed_methods, reason = "a test has no main that could pass it in")]
fn toggles() -> u64 {
    std::env::var("CHAPERONE_TOGGLES").map_or(TOGGLES, |count| count.parse().expect("a number"))
}

/// Nothing that was sent after the acknowledgement reached the app, and nothing reached it then.
fn judge(reached: &[Reached], acknowledged: &BTreeMap<u64, Duration>, refused: u64) {
    let sent_after = reached.iter().filter(|request| request.sent > acknowledged[&request.toggle]);
    assert_eq!(sent_after.collect::<Vec<_>>(), [&NOTHING; 0], "sent after the acknowledgement");
    let came_after = reached.iter().filter(|request| request.at > acknowledged[&request.toggle] + SCHEDULED);
    assert_eq!(came_after.collect::<Vec<_>>(), [&NOTHING; 0], "reached the app after the acknowledgement");
    assert!(refused >= THREADS as u64, "the threads tried on after a revoke: {refused}");
    let (toggles, reached) = (acknowledged.len(), reached.len());
    println!("{toggles} toggles, {THREADS} threads: {reached} requests reached the app, {refused} were refused");
}

const NOTHING: Reached = Reached { toggle: 0, sent: Duration::ZERO, at: Duration::ZERO };
