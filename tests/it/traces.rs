//! Traces: each request has its place in one, and a collector hears of it.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::world::{Session, World, body, engineers, eventually, members, request};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const INBOUND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What takes OTLP over HTTP, in JSON, and keeps the spans.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<Vec<Value>>>);

impl Collector {
    pub(crate) async fn start() -> (Self, String) {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/traces", socket.local_addr().unwrap());
        let collector = Self::default();
        let router = axum::Router::new().route("/v1/traces", post(take)).with_state(collector.clone());
        TaskTracker::new().spawn(async move { axum::serve(socket, router).await.unwrap() });
        (collector, url)
    }

    /// Every span so far.
    pub(crate) fn spans(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }

    /// The span whose attribute `name` is `value`.
    async fn span(&self, name: &str, value: &str) -> Value {
        let wanted = json!({ "key": name, "value": { "stringValue": value } });
        eventually("the span", PATIENCE, async || {
            let spans = self.0.lock().unwrap();
            spans.iter().find(|span| span["attributes"].as_array().unwrap().contains(&wanted)).cloned()
        })
        .await
    }
}

async fn take(State(Collector(kept)): State<Collector>, Json(sent): Json<Value>) -> Json<Value> {
    let resource = &sent["resourceSpans"][0];
    assert!(resource["resource"].to_string().contains("chaperone"), "{resource}");
    kept.lock().unwrap().extend(resource["scopeSpans"][0]["spans"].as_array().unwrap().iter().cloned());
    Json(json!({}))
}

/// A request that brings a place in a trace.
async fn with_inbound(world: &World, session: &Session) {
    let asked = request("GET", "/w/acme/a").header("cookie", session.cookie()).header("traceparent", INBOUND);
    world.send(asked.body(body("")).unwrap()).await.expect(200);
}

fn parts(traceparent: &str) -> Vec<&str> {
    traceparent.split('-').collect()
}

#[tokio::test]
async fn the_app_goes_on_in_the_trace_that_the_collector_hears_of() {
    let (collector, url) = Collector::start().await;
    let world = World::builder().ops(&format!("traces = {{ url = \"{url}\" }}")).start().await;
    world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;

    let answer = world.ask(&ada, "GET", "/w/acme/a?secret=1").await.expect(200);
    let request = answer.header("x-request-id").unwrap().to_owned();
    let seen = world.app.last();
    let given = parts(seen.one("traceparent"));
    assert!(request.ends_with(given[1]), "one search finds both: {request} {given:?}");
    let span = collector.span("chaperone.request", &request).await;
    assert_eq!((&span["traceId"], &span["spanId"]), (&json!(given[1]), &json!(given[2])));
    assert_eq!(span["name"], "GET");
    assert!(!span.to_string().contains("secret"), "{span}");

    world.ask(&ada, "POST", "/w/acme/a").await.expect(403);
    let refused = collector.span("chaperone.code", "read-only").await;
    assert_ne!(refused["traceId"], span["traceId"]);
}

#[tokio::test]
async fn only_a_trusted_proxy_brings_its_own_trace() {
    let world = World::builder().server("trusted_proxies = [\"127.0.0.1\"]").start().await;
    world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    with_inbound(&world, &ada).await;
    let seen = world.app.last();
    let given = parts(seen.one("traceparent"));
    assert_eq!(given[1], parts(INBOUND)[1]);
    assert_ne!(given[2], parts(INBOUND)[2], "a span of our own");

    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    with_inbound(&world, &ada).await;
    assert_ne!(parts(world.app.last().one("traceparent"))[1], parts(INBOUND)[1], "a client chooses no trace");
}

#[tokio::test]
async fn a_collector_that_is_away_costs_nobody_anything() {
    let world = World::builder().ops("traces = { url = \"http://127.0.0.1:1/v1/traces\" }").start().await;
    world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    eventually("a word in the log", PATIENCE, async || {
        world.gate.log().iter().any(|line| line["message"].to_string().contains("takes no traces")).then_some(())
    })
    .await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
}
