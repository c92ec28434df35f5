//! What a session may do, by method and path, and until when.
use std::time::Duration;

use chaperone::domain::time::{Clock, Span};
use serde_json::json;

use crate::world::{SEGMENT, World, body, engineers, eventually, members, refused, request};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn read_only_access_reads_and_does_nothing_else() {
    let rules = r#"effects = [
        { method = "POST", path = "/api/search", effect = "read" },
        { path = "/w/*/watch/**", effect = "read" },
    ]"#;
    let world = World::builder().route(rules).start().await;
    world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;

    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let answer = world.ask(&ada, method, "/w/acme/invoices/7").await;
        assert_eq!(answer.problem(), refused(403, "read-only"), "{method}");
    }
    let socket = world.socket(&ada, "/w/acme/live").await.err().expect("a refusal");
    assert_eq!(socket.status, 403);
    assert_eq!(world.app.seen().len(), 0, "nothing of it came upstream");

    for (method, path) in [("GET", "/w/acme/a"), ("HEAD", "/w/acme/b"), ("OPTIONS", "/w/acme"), ("POST", "/api/search")]
    {
        world.ask(&ada, method, path).await.expect(200);
        assert_eq!(world.app.last().one("x-chaperone-access"), "read_only");
    }
    let mut watching = world.socket(&ada, "/w/acme/watch/live").await.expect("a WebSocket that only watches");
    assert_eq!(watching.say("still there?").await, "still there?");
}

#[tokio::test]
async fn a_grant_ends_at_its_second_for_requests_and_for_streams() {
    let world = World::start().await;
    let end = Clock::system().now().plus(Span::from_seconds(2));
    world.grant(&members::OLGA, json!({"access": "full", "expires_at": end.to_string()})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let events = world.events(&ada, "/w/acme/events").await;

    events.until_the_end("grant-ended").await;
    let cut = Clock::system().now();
    assert!(end <= cut && cut < end.plus(Span::from_seconds(1)), "the end is {end}, the cut was {cut}");
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "grant-ended"));

    let late = json!({"workspace": "acme", "reason": "once more"});
    assert_eq!(world.try_enter(&engineers::ADA, late).await.problem(), refused(403, "grant-ended"));
}

#[tokio::test]
async fn a_grant_that_begins_later_opens_nothing_before() {
    let world = World::start().await;
    let tomorrow = Clock::system().now().plus(Span::from_seconds(86_400));
    world.grant(&members::OTTO, json!({"access": "full", "starts_at": tomorrow.to_string(), "duration": "1h"})).await;
    let enter = || json!({"workspace": "acme", "reason": "an invoice is wrong"});
    assert_eq!(world.try_enter(&engineers::ADA, enter()).await.problem(), refused(403, "grant-not-yet"));

    let start = Clock::system().now().plus(Span::from_seconds(2));
    world.grant(&members::OLGA, json!({"access": "full", "starts_at": start.to_string(), "duration": "1h"})).await;
    let entered = eventually("the grant begins", PATIENCE, async || {
        let answer = world.try_enter(&engineers::ADA, enter()).await;
        (answer.status == 201).then(|| Clock::system().now())
    });
    assert!(start <= entered.await);
}

#[tokio::test]
async fn nobody_logs_in_as_a_user_or_consents_from_inside_a_session() {
    let rules = r#"effects = [
        { path = "/admin/login-as/**", effect = "login_as" },
        { path = "/w/*/settings/support-access/**", effect = "consent" },
        { path = "/**", effect = "read" },
    ]"#;
    let world = World::builder().route(rules).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    for (method, path, code) in [
        ("POST", "/admin/login-as/max", "chained-impersonation"),
        ("GET", "/admin/login-as/max", "chained-impersonation"),
        ("GET", "/Admin/Login-As/max", "chained-impersonation"),
        ("POST", "/api/chaperone-token", "consent-while-impersonated"),
        ("GET", "/API/chaperone-token", "consent-while-impersonated"),
        ("GET", "/w/acme/settings/support-access/grants", "consent-while-impersonated"),
        ("DELETE", "/w/acme/settings/support-access", "consent-while-impersonated"),
    ] {
        assert_eq!(world.ask(&ada, method, path).await.problem(), refused(403, code), "{method} {path}");
    }
    assert_eq!(world.app.seen().len(), 0, "nothing of it came upstream");
    world.ask(&ada, "GET", "/w/acme/settings").await.expect(200);
}

#[tokio::test]
async fn a_vendors_own_policies_close_areas_by_their_labels() {
    let rules = r#"labels = [
        { path = "/w/*/billing/**", label = "billing" },
        { path = "/admin/**", label = "admin" },
    ]"#;
    let own = r#"
@id("no-billing") @code("billing-closed") @reason("support never opens billing") @next("ask the customer")
forbid (principal is Engineer, action in Action::"Access", resource)
when { context.http.labels.contains("billing") };
@id("no-admin") @code("admin-closed")
forbid (principal is Engineer, action in Action::"Access", resource)
when { context.http.labels.contains("admin") };
@id("no-deleting") @code("never-deletes")
forbid (principal is Engineer, action == Action::"Delete", resource);
"#;
    let world = World::builder().route(rules).policy("segment.cedar", SEGMENT).policy("own.cedar", own).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "POST", "/w/acme/invoices").await.expect(200);

    let billing = world.ask(&ada, "GET", "/w/acme/billing/card").await;
    assert_eq!(billing.problem(), refused(403, "billing-closed"));
    let problem = billing.json();
    assert_eq!((&problem["policy"], &problem["next"]), (&json!("no-billing"), &json!("ask the customer")));
    assert_eq!(problem["detail"], "support never opens billing");
    for (method, path, code) in [
        ("GET", "/w/acme/Billing/card", "billing-closed"),
        ("GET", "/admin", "admin-closed"),
        ("DELETE", "/w/acme/invoices/7", "never-deletes"),
    ] {
        assert_eq!(world.ask(&ada, method, path).await.problem(), refused(403, code), "{method} {path}");
    }
    assert_eq!(world.app.seen().len(), 1);
}

#[tokio::test]
async fn more_methods_pass_where_the_route_names_them_and_a_destination_is_judged_too() {
    let rules = r#"
methods = ["PROPFIND", "MOVE"]
effects = [{ method = "PROPFIND", path = "/**", effect = "read" }]"#;
    let world = World::builder().route(rules).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d", "scope": ["/w/acme/files/**"]})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "PROPFIND", "/w/acme/files").await.expect(200);
    assert_eq!(world.app.last().method, "PROPFIND");
    assert_eq!(world.ask(&ada, "REPORT", "/w/acme/files").await.problem(), refused(400, "bad-request"));

    let move_to = async |destination: &str| {
        let asked = request("MOVE", "/w/acme/files/a").header("destination", destination);
        world.send(asked.header("cookie", ada.cookie()).body(body("")).unwrap()).await
    };
    assert_eq!(move_to("/w/acme/secrets/b").await.problem(), refused(403, "out-of-scope"));
    assert_eq!(move_to("/w/globex/files/b").await.problem(), refused(403, "wrong-workspace"));
    assert_eq!(move_to("http://evil.example/w/acme/files/b").await.problem(), refused(400, "bad-request"));
    let before = world.app.seen().len();
    move_to("http://support.example.com/w/acme/files/b%20c").await.expect(200);
    assert_eq!(world.app.seen().len(), before + 1);
    assert_eq!(world.app.last().one("destination"), "http://support.example.com/w/acme/files/b%20c");
}

#[tokio::test]
async fn a_session_of_one_customer_never_reaches_another() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    for path in ["/w/globex/invoices", "/w/globex", "/w/acmee/x"] {
        assert_eq!(world.ask(&ada, "GET", path).await.problem(), refused(403, "wrong-workspace"), "{path}");
    }
    for path in
        ["/w/acme/../globex/x", "/w/acme/%2e%2e/globex/x", "/w//globex/x", "/W/globex/x", "/w/acme%2F..%2Fglobex"]
    {
        assert_eq!(world.ask(&ada, "GET", path).await.problem(), refused(400, "ambiguous-path"), "{path}");
    }
    let enter = |workspace: &str| json!({"workspace": workspace, "reason": "just looking"});
    assert_eq!(world.try_enter(&engineers::ADA, enter("globex")).await.problem(), refused(403, "grant-missing"));
    assert_eq!(world.try_enter(&engineers::ADA, enter("nowhere")).await.problem(), refused(403, "grant-missing"));
    assert_eq!(world.app.seen().len(), 0, "nothing of it came upstream");
    world.grant(&members::GUS, json!({"access": "read_only", "duration": "1d"})).await;
    let in_globex = world.enter(&engineers::ADA, "globex").await;
    world.ask(&in_globex, "GET", "/w/globex/invoices").await.expect(200);
    assert_eq!(world.app.last().one("x-chaperone-subject"), "gus");
}
