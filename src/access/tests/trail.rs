//! Stories about events on their way to the journal, and about keys.
use std::collections::HashSet;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::access::{api_keys, trail};
use crate::audit::{Journal, samples};
use crate::config::{Audit, Durability};
use crate::telemetry::metrics::Metrics;

async fn relayed(world: &World) -> HashSet<crate::domain::id::EventId> {
    let audit = Audit {
        dir: world.folder.path().join("audit"),
        durability: Durability::Strict,
        segment: 1 << 20,
        checkpoint: Span::from_seconds(10),
    };
    let journal = Journal::open(&audit, "node", &world.access.clock, &Metrics::new(), samples::seal()).unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    trail::relay(world.access.clone(), journal.clone(), stop).await;
    let held = journal.recent_control_events();
    journal.close().await;
    held
}

#[tokio::test]
async fn every_event_reaches_the_journal_once_even_after_a_restart() {
    let world = World::new().await;
    world.grant(&world.olga().await, for_a(DAY)).await.unwrap();
    let events: HashSet<_> = world.events().await.into_iter().map(|event| event.event_id).collect();
    assert_eq!(relayed(&world).await, events);
    assert!(world.events().await.is_empty(), "all are marked");

    world.enter(&world.engineer("ada").await, None).await.unwrap();
    assert_eq!(relayed(&world).await.len(), events.len() + 2);
    let lines = std::fs::read_dir(world.folder.path().join("audit")).unwrap().map(|file| file.unwrap().path());
    let text: String = lines.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for id in &events {
        assert_eq!(text.matches(id.as_str()).count(), 1, "{id}");
    }
}

#[tokio::test]
async fn a_grants_event_tells_in_full_what_was_consented_to() {
    let world = World::new().await;
    let new = NewGrant { purpose: Some("the export".parse().unwrap()), ..naming("ada") };
    let grant = world.grant(&world.olga().await, new).await.unwrap();
    let event = world.events().await.pop().unwrap();
    let decision = event.decision.unwrap();
    let facts: serde_json::Value = serde_json::from_str(decision.facts.get()).unwrap();
    assert!(decision.allow && !decision.policies.is_empty());
    assert_eq!(facts["grant"]["id"], grant.id.as_str());
    assert_eq!(facts["grant"]["engineers"], serde_json::json!(["ada"]));
    assert_eq!(facts["grant"]["purpose"], "the export");
}

#[tokio::test]
async fn a_key_works_until_it_is_revoked() {
    let world = World::new().await;
    let (store, clock) = (&world.access.store, &world.access.clock);
    let name = "directory sync".parse().unwrap();
    let (id, secret) = api_keys::create(store, clock, &name, &[Scope::Directory].into()).await.unwrap();
    let Actor::Key(key) = world.access.key(&secret).await.unwrap() else { panic!("not a key") };
    assert_eq!((key.id.clone(), key.scopes), (id.clone(), [Scope::Directory].into()));
    assert!(api_keys::revoke(store, clock, &id).await.unwrap());
    assert_eq!(code(world.access.key(&secret).await), Code::Unauthenticated);
    assert!(api_keys::revoke(store, clock, &id).await.unwrap(), "revoking twice is fine");
    assert!(!api_keys::revoke(store, clock, &"ak_none".parse().unwrap()).await.unwrap());
    assert!(api_keys::list(store).await.unwrap()[0].revoked_at.is_some());
    assert_eq!(world.kinds().await, [Kind::TokenCreated, Kind::TokenRevoked]);
}
