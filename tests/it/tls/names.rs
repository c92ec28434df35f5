//! Several certificates: each client gets the one for the host that it asks for.
use super::{Authority, Client, DAY, PATIENCE, gate, keep};
use crate::world::{HOST, World, eventually};

const TABLE: &str = r#"{ cert = "first.pem", key = "first-key.pem", certificates = [
    { cert = "wide.pem", key = "wide-key.pem" }, { cert = "exact.pem", key = "exact-key.pem" } ] }"#;

#[tokio::test]
async fn the_name_a_client_asks_for_chooses_among_certificates_and_each_is_replaced_while_the_gate_serves() {
    let authority = Authority::new();
    let first = authority.issue(&["first.example.net"]);
    let (wide, exact) = (authority.issue(&["*.example.com"]), authority.issue(&[HOST]));
    let table = TABLE.replace('\n', " ");
    let (world, ada) = gate(&table, |world: &World| {
        for (name, pair) in [("first", &first), ("wide", &wide), ("exact", &exact)] {
            keep(world, name, pair);
        }
    })
    .await;
    let client = Client::any(&authority, None);
    for (name, pair) in [(HOST, &exact), ("s1.example.com", &wide), ("first.example.net", &first)] {
        assert_eq!(&client.open(&world, name).await.unwrap().leaf, pair.cert.der(), "{name}");
    }
    assert!(client.open(&world, "stranger.example").await.is_err(), "it gets the first, which is not for it");

    let mut before = client.open(&world, HOST).await.unwrap();
    let renewed = authority.lasting(&[HOST], 30 * DAY);
    keep(&world, "exact", &renewed);
    let fresh = Client::any(&authority, None);
    let replaced = async || (&fresh.open(&world, HOST).await.unwrap().leaf == renewed.cert.der()).then_some(());
    eventually("the renewed certificate", PATIENCE, replaced).await;
    assert!(before.asks(&ada).await, "what was open goes on");
    assert_eq!(&client.open(&world, "s1.example.com").await.unwrap().leaf, wide.cert.der(), "the others stay");
}
