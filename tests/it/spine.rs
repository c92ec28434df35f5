//! The story of a support case from end to end: grant, enter, work, revoke, restart, verify.
use std::fs;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::world::{Via, World, body, chaperone, engineers, eventually, members, refused, request};

/// How soon nothing of a revoked grant passes any more.
const AT_ONCE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_revoke_cuts_everything_within_a_second_and_the_next_request_is_refused() {
    let world = World::start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d", "ticket": "SUP-1042"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/invoices").await.expect(200);
    world.ask(&ada, "POST", "/w/acme/invoices/7").await.expect(200);

    let mut events = world.events(&ada, "/w/acme/events").await;
    assert!(events.next().await.unwrap().contains("event: tick"));
    let mut socket = world.socket(&ada, "/w/acme/live").await.expect("a WebSocket");
    assert_eq!(socket.say("hello").await, "hello");
    let mut upload = world.upload(&ada, "/w/acme/upload").await;
    upload.feed.send(Bytes::from_static(b"0123456789")).await.unwrap();
    let arrived =
        || eventually("the upload moves", Duration::from_secs(10), async || (world.app.uploaded() == 10).then_some(()));
    upload.until(arrived()).await;
    let before = world.app.seen().len();

    let began = Instant::now();
    let revoked = world.revoke(&members::OLGA, &grant).await;
    let (_, closed, uploaded) = tokio::join!(events.until_the_end("grant-revoked"), socket.closed(), upload.answer());
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());

    assert_eq!((&revoked["sessions_ended"], &revoked["streams_cut"]), (&json!(1), &json!(3)));
    assert_eq!(closed, Some((1008, "grant-revoked".to_owned())));
    let uploaded = uploaded.expect("an answer");
    assert_eq!(uploaded.problem(), refused(403, "grant-revoked"));

    assert_eq!(world.ask(&ada, "GET", "/w/acme/invoices").await.problem(), refused(403, "grant-revoked"));
    assert_eq!(world.ask(&ada, "POST", "/w/acme/invoices/8").await.problem(), refused(403, "grant-revoked"));
    assert_eq!(world.app.seen().len(), before, "nothing of it came upstream");
    assert_eq!(world.app.uploaded(), 10);
}

#[tokio::test]
async fn over_http2_a_revoke_cuts_every_stream_and_spares_the_connection() {
    let world = World::start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    world.grant(&members::OTTO, json!({"access": "full", "duration": "1d", "engineers": ["brian"]})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let (mut one, mut two) =
        tokio::join!(world.events_via(Via::Http2, &ada, "/w/acme/events"), world.events(&ada, "/w/acme/events"));
    assert!(one.next().await.is_some() && two.next().await.is_some());
    let revoked = world.revoke(&members::OLGA, &grant).await;
    assert_eq!(revoked["streams_cut"], 2);
    let mut connection = one.until_the_end("grant-revoked").await;
    two.until_the_end("grant-revoked").await;
    let again = request("GET", "/w/acme/a").header("cookie", ada.cookie()).body(body("")).unwrap();
    assert_eq!(connection.send(again).await.problem(), refused(403, "grant-revoked"));
}

#[tokio::test]
async fn after_a_restart_an_ended_session_keeps_its_cause_and_a_live_one_lives() {
    let mut world = World::start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ended = world.enter(&engineers::ADA, "acme").await;
    world.revoke(&members::OLGA, &grant).await;
    world.grant(&members::OTTO, json!({"access": "read_only", "duration": "1d"})).await;
    let live = world.enter(&engineers::BRIAN, "acme").await;

    world.gate.terminate();
    let status = world.gate.ended(Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0), "{:#?}", world.gate.log());
    world.restart().await;

    assert_eq!(world.ask(&ended, "GET", "/w/acme/invoices").await.problem(), refused(403, "grant-revoked"));
    world.ask(&live, "GET", "/w/acme/invoices").await.expect(200);
    assert_eq!(world.app.last().one("x-chaperone-subject"), "otto");
}

#[tokio::test]
async fn the_trail_names_who_as_whom_by_which_grant_and_why_and_one_changed_byte_shows() {
    let mut world = World::start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/invoices?secret=1").await.expect(200);
    world.ask(&ada, "POST", "/w/acme/invoices/7").await.expect(403);
    world.gate.terminate();
    assert!(world.gate.ended(Duration::from_secs(10)).await.success());

    let config = world.config();
    let verified = chaperone(&["audit", "verify", "--config", &config]);
    assert_eq!(verified.code, Some(0), "{}", verified.stdout);
    let exported = chaperone(&["audit", "export", "--config", &config, "--workspace", "acme"]).stdout;
    assert!(!exported.contains("secret") && !exported.contains(&ada.token), "{exported}");
    let records: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| records.iter().filter(|record| record["kind"] == kind).collect::<Vec<_>>();
    for kind in ["access.permitted", "access.completed", "access.refused"] {
        let [record] = of(kind)[..] else { panic!("{kind}: {exported}") };
        assert_eq!(record["engineer"], "ada");
        assert_eq!((&record["workspace"], &record["subject"]), (&json!("acme"), &json!("olga")));
        assert_eq!((&record["grant"], &record["session"]), (&json!(grant), &json!(ada.id)));
        assert_eq!((&record["reason"], &record["ticket"]), (&json!("an invoice is wrong"), &json!("SUP-1042")));
        assert_eq!(record["request"]["path"].as_str().unwrap().split('/').nth(2), Some("acme"));
    }
    assert_eq!(of("access.refused")[0]["decision"]["code"], "read-only");
    assert_eq!(of("access.completed")[0]["response"]["status"], 200);
    assert_eq!((of("grant.created").len(), of("session.started").len()), (1, 1));

    let journal = fs::read_dir(world.path("audit")).unwrap().map(|entry| entry.unwrap().path());
    let journal = journal.into_iter().find(|path| path.extension().is_some_and(|end| end == "jsonl")).unwrap();
    let mut bytes = fs::read(&journal).unwrap();
    let at = bytes.windows(4).position(|four| four == b"olga").unwrap();
    bytes[at] = b'0';
    fs::write(&journal, bytes).unwrap();
    assert_eq!(chaperone(&["audit", "verify", "--config", &config]).code, Some(1));
}
