//! A login inside a login: whoever already acts as somebody at another gate enters nothing here.
use std::time::Duration;

use serde_json::json;

use crate::world::{World, body, engineers, eventually, members, refused, request};

/// An assertion that a gate's app got, from inside a login there.
async fn assertion(gate: &World) -> String {
    gate.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = gate.enter(&engineers::ADA, "acme").await;
    gate.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    gate.app.last().one("x-chaperone-assertion").to_owned()
}

fn trusting(url: &str) -> String {
    format!("[[trusted_gate]]\njwks_url = \"{url}\"")
}

#[tokio::test]
async fn an_assertion_of_a_trusted_gate_counts_wherever_it_hides_and_a_made_up_one_is_dropped() {
    let other = World::start().await;
    let genuine = assertion(&other).await;
    let url = format!("http://{}/.chaperone/jwks.json", other.gate.address);
    let world = World::builder().section(&trusting(&url)).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let ask = async |fields: &[(&str, &str)]| {
        let mut asked = request("GET", "/w/acme/a").header("cookie", ada.cookie());
        for (name, value) in fields {
            asked = asked.header(*name, *value);
        }
        world.send(asked.body(body("")).unwrap()).await
    };
    let name = "x-chaperone-assertion";
    let (joined, bearer) = (format!("made.up.one, {genuine}"), format!("Bearer {genuine}"));
    for fields in [
        &[(name, genuine.as_str())][..],
        &[(name, "made.up"), (name, &genuine)],
        &[(name, &genuine), (name, "made.up")],
        &[(name, &joined)],
        &[(name, &bearer)],
        &[("X_Chaperone_Assertion", &genuine)],
        &[("x-chaperoneassertion", &genuine)],
        &[(name, "a.b.c a.b.c a.b.c a.b.c a.b.c a.b.c a.b.c a.b.c a.b.c")],
    ] {
        assert_eq!(ask(fields).await.problem(), refused(403, "chained-impersonation"), "{fields:?}");
    }
    assert_eq!(world.app.seen().len(), 0);
    ask(&[(name, "made.up"), (name, "mallory")]).await.expect(200);
    assert!(!world.app.last().one(name).contains("mallory"), "there is ours alone");
}

#[tokio::test]
async fn while_a_trusted_gates_keys_are_out_of_reach_what_may_be_its_assertion_counts() {
    let other = World::start().await;
    let genuine = assertion(&other).await;
    let world = World::builder().section(&trusting("http://127.0.0.1:1/jwks.json")).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let with = request("GET", "/w/acme/a").header("cookie", ada.cookie()).header("x-chaperone-assertion", &genuine);
    let answer = world.send(with.body(body("")).unwrap()).await;
    assert_eq!(answer.problem(), refused(403, "chained-impersonation"));
    eventually("without one everything passes", Duration::from_secs(10), async || {
        (world.ask(&ada, "GET", "/w/acme/a").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_route_signs_with_its_own_secret_is_known_again_on_every_route() {
    let hs256 = "assertion = { alg = \"HS256\", key = \"a secret of at least 32 bytes, shared\" }";
    let world = World::builder().route(hs256).start().await;
    let ours = assertion(&world).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let with =
        |value: &str| request("GET", "/w/acme/a").header("cookie", ada.cookie()).header("x-chaperone-assertion", value);
    let inside = world.send(with(&ours).body(body("")).unwrap()).await;
    assert_eq!(inside.problem(), refused(403, "chained-impersonation"));
    let (signed, _) = ours.rsplit_once('.').unwrap();
    world.send(with(&format!("{signed}.AAAA")).body(body("")).unwrap()).await.expect(200);
}

#[tokio::test]
async fn on_an_inline_route_a_login_at_another_gate_is_not_hidden_from_the_app() {
    let world = World::builder().route("mode = \"inline\"").start().await;
    let ours = assertion(&world).await;
    let before = world.app.seen().len();
    let asked = request("GET", "/w/acme/a").header("x-chaperone-assertion", ours);
    let answer = world.send(asked.body(body("")).unwrap()).await;
    assert_eq!(answer.problem(), refused(403, "chained-impersonation"));
    assert_eq!(world.app.seen().len(), before);
}
