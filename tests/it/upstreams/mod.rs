//! Several origins behind one route, and how they are reached: what happens when one dies, is slow, or is not who it
//! should be.
//!
//! * `origin`: an origin that does what a story wants. `balance`: which of them is asked. `reach`: how.
//! * `tls`: by whose certificates.
mod balance;
mod origin;
mod reach;
mod tls;

use std::time::Duration;

use serde_json::json;

use crate::world::{Builder, Session, World, engineers, eventually, members};
use origin::Origin;

/// A world with these origins, and a session that may do everything.
async fn world(origins: &[&Origin], route: &str) -> (World, Session) {
    let urls: Vec<_> = origins.iter().map(|origin| origin.url()).collect();
    started(World::builder().origins(&urls).route(route)).await
}

async fn started(builder: Builder) -> (World, Session) {
    let world = builder.start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    (world, ada)
}

/// Waits until a metric has this value.
async fn becomes(world: &World, metric: &str, value: u64) {
    let look = async || (world.metric(metric).await == value).then_some(());
    eventually(metric, Duration::from_secs(20), look).await;
}

/// Whether the log has a line that says so of an origin.
fn logged(world: &World, of: &Origin, words: &str) -> bool {
    world.gate.log().iter().any(|line| {
        let line = line.to_string();
        line.contains(words) && line.contains(&of.address.to_string())
    })
}
