//! How a refusal looks, to a program and to a person.
use std::time::Duration;

use http::header::SET_COOKIE;
use serde_json::json;

use crate::world::{World, body, engineers, eventually, members, refused, request};

/// What differs from run to run, replaced.
fn redacted(text: &str) -> String {
    let mut pieces = text.split("rq_");
    let first = pieces.next().unwrap_or_default();
    let rest = pieces.map(|piece| format!("rq_…{}", piece.trim_start_matches(|c: char| c.is_ascii_hexdigit())));
    std::iter::once(first.to_owned()).chain(rest).collect()
}

/// The answer to a browser or a program, as text: the status, what caches and scripts obey, and the body.
async fn shown(world: &World, path: &str, cookie: &str, accept: &str) -> String {
    let asked = request("GET", path).header("cookie", cookie).header("accept", accept);
    let answer = world.send(asked.body(body("")).unwrap()).await;
    let names = ["content-type", "cache-control", "vary", "set-cookie", "content-security-policy", "retry-after"];
    let headers = names.iter().filter_map(|name| Some(format!("{name}: {}", answer.header(name)?)));
    let head: Vec<String> = std::iter::once(answer.status.to_string()).chain(headers).collect();
    // The style is as long as it is dull.
    let text = redacted(&answer.text());
    let body = match (text.find("<style>"), text.find("</style>")) {
        (Some(start), Some(end)) => format!("{}{}", &text[..start], &text[end + "</style>\n".len()..]),
        _ => text,
    };
    format!("{}\n\n{body}\n", head.join("\n"))
}

#[tokio::test]
async fn a_program_without_a_session_gets_a_problem_document() {
    let world = World::start().await;
    insta::assert_snapshot!(shown(&world, "/w/acme/a", "", "application/json").await);
}

#[tokio::test]
async fn a_person_without_a_session_gets_a_page() {
    let world = World::start().await;
    insta::assert_snapshot!(
        shown(&world, "/w/acme/a", "theme=dark", "text/html,application/xhtml+xml,*/*;q=0.8").await
    );
}

#[tokio::test]
async fn after_a_revoke_the_page_says_so_and_what_to_do() {
    let world = World::start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.revoke(&members::OLGA, &grant).await;
    insta::assert_snapshot!("revoked_page", shown(&world, "/w/acme/a", &ada.cookie(), "text/html").await);
    insta::assert_snapshot!("revoked_document", shown(&world, "/w/acme/a", &ada.cookie(), "*/*").await);
}

#[tokio::test]
async fn a_policys_refusal_names_the_policy_and_every_other_cause() {
    let world = World::start().await;
    let wanted = json!({"access": "read_only", "duration": "1d", "scope": ["/w/acme/imports/**"]});
    world.grant(&members::OLGA, wanted).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let asked = request("DELETE", "/w/acme/invoices/7").header("cookie", ada.cookie());
    let answer = world.send(asked.body(body("")).unwrap()).await;
    insta::assert_snapshot!(redacted(&answer.text()));
}

#[tokio::test]
async fn what_is_malformed_is_told_precisely_and_two_session_cookies_are_forgotten() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let twice = format!("{}; {}", ada.cookie(), ada.cookie());
    insta::assert_snapshot!("two_cookies", shown(&world, "/w/acme/a", &twice, "*/*").await);
    insta::assert_snapshot!("ambiguous_path", shown(&world, "/w/acme/../globex", &ada.cookie(), "*/*").await);
    assert_eq!(world.app.seen().len(), 0);
}

#[tokio::test]
async fn a_cookie_that_is_no_session_of_ours_is_no_session() {
    let world = World::start().await;
    let made_up = format!("__Host-chaperone={}", "A".repeat(43));
    for cookie in ["__Host-chaperone=x", made_up.as_str(), "__Host-chaperone=", "__host-chaperone=x"] {
        let asked = request("GET", "/w/acme/a").header("cookie", cookie);
        let answer = world.send(asked.body(body("")).unwrap()).await;
        assert_eq!(answer.problem(), refused(401, "no-session"), "{cookie}");
        assert!(answer.headers.contains_key(SET_COOKIE), "the dead cookie is cleared: {cookie}");
    }
}

#[tokio::test]
async fn an_engineer_who_leaves_is_out_and_one_who_sleeps_too() {
    let world = World::builder().section("[sessions]\nidle = \"1s\"").start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let left = world.enter(&engineers::BRIAN, "acme").await;
    let path = format!("/sessions/{}", left.id);
    world.api("DELETE", &path, &world.engineer(&engineers::BRIAN), None).await.expect(200);
    assert_eq!(world.ask(&left, "GET", "/w/acme/a").await.problem(), refused(401, "session-ended"));

    let asleep = world.enter(&engineers::ADA, "acme").await;
    let events = world.events(&asleep, "/w/acme/events").await;
    events.until_the_end("session-idle").await;
    assert_eq!(world.ask(&asleep, "GET", "/w/acme/a").await.problem(), refused(401, "session-idle"));
}

#[tokio::test]
async fn what_is_reserved_is_never_the_apps() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    for path in ["/.chaperone/nothing", "/.chaperone", "/.chaperone/api/v2/grants"] {
        assert_eq!(world.ask(&ada, "GET", path).await.problem(), refused(404, "not-found"), "{path}");
    }
    for path in ["/.Chaperone/jwks.json", "/%2echaperone/jwks.json"] {
        let answer = world.ask(&ada, "GET", path).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.text());
    }
    assert_eq!(world.app.seen().len(), 0);
}

#[tokio::test]
async fn when_the_store_is_gone_nobody_passes_and_the_gate_says_that_it_is_not_sure() {
    let world = World::builder().section("[store]\nlease = \"500ms\"").start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    for file in ["chaperone.db", "chaperone.db-wal", "chaperone.db-shm"] {
        let path = world.path(file);
        let length = std::fs::metadata(&path).unwrap().len();
        std::fs::write(&path, vec![0xff; usize::try_from(length).unwrap()]).unwrap();
    }
    let limit = Duration::from_secs(10);
    let stale = eventually("the state is stale", limit, async || {
        let answer = world.ask(&ada, "GET", "/w/acme/a").await;
        (answer.status == 503).then_some(answer)
    });
    let stale = stale.await;
    assert_eq!(stale.problem(), refused(503, "stale-state"));
    assert!(stale.header("retry-after").is_some());
    assert_eq!(world.ops("/readyz").await.status, 503);
    assert_eq!(world.ops("/healthz").await.status, 200);
}
