//! A gate in front of the app for everybody: customers pass as if it were not there, and nobody passes as somebody else.
use http::header::SET_COOKIE;
use serde_json::json;

use crate::world::{HOST, Reply, Socket, Via, World, body, chaperone, engineers, members, refused, request};

const INLINE: &str = "mode = \"inline\"";

/// What a customer's browser asks for.
async fn visit(world: &World, path: &str, fields: &[(&str, &str)]) -> Reply {
    let mut asked = request("GET", path);
    for (name, value) in fields {
        asked = asked.header(*name, *value);
    }
    world.send(asked.body(body("")).unwrap()).await
}

#[tokio::test]
async fn a_customers_request_reaches_the_app_as_it_is_and_leaves_no_record() {
    let world = World::builder().route(INLINE).start().await;
    let own = [
        ("cookie", "sid=1; alone; =nameless; q=\"a b\""),
        ("cookie", "theme=dark"),
        ("authorization", "Bearer of-the-app"),
        ("x-kept", "kept"),
    ];
    visit(&world, "/w/acme/a%20b?q=%2F1", &own).await.expect(200);
    let seen = world.app.last();
    assert_eq!(seen.target, "/w/acme/a%20b?q=%2F1");
    for (name, value) in [
        ("cookie", "sid=1; alone; =nameless; q=\"a b\"; theme=dark"),
        ("authorization", "Bearer of-the-app"),
        ("x-kept", "kept"),
        ("host", HOST),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", HOST),
    ] {
        assert_eq!(seen.one(name), value, "{name}");
    }
    assert!(seen.headers.keys().all(|name| !name.as_str().starts_with("x-chaperone")), "{seen:?}");

    let login = visit(&world, "/w/acme/login", &[]).await.expect(200);
    assert_eq!(login.cookies(), ["sid=SECRET; Path=/; HttpOnly", "theme=dark; Path=/"], "but none of ours");
    assert_eq!(login.header("cache-control"), None, "caches are the app's business");
    assert_eq!(visit(&world, "/w/acme/forge", &[]).await.expect(200).header("x-chaperone-subject"), None);

    assert_eq!(world.metric("chaperone_requests_total{outcome=\"passed\",route=\"0\"}").await, 3);
    let exported = chaperone(&["audit", "export", "--config", &world.config()]).stdout;
    assert!(!exported.contains("access."), "{exported}");
}

#[tokio::test]
async fn no_identity_that_a_customer_makes_up_reaches_the_app() {
    let mapped = r#"headers = { "Remote-User" = "{subject.email}", "X-Gate-Secret" = "hush" }"#;
    let world = World::builder().route(INLINE).route(mapped).start().await;
    let names = ["x-chaperone-subject", "X-Chaperone-Superuser", "x_chaperone_actor", "x.chaperone.workspace"];
    let more = ["remote-user", "Remote_User", "x-gate-secret", "x-forwarded-for", "forwarded", "x-original-url"];
    let forged: Vec<(&str, &str)> = names.into_iter().chain(more).map(|name| (name, "mallory")).collect();
    let listed = ("connection", "x-chaperone-session, x-forwarded-for, cookie, close");
    visit(&world, "/w/acme/a", &[&forged[..], &[listed]].concat()).await.expect(200);
    let seen = world.app.last();
    for (name, value) in &seen.headers {
        assert!(!value.as_bytes().starts_with(b"mallory"), "{name}");
    }
    assert!(seen.all("remote-user").is_empty() && seen.all("x-gate-secret").is_empty());
    assert!(world.metric("chaperone_forged_headers_total").await >= 6);
}

#[tokio::test]
async fn whoever_presents_a_cookie_of_ours_by_any_spelling_never_passes_unjudged() {
    let world = World::builder().route(INLINE).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let token = ada.token.as_str();
    let spellings = [
        format!("__Host-chaperone={}", "A".repeat(43)),
        "__Host-chaperone=".to_owned(),
        "__Host-chaperone".to_owned(),
        format!("__host-chaperone={token}"),
        format!("__Host_chaperone={token}"),
        format!("__Secure-chaperone={token}"),
        format!("%5F%5FHost-chaperone={token}"),
        format!("__Host-chaperone=\"{token}\""),
        format!("\"__Host-chaperone\"={token}"),
        format!("=__Host-chaperone={token}"),
        format!("a=1,__Host-chaperone={token}"),
        format!("a=\"1; __Host-chaperone={token}\""),
        format!("$Version=1, __Host-chaperone={token}"),
        "__Host-chaperone-staff=X".to_owned(),
        "__HOST-CHAPERONE-MEMBER=X".to_owned(),
    ];
    for spelling in &spellings {
        for cookie in [spelling.clone(), format!("sid=1; {spelling}"), format!("{spelling}; sid=1")] {
            let answer = visit(&world, "/w/acme/a", &[("cookie", cookie.as_str())]).await;
            assert_eq!(answer.problem(), refused(401, "no-session"), "{cookie}");
        }
        let apart = [("cookie", "sid=1"), ("cookie", spelling.as_str())];
        assert_eq!(visit(&world, "/w/acme/a", &apart).await.status, 401, "{spelling}");
    }
    let twice = format!("{}; {}", ada.cookie(), ada.cookie());
    assert_eq!(visit(&world, "/w/acme/a", &[("cookie", &twice)]).await.problem(), refused(400, "bad-request"));
    for ours in [ada.token.clone(), world.engineer(&engineers::ADA), world.directory.clone()] {
        let answer = visit(&world, "/w/acme/a", &[("authorization", &format!("Bearer {ours}"))]).await;
        assert_eq!(answer.problem(), refused(401, "unauthenticated"));
    }
    assert_eq!(world.app.seen().len(), 0);
}

#[tokio::test]
async fn an_engineer_is_judged_as_on_any_route_and_a_customer_again_without_the_cookie() {
    let world = World::builder().route(INLINE).start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    let seen = world.app.last();
    assert_eq!((seen.one("x-chaperone-subject"), seen.one("x-chaperone-actor")), ("olga", "ada"));
    assert_eq!(world.ask(&ada, "POST", "/w/acme/a").await.problem(), refused(403, "read-only"));
    assert_eq!(world.ask(&ada, "GET", "/w/globex/a").await.problem(), refused(403, "wrong-workspace"));
    world.revoke(&members::OLGA, &grant).await;
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "grant-revoked"));
    assert_eq!(world.app.seen().len(), 1);
    visit(&world, "/w/acme/a", &[]).await.expect(200);
    assert!(world.app.last().all("x-chaperone-subject").is_empty());
}

#[tokio::test]
async fn a_member_who_looked_at_the_support_access_page_is_refused_once_and_told_to_load_again() {
    let world = World::builder().route(INLINE).start().await;
    let cookie = "sid=1; __Host-chaperone-member=X";
    let answer = visit(&world, "/w/acme/a", &[("cookie", cookie), ("accept", "text/html")]).await.expect(401);
    assert!(answer.text().contains("load this page again"), "{}", answer.text());
    let forgotten = answer.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    assert!(forgotten.into_iter().any(|set| set.starts_with("__Host-chaperone-member=;")), "{answer:?}");
    visit(&world, "/w/acme/a", &[("cookie", "sid=1")]).await.expect(200);

    let staff = visit(&world, "/w/acme/a", &[("cookie", "__Host-chaperone-staff=X")]).await;
    assert!(staff.text().contains("start a session"), "{}", staff.text());
    assert!(staff.cookies().iter().all(|set| !set.starts_with("__Host-chaperone-staff")), "{staff:?}");
}

#[tokio::test]
async fn streams_uploads_websockets_and_http2_work_for_customers() {
    let world = World::builder().route(INLINE).start().await;
    let mut socket = Socket::open(world.gate.address, "/w/acme/live", "sid=1").await.expect("a WebSocket");
    assert_eq!(socket.say("hello").await, "hello");
    assert_eq!(world.app.last().one("cookie"), "sid=1");

    let mut connection = world.connect(Via::Http2).await;
    let asked = request("POST", "/w/acme/upload").header("cookie", "a=1").header("cookie", "b=2");
    let answer = connection.send(asked.body(body("hello")).unwrap()).await.expect(200);
    assert_eq!((answer.text().as_str(), world.app.last().one("cookie")), ("5", "a=1; b=2"));
    let asked = request("GET", "/w/acme/events").body(body("")).unwrap();
    assert_eq!(connection.begin(asked).await.unwrap().headers()["content-type"], "text/event-stream");
}

#[tokio::test]
async fn customers_too_must_send_requests_that_have_one_meaning() {
    let world = World::builder().route(INLINE).route("methods = [\"MOVE\"]").start().await;
    for path in ["/w/acme/../globex", "/w//acme", "/w/acme/a%2Fb", "/w/acme/%00"] {
        assert_eq!(visit(&world, path, &[]).await.problem(), refused(400, "ambiguous-path"), "{path}");
    }
    for path in ["/.chaperone/nothing", "/.Chaperone/jwks.json"] {
        assert!(visit(&world, path, &[]).await.status.is_client_error(), "{path}");
    }
    let moved = |to: &str| request("MOVE", "/w/acme/a").header("destination", to).body(body("")).unwrap();
    world.send(moved("/w/acme/%62")).await.expect(200);
    assert_eq!(world.app.last().one("destination"), format!("http://{HOST}/w/acme/b"));
    assert_eq!(world.send(moved("http://elsewhere.example/b")).await.problem(), refused(400, "bad-request"));
    assert_eq!(world.send(request("LOCK", "/w/acme/a").body(body("")).unwrap()).await.status, 400);
    assert_eq!(world.app.seen().len(), 1);
}
