//! The gate is killed at random moments, while people grant, ask, answer, submit, declare, approve, enter and leave: what the
//! state says and what the trail says is the same; no event is without its notices, no notice without its event, nothing that
//! was acknowledged is lost, and nothing is sent under two ids.
//!
//! * `flows`: what people do. `told`: what they are told. `state`: what the gate says that there is, as events.
mod flows;
mod state;
mod told;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use crate::world::{Hook, Mailbox, World, chaperone, eventually};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is killed, unless `CHAPERONE_KILLS` says otherwise.
const KILLS: u64 = 4;

/// The kind of an event, and the id of what it is about.
type Fact = (String, String);

#[tokio::test]
async fn killed_at_random_moments_it_tells_everything_at_least_once_and_always_under_one_id() {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let mut world = World::builder().told(&mailbox, &hook).start().await;
    let acknowledged: Mutex<BTreeSet<Fact>> = Mutex::default();
    let happened = |kind: &str| acknowledged.lock().unwrap().iter().any(|(known, _)| known == kind);
    tokio::select! {
        () = flows::all(&world, &acknowledged) => {}
        () = eventually("all of it happens", PATIENCE, async || flows::KINDS.iter().all(|kind| happened(kind)).then_some(())) => {}
    }
    for round in 0..kills() {
        // Spread over the time that an emergency takes from its declaration to its review.
        let moment = Duration::from_millis(20 + (round * 397) % 1200);
        tokio::select! {
            () = flows::all(&world, &acknowledged) => {}
            () = tokio::time::sleep(moment) => {}
        }
        world.gate.kill();
        world.restart().await;
    }
    // More kills leave more to tell.
    let patience = PATIENCE + Duration::from_secs(kills() * 10);
    eventually("all is told", patience, async || {
        let waiting = |channel: &str| format!("chaperone_notices_waiting{{channel=\"{channel}\"}}");
        let [email, webhook] = [waiting("email"), waiting("webhook")];
        (world.metric(&email).await + world.metric(&webhook).await == 0).then_some(())
    })
    .await;
    let state = state::facts(&world).await;
    let events = eventually("the trail has every event", PATIENCE, async || {
        let (events, told) = (told::events(&world), told::called(&hook));
        told.keys().all(|id| events.contains_key(id)).then_some(events)
    })
    .await;
    let recorded: BTreeSet<Fact> = events.values().cloned().collect();
    assert_eq!(recorded.len(), events.len(), "what happens once is recorded once");
    assert_eq!(recorded, state, "the trail and the state agree");
    let lost: Vec<_> = acknowledged.lock().unwrap().difference(&recorded).cloned().collect();
    assert!(lost.is_empty(), "acknowledged, and lost: {lost:?}");
    told::each_event_was_told(&events, &hook, &mailbox);
    assert_eq!(chaperone(&["audit", "verify", "--config", &world.config()]).code, Some(0));
    println!("{} kills, {} events, {} mails", kills(), events.len(), mailbox.mails().len());
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how often")]
fn kills() -> u64 {
    std::env::var("CHAPERONE_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"))
}
