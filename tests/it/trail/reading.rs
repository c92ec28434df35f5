//! What members see of the trail of their workspace: a list, records as they are written, and an export.
use std::fs;
use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{PATIENCE, end, jwks, report};
use crate::world::{Connection, Member, Session, Via, World, body, chaperone, engineers, eventually, members, request};

const TRAIL: &str = "/workspaces/acme/trail";

/// One page of what `member` reads.
async fn page(world: &World, member: &Member, query: &str) -> Value {
    world.api("GET", &format!("{TRAIL}{query}"), &world.member(member), None).await.expect(200).json()
}

/// The `member`s of the items, newest first.
fn each<'a>(page: &'a Value, member: &str) -> Vec<&'a Value> {
    page["items"].as_array().unwrap().iter().map(|item| &item[member]).collect()
}

/// Waits until a record of this kind is the newest but for completions, which come when they come.
async fn until(world: &World, kind: &str) {
    let what = format!("{kind} is in the trail");
    let kinds = format!("?kind={kind}");
    eventually(&what, PATIENCE, async || {
        (!page(world, &members::OLGA, &kinds).await["items"].as_array().unwrap().is_empty()).then_some(())
    })
    .await;
}

/// Olga lets Ada in, who looks at two pages and tries a third; then it is over.
async fn story(world: &World) -> Session {
    let grant = world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    world.grant(&members::GUS, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/reports/1").await.expect(200);
    world.ask(&ada, "GET", "/w/acme/reports/1").await.expect(200);
    world.ask(&ada, "POST", "/w/acme/reports/1").await.expect(403);
    world.revoke(&members::OLGA, &grant).await;
    until(world, "grant.revoked").await;
    ada
}

#[tokio::test]
async fn a_member_reads_what_support_did_in_their_workspace_and_nothing_of_others() {
    let world = World::start().await;
    let ada = story(&world).await;
    let page = page(&world, &members::OLGA, "?limit=200").await;
    assert!(each(&page, "workspace").iter().all(|workspace| **workspace == "acme"), "{page:#}");
    let numbers: Vec<u64> = each(&page, "workspace_seq").iter().map(|seq| seq.as_u64().unwrap()).collect();
    let all: Vec<u64> = (1..=numbers.len() as u64).rev().collect();
    assert_eq!((numbers, page.get("next")), (all, None), "newest first, and none is missing");
    let told: Vec<&str> = each(&page, "name").iter().rev().map(|name| name.as_str().unwrap()).collect();
    for name in ["Support Access Granted", "Support Login", "Support Action Permitted", "Support Action Refused"] {
        assert!(told.contains(&name), "{name}: {told:?}");
    }
    assert!(told.contains(&"Support Access Revoked"), "{told:?}");
    let entered = page["items"].as_array().unwrap().iter().find(|item| item["kind"] == "session.started").unwrap();
    assert_eq!(
        (&entered["session"], &entered["engineer"], &entered["ticket"]),
        (&json!(ada.id), &json!("ada"), &json!("SUP-1042"))
    );
}

#[tokio::test]
async fn the_list_is_read_page_by_page_and_by_kind_session_and_engineer() {
    let world = World::start().await;
    let ada = story(&world).await;
    let whole = page(&world, &members::OLGA, "?limit=200").await;
    let (mut read, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = page(&world, &members::OLGA, &query).await;
        read.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=2&after={next}");
    }
    // Completions may have come in between: they are newer than all that was read.
    let known: Vec<&Value> = whole["items"].as_array().unwrap().iter().collect();
    assert_eq!(read.iter().skip(read.len() - known.len()).collect::<Vec<_>>(), known);

    let of_access = page(&world, &members::OLGA, "?kind=access.permitted,access.refused").await;
    assert_eq!(each(&of_access, "kind"), ["access.refused", "access.permitted", "access.permitted"]);
    let of_session = page(&world, &members::OLGA, &format!("?session={}&kind=session.*", ada.id)).await;
    assert_eq!(each(&of_session, "kind"), ["session.ended", "session.started"]);
    assert_eq!(page(&world, &members::OLGA, "?session=se_none").await["items"], json!([]));
    assert_eq!(page(&world, &members::OLGA, "?engineer=brian").await["items"], json!([]));
    assert!(each(&page(&world, &members::OLGA, "?engineer=ada").await, "engineer").iter().all(|who| **who == "ada"));
}

#[tokio::test]
async fn the_trail_is_for_those_whom_the_policies_let_read_it() {
    let world = World::start().await;
    let operator = world.token("operator");
    let ask = async |path: &str, bearer: &str| world.api("GET", path, bearer, None).await.problem();
    for path in [TRAIL, "/workspaces/acme/trail/export"] {
        assert_eq!(ask(path, &world.member(&members::MAX)).await, (403, "not-owner".to_owned()));
        assert_eq!(ask(path, &world.member(&members::GUS)).await, (404, "not-found".to_owned()));
        assert_eq!(ask(path, &world.engineer(&engineers::ADA)).await, (403, "policy-denied".to_owned()));
        assert_eq!(ask(path, &operator).await, (403, "policy-denied".to_owned()));
    }
    let gus = world.member(&members::GUS);
    assert_eq!(ask("/workspaces/globex/trail", &gus).await, (403, "plan-required".to_owned()));
    let olga = world.member(&members::OLGA);
    for wrong in ["?kind=grants", "?kind=", "?after=x", "?limit=0", "?limit=201", "?session=a%20b", "?of=acme"] {
        assert_eq!(ask(&format!("{TRAIL}{wrong}"), &olga).await, (400, "bad-request".to_owned()), "{wrong}");
    }
    assert_eq!(ask("/workspaces/acme/trail/export?format=xlsx", &olga).await, (400, "bad-request".to_owned()));
}

#[tokio::test]
async fn after_a_restart_the_list_goes_on_where_it_ended() {
    let mut world = World::builder().section("[audit]\nsegment = \"64KiB\"").start().await;
    let ada = {
        world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
        world.enter(&engineers::ADA, "acme").await
    };
    for n in 0..40 {
        world.ask(&ada, "GET", &format!("/w/acme/reports/{n}")).await.expect(200);
    }
    assert!(world.path("audit/journal-000002.jsonl").exists(), "the trail went on in a second file");
    end(&mut world).await;
    world.restart().await;
    let before = page(&world, &members::OLGA, "?limit=200").await;
    world.gate.kill();
    world.restart().await;
    assert_eq!(page(&world, &members::OLGA, "?limit=200").await, before);
    assert_eq!(each(&page(&world, &members::OLGA, "?kind=access.permitted").await, "kind").len(), 40);
}

#[tokio::test]
async fn an_export_proves_all_that_was_recorded_when_it_was_asked_for() {
    let world = World::builder().section("[audit]\ncheckpoint = \"1h\"").start().await;
    let keys = jwks(&world).await;
    story(&world).await;
    for (form, kind) in [("jsonl", "application/jsonl"), ("csv", "text/csv; charset=utf-8; header=present")] {
        let path = format!("{TRAIL}/export?format={form}");
        let export = world.api("GET", &path, &world.member(&members::OLGA), None).await.expect(200);
        assert_eq!(export.header("content-type"), Some(kind));
        let named = format!("attachment; filename=\"acme-trail.{form}\"");
        assert_eq!(export.header("content-disposition"), Some(named.as_str()));
        let text = export.text();
        assert!(text.contains("grant.revoked") && !text.contains("globex"));
        let file = world.path("taken-home");
        fs::write(&file, &text).unwrap();
        let file = file.to_str().unwrap();
        let (code, told) = report(&["--export", file, "--workspace", "acme", "--jwks", &keys, "--require-anchored"]);
        assert_eq!(code, Some(0), "{told}");
        let config = world.config();
        let by_command = chaperone(&["audit", "export", "--config", &config, "--workspace", "acme", "--format", form]);
        assert_eq!(by_command.stdout, text, "operators get the same file");
    }
}

/// Opens the live trail for `member`, behind the record `after`.
async fn live(world: &World, member: &Member, after: Option<&str>) -> (Connection, hyper::body::Incoming) {
    let asked = request("GET", &format!("/.chaperone/api/v1{TRAIL}"))
        .header("authorization", format!("Bearer {}", world.member(member)))
        .header("accept", "text/event-stream");
    let asked = after.into_iter().fold(asked, |asked, id| asked.header("last-event-id", id));
    let mut connection = world.connect(Via::Http1).await;
    let answer = connection.begin(asked.body(body("")).unwrap()).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
        (200, "text/event-stream")
    );
    (connection, answer.into_body())
}

/// Reads on until all `texts` were told; gives all that was.
async fn hear(stream: &mut hyper::body::Incoming, texts: &[&str]) -> String {
    let mut told = String::new();
    let heard = async {
        while !texts.iter().all(|text| told.contains(text)) || !told.ends_with("\n\n") {
            let frame = stream.frame().await.unwrap_or_else(|| panic!("it ended before {texts:?}: {told}")).unwrap();
            told += &String::from_utf8_lossy(frame.data_ref().unwrap());
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("never heard {texts:?}"));
    told
}

/// The ids of the events in `told`.
fn ids(told: &str) -> Vec<u64> {
    told.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
}

#[tokio::test]
async fn a_member_follows_records_as_they_are_written_and_misses_none_after_a_break() {
    let world = World::start().await;
    let (connection, mut stream) = live(&world, &members::OLGA, None).await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let told = hear(&mut stream, &["Support Access Granted"]).await;
    let last = ids(&told).pop().unwrap();
    assert!(told.contains("event: record") && told.contains(&grant), "{told}");
    drop((connection, stream));

    world.grant(&members::GUS, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/reports/1").await.expect(200);
    let (_connection, mut stream) = live(&world, &members::OLGA, Some(&last.to_string())).await;
    let told = hear(&mut stream, &["Support Login", "Support Action Permitted"]).await;
    let told_ids = ids(&told);
    assert_eq!(told_ids, (last + 1..last + 1 + told_ids.len() as u64).collect::<Vec<_>>(), "{told}");
    assert!(!told.contains("globex"), "{told}");
}

#[tokio::test]
async fn whoever_may_not_read_any_more_hears_nothing_any_more() {
    let world = World::start().await;
    let (_connection, mut stream) = live(&world, &members::OLGA, None).await;
    world.put_workspace("acme", json!({"plan": "team"})).await;
    world.grant(&members::OTTO, json!({"access": "full", "duration": "1d"})).await;
    let told = hear(&mut stream, &["event: access-ended"]).await
        + &String::from_utf8_lossy(&stream.collect().await.unwrap().to_bytes());
    assert!(told.contains("plan-required") && !told.contains("Support Access Granted"), "{told}");
}

#[tokio::test]
async fn a_stream_that_cannot_be_is_refused() {
    let world = World::start().await;
    until(&world, "workspace.changed").await;
    for (query, last, status) in [("", "x", 400), ("", "1000000", 400), ("?after=1", "1", 400), ("", "1", 200)] {
        let asked = request("GET", &format!("/.chaperone/api/v1{TRAIL}{query}"))
            .header("authorization", format!("Bearer {}", world.member(&members::OLGA)))
            .header("accept", "text/event-stream")
            .header("last-event-id", last);
        let answer = world.connect(Via::Http1).await.begin(asked.body(body("")).unwrap()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{query} {last}");
    }
}

#[tokio::test]
async fn a_gate_that_ends_does_not_wait_for_those_who_follow() {
    let mut world = World::start().await;
    let (_connection, mut stream) = live(&world, &members::OLGA, None).await;
    world.gate.terminate();
    let rest = tokio::time::timeout(Duration::from_secs(20), stream.frame()).await.expect("the stream ends");
    assert!(rest.is_none(), "{rest:?}");
    assert!(world.gate.ended(PATIENCE).await.success());
    assert!(!world.gate.log().iter().any(|line| line.to_string().contains("cutting what is still open")));
}
