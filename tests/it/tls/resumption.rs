//! Handshakes that are taken up again: cheap, and never past a change of who may come in.
use std::fs;

use rustls::{HandshakeKind, version};

use super::{Authority, Client, PATIENCE, gate, keep};
use crate::world::{HOST, eventually};

const TABLE: &str = r#"{ cert = "own.pem", key = "own-key.pem", client_ca = "ca.pem" }"#;

#[tokio::test]
async fn clients_come_back_without_a_whole_handshake_until_the_client_authorities_change() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let own = clients.issue(&["ada.vendor.example"]);
    let (world, ada) = gate(TABLE, |world| {
        keep(world, "own", &authority.issue(&[HOST]));
        fs::write(world.path("ca.pem"), clients.0.pem()).unwrap();
    })
    .await;
    let versions = [&version::TLS12, &version::TLS13];
    let all = versions.map(|version| Client::new(&authority, Some(&own), &[version]));
    for client in &all {
        assert_eq!(client.enters(&world, &ada).await, Some(HandshakeKind::Full));
        assert_eq!(client.enters(&world, &ada).await, Some(HandshakeKind::Resumed));
    }
    // Another authority comes in beside: these clients may still enter, but nothing from before is believed.
    fs::write(world.path("ca.pem"), clients.0.pem() + &Authority::new().0.pem()).unwrap();
    let read = async || {
        let read = world.metric("chaperone_reloads_total{result=\"ok\",what=\"certificate\"}").await;
        (read > 0).then_some(())
    };
    eventually("the files are read again", PATIENCE, read).await;
    for client in &all {
        assert_eq!(client.enters(&world, &ada).await, Some(HandshakeKind::Full));
        assert_eq!(client.enters(&world, &ada).await, Some(HandshakeKind::Resumed));
    }
    // And now theirs is gone.
    fs::write(world.path("ca.pem"), Authority::new().0.pem()).unwrap();
    for client in &all {
        let gone = async || client.enters(&world, &ada).await.is_none().then_some(());
        eventually("they are turned away", PATIENCE, gone).await;
    }
}
