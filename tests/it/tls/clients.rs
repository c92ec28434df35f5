//! Certificates of clients: who has none by the authorities of the moment is turned away at the handshake.
use std::fs;

use super::{Authority, Client, DAY, PATIENCE, Pair, gate, keep};
use crate::world::{HOST, Session, World, eventually};

const TABLE: &str = r#"{ cert = "own.pem", key = "own-key.pem", client_ca = "ca.pem" }"#;

/// A gate that demands certificates by `clients`; its own is by `authority`.
async fn demanding(authority: &Authority, clients: &Authority) -> (World, Session) {
    gate(TABLE, |world| {
        keep(world, "own", &authority.issue(&[HOST]));
        fs::write(world.path("ca.pem"), clients.0.pem()).unwrap();
    })
    .await
}

fn ada(by: &Authority) -> Pair {
    by.issue(&["ada.vendor.example"])
}

#[tokio::test]
async fn a_client_without_a_certificate_or_with_a_foreign_or_expired_one_is_turned_away() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let (world, session) = demanding(&authority, &clients).await;
    let expired = clients.lasting(&["ada.vendor.example"], DAY / 2);
    for (whose, own) in [("none", None), ("foreign", Some(&ada(&Authority::new()))), ("expired", Some(&expired))] {
        assert_eq!(Client::any(&authority, own).enters(&world, &session).await, None, "{whose}");
    }
    assert!(Client::any(&authority, Some(&ada(&clients))).enters(&world, &session).await.is_some());
    assert_eq!(world.app.seen().len(), 1);
}

#[tokio::test]
async fn new_authorities_count_for_new_connections_and_broken_ones_for_nobody() {
    let (authority, old, new) = (Authority::new(), Authority::new(), Authority::new());
    let (world, session) = demanding(&authority, &old).await;
    let (of_old, of_new) = (ada(&old), ada(&new));
    let mut before = Client::any(&authority, Some(&of_old)).open(&world, HOST).await.unwrap();
    assert!(before.asks(&session).await);

    fs::write(world.path("ca.pem"), "half a certificate").unwrap();
    let refused = async || {
        let failed = world.metric("chaperone_reloads_total{result=\"failed\",what=\"certificate\"}").await;
        (failed > 0).then_some(())
    };
    eventually("it is refused", PATIENCE, refused).await;
    let files = world.ops("/readyz").await.expect(200).json()["files"].to_string();
    assert!(files.contains("certificate: ") && files.contains("ca.pem"), "{files}");
    assert!(world.gate.log().iter().any(|line| line["level"] == "ERROR" && line["what"] == "certificate"));
    assert!(Client::any(&authority, Some(&of_old)).enters(&world, &session).await.is_some(), "the old ones stay");

    fs::write(world.path("ca.pem"), new.0.pem()).unwrap();
    let taken = async || Client::any(&authority, Some(&of_new)).enters(&world, &session).await;
    eventually("the new authority counts", PATIENCE, taken).await;
    assert_eq!(Client::any(&authority, Some(&of_old)).enters(&world, &session).await, None);
    assert!(before.asks(&session).await, "what was open goes on");
    let well = async || (world.ops("/readyz").await.json()["files"] == "ok").then_some(());
    eventually("all is well", PATIENCE, well).await;
}
