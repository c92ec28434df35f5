//! Certificate files change.
use std::fs;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use rcgen::CertifiedKey;

use super::inside;
use crate::world::{HOST, Session, Via, World, body, eventually, request};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A certificate and its key, in PEM.
fn pair() -> (String, String) {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

fn ask(session: &Session) -> http::Request<Full<Bytes>> {
    request("GET", "/w/acme/a").header("cookie", session.cookie()).body(body("")).unwrap()
}

async fn refused_versions(world: &World) -> u64 {
    world.metric("chaperone_reloads_total{result=\"failed\",what=\"certificate\"}").await
}

#[tokio::test]
async fn new_handshakes_use_a_new_certificate_and_connections_go_on() {
    let world = World::builder().tls().start().await;
    let ada = inside(&world).await;
    let mut before = world.connect(Via::Http2).await;
    before.send(ask(&ada)).await.expect(200);

    let (cert, key) = pair();
    fs::write(world.path("key.pem"), key).unwrap();
    fs::write(world.path("cert.pem"), cert).unwrap();
    // The world's clients trust `cert.pem` as it is now, and nothing else.
    let trusted = async || world.try_connect().await.then_some(());
    eventually("a handshake with the new certificate", PATIENCE, trusted).await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    before.send(ask(&ada)).await.expect(200);
}

#[tokio::test]
async fn a_pair_that_does_not_fit_or_is_half_written_replaces_nothing() {
    let world = World::builder().tls().start().await;
    let ada = inside(&world).await;
    let (good, (cert, key)) = (fs::read(world.path("cert.pem")).unwrap(), pair());
    let half = &cert[..cert.len() / 2];
    for (n, spoiled) in (1..).zip([half, "", cert.as_str()]) {
        fs::write(world.path("cert.pem"), spoiled).unwrap();
        eventually("it is refused", PATIENCE, async || (refused_versions(&world).await >= n).then_some(())).await;
        let told = world.ops("/readyz").await.expect(200).json()["files"].to_string();
        assert!(told.contains("certificate: ") && told.contains("cert.pem"), "{told}");
        let aside = world.path("good.pem");
        fs::write(&aside, &good).unwrap();
        let mut connection = crate::world::Connection::open_tls(world.gate.address, Via::Http1, &aside).await;
        connection.send(ask(&ada)).await.expect(200);
    }
    fs::write(world.path("key.pem"), key).unwrap();
    eventually("the new pair fits", PATIENCE, async || world.try_connect().await.then_some(())).await;
    eventually("all is well", PATIENCE, async || (world.ops("/readyz").await.json()["files"] == "ok").then_some(()))
        .await;
}
