//! How an origin is reached: under which host, over how many connections, and for how long one waits.
use std::sync::atomic::Ordering;

use super::origin::Origin;
use super::{started, world};
use crate::world::{HOST, World, chaperone, refused};

#[tokio::test]
async fn the_app_sees_the_host_that_was_judged_or_its_own_as_the_file_has_it() {
    for (route, own) in [("", false), ("upstream_host = \"preserve\"", false), ("upstream_host = \"rewrite\"", true)] {
        let origin = Origin::start().await;
        let (world, ada) = world(&[&origin], route).await;
        world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
        let wanted = if own { origin.address.to_string() } else { HOST.to_owned() };
        assert_eq!(origin.came()[0].host, wanted, "{route}");
    }
}

#[tokio::test]
async fn requests_one_after_the_other_share_one_connection() {
    let origin = Origin::start().await;
    let (world, ada) = world(&[&origin], "").await;
    for method in ["GET", "POST", "HEAD", "GET", "DELETE"] {
        world.ask(&ada, method, "/w/acme/a").await.expect(200);
    }
    assert_eq!((origin.came().len(), origin.connections()), (5, 1));
    for (metric, value) in [("connections", 1), ("idle_connections", 1), ("up", 1)] {
        let metric = format!("chaperone_upstream_{metric}{{route=\"0\",upstream=\"0\"}}");
        assert_eq!(world.metric(&metric).await, value, "{metric}");
    }
}

#[tokio::test]
async fn there_are_no_more_connections_than_the_file_has_and_who_waits_gets_one() {
    let origin = Origin::start().await;
    let (world, ada) = world(&[&origin], "upstream_connections = 2").await;
    origin.acts.slowness.store(50, Ordering::Relaxed);
    let asked = futures_util::future::join_all((0..12).map(|_| world.ask(&ada, "GET", "/w/acme/a")));
    assert!(asked.await.iter().all(|answer| answer.status == 200));
    assert_eq!((origin.came().len(), origin.connections()), (12, 2));
}

#[tokio::test]
async fn who_waits_too_long_for_a_connection_is_told_so() {
    let origin = Origin::start().await;
    let route = "upstream_connections = 1\ntimeouts = { connect = \"200ms\" }";
    let (world, ada) = world(&[&origin], route).await;
    origin.acts.slowness.store(3_000, Ordering::Relaxed);
    let (one, two) = tokio::join!(world.ask(&ada, "GET", "/w/acme/a"), world.ask(&ada, "GET", "/w/acme/b"));
    let (served, late) = if one.status == 200 { (one, two) } else { (two, one) };
    served.expect(200);
    assert_eq!(late.problem(), refused(504, "upstream-timeout"));
    assert_eq!(origin.came().len(), 1);
    let busy = "chaperone_upstream_failures_total{kind=\"busy\",route=\"0\",upstream=\"0\"}";
    assert_eq!(world.metric(busy).await, 1);
}

#[tokio::test]
async fn an_app_that_takes_too_long_is_a_timeout_before_and_after_the_connection() {
    let origin = Origin::start().await;
    let (slow, ada) = world(&[&origin], "timeouts = { head = \"300ms\" }").await;
    origin.acts.slowness.store(60_000, Ordering::Relaxed);
    assert_eq!(slow.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(504, "upstream-timeout"));

    // Who listens and never shakes hands.
    let mute = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://{}", mute.local_addr().unwrap());
    let builder = World::builder().origins(&[url]).route("timeouts = { connect = \"300ms\" }");
    let (hanging, ada) = started(builder).await;
    assert_eq!(hanging.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(504, "upstream-timeout"));
    assert_eq!(hanging.metric("chaperone_upstream_errors_total{kind=\"timeout\"}").await, 1);
}

#[tokio::test]
async fn a_secret_for_the_app_reaches_it_and_no_log_even_when_all_fails() {
    const SECRET: &str = "hush-9c1f6d";
    let origin = Origin::start().await;
    let builder = World::builder().origins(&[origin.url()]).file("gate-secret.txt", SECRET);
    let (world, ada) = started(builder.route("headers = { \"X-Gate-Secret_file\" = \"gate-secret.txt\" }")).await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    assert_eq!(origin.came()[0].secret.as_deref(), Some(SECRET));
    origin.acts.breaks.store(true, Ordering::Relaxed);
    world.ask(&ada, "POST", "/w/acme/a").await.expect(502);
    origin.die().await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(502);
    let shown = chaperone(&["config", "check", "--config", &world.config()]);
    let logs: String = world.gate.log().iter().map(ToString::to_string).collect();
    for text in [&logs, &shown.stdout, &shown.stderr, &world.ops("/metrics").await.text()] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(logs.contains("no answer from the app"), "{logs}");
}
