//! Support asks, the customer answers: T4 to T8, T10 and T11.
use std::time::Duration;

use chaperone::domain::id::MemberKey;
use chaperone::domain::time::{Clock, Span, Timestamp};
use chaperone::identity::{AnswerKey, AnswerLink};
use serde_json::{Value, json};

use crate::seeds::gate;
use crate::world::{Ask, Browser, Member, PUBLIC, Reply, World, chaperone, engineers, members, refused};

const PAGE: &str = "/.chaperone/support-access/answer";

pub(super) fn wanted() -> Value {
    json!({"workspace": "acme", "access": "full", "duration": "4h", "reason": "the import of Monday hangs",
        "ticket": "SUP-1042"})
}

/// An engineer asks; gives the request's id.
pub(super) async fn asked(world: &World, document: Value) -> String {
    let token = world.engineer(&engineers::ADA);
    let request = world.api("POST", "/access-requests", &token, Some(document)).await.expect(201).json();
    assert_eq!(request["state"], "pending");
    request["id"].as_str().unwrap().to_owned()
}

pub(super) async fn answer(world: &World, member: &Member, id: &str, how: &str, document: Value) -> Reply {
    let path = format!("/workspaces/{}/access-requests/{id}/{how}", member.workspace);
    world.api("POST", &path, &world.member(member), Some(document)).await
}

pub(super) async fn seen_by_ada(world: &World, id: &str) -> Value {
    let token = world.engineer(&engineers::ADA);
    world.api("GET", &format!("/access-requests/{id}"), &token, None).await.expect(200).json()
}

fn enter() -> Value {
    json!({"workspace": "acme", "reason": "the import of Monday hangs"})
}

#[tokio::test]
async fn t4_an_engineer_sends_a_request_that_says_what_they_need_and_why() {
    let world = tsa().await;
    let id = asked(&world, wanted()).await;
    let request = seen_by_ada(&world, &id).await;
    assert_eq!(
        (&request["workspace"], &request["access"], &request["duration"]),
        (&json!("acme"), &json!("full"), &json!("4h"))
    );
    assert_eq!((&request["reason"], &request["ticket"]), (&json!("the import of Monday hangs"), &json!("SUP-1042")));
    assert_eq!(request["engineer"], json!({"id": "ada", "name": "ada of vendor", "email": "ada@vendor.example"}));
    for reason in [".", "aaaaaaaaaaaaaaaa"] {
        let mut document = wanted();
        document["reason"] = reason.into();
        let token = world.engineer(&engineers::ADA);
        let refusal = world.api("POST", "/access-requests", &token, Some(document)).await;
        assert_eq!(refusal.problem(), refused(400, "bad-request"));
        assert!(refusal.json()["next"].as_str().unwrap().contains("what you want to do"), "{}", refusal.text());
    }
}

#[tokio::test]
async fn t5_the_customer_reviews_and_approves_or_declines_and_a_declined_request_opens_nothing() {
    let world = tsa().await;
    let id = asked(&world, wanted()).await;
    let path = "/workspaces/acme/access-requests";
    let listed = world.api("GET", path, &world.member(&members::OLGA), None).await.expect(200).json();
    assert_eq!(
        (&listed["items"][0]["id"], &listed["items"][0]["engineer"]["name"]),
        (&json!(id), &json!("ada of vendor"))
    );

    let comment = json!({"comment": "not during the audit"});
    answer(&world, &members::OLGA, &id, "decline", comment).await.expect(200);
    assert_eq!(world.try_enter(&engineers::ADA, enter()).await.problem(), refused(403, "grant-missing"));
    let declined = seen_by_ada(&world, &id).await;
    assert_eq!((&declined["state"], &declined["comment"]), (&json!("declined"), &json!("not during the audit")));
    let again = answer(&world, &members::OLGA, &id, "approve", json!({})).await;
    assert_eq!(again.problem(), refused(409, "conflict"));

    let id = asked(&world, wanted()).await;
    let wider = answer(&world, &members::OLGA, &id, "approve", json!({"duration": "5h"})).await;
    assert_eq!(wider.problem(), refused(400, "bad-request"));
    let narrower = json!({"duration": "1h", "access": "read_only"});
    let approved = answer(&world, &members::OLGA, &id, "approve", narrower).await.expect(200).json();
    let grant = format!("/workspaces/acme/grants/{}", approved["grant"].as_str().unwrap());
    let grant = world.api("GET", &grant, &world.member(&members::OLGA), None).await.expect(200).json();
    assert_eq!(
        (&grant["origin"], &grant["access"], &grant["subject"]),
        (&json!("approval"), &json!("read_only"), &json!("olga"))
    );
    assert_eq!((&grant["engineers"], &grant["ticket"]), (&json!(["ada"]), &json!("SUP-1042")));
    let time = |name: &str| grant[name].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert_eq!(time("expires_at").since(time("starts_at")), Span::from_seconds(3600));
}

#[tokio::test]
async fn t6_only_after_the_approval_can_support_start() {
    let world = tsa().await;
    let id = asked(&world, wanted()).await;
    assert_eq!(world.try_enter(&engineers::ADA, enter()).await.problem(), refused(403, "grant-missing"));
    answer(&world, &members::OLGA, &id, "approve", json!({})).await.expect(200);
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    assert_eq!(world.try_enter(&engineers::BRIAN, enter()).await.problem(), refused(403, "not-named"));
}

#[tokio::test]
async fn t7_the_approval_and_the_start_are_two_events() {
    let mut world = tsa().await;
    let id = asked(&world, wanted()).await;
    answer(&world, &members::OLGA, &id, "approve", json!({})).await.expect(200);
    let session = world.enter(&engineers::ADA, "acme").await;
    let records = records(&mut world).await;
    let of = |kind: &str| records.iter().find(|record| record["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"));
    let (created, approved, started) = (of("request.created"), of("request.approved"), of("session.started"));
    assert_eq!((&created["case"], &approved["case"]), (&json!(id), &json!(id)));
    assert_eq!((&approved["subject"], &approved["session"]), (&json!("olga"), &Value::Null));
    assert_eq!((&started["session"], &started["grant"]), (&json!(session.id), &approved["grant"]));
    assert!(approved["seq"].as_u64() < started["seq"].as_u64());
}

#[tokio::test]
async fn t8_normal_work_always_needs_approval_first() {
    let world = tsa().await;
    let token = world.engineer(&engineers::ADA);
    let forever =
        json!({"workspace": "acme", "access": "full", "duration": "30d", "reason": "the import of Monday hangs"});
    let refusal = world.api("POST", "/access-requests", &token, Some(forever)).await;
    assert_eq!(refusal.problem(), refused(403, "duration-too-long"));
    asked(&world, wanted()).await;
    assert_eq!(world.try_enter(&engineers::ADA, enter()).await.problem(), refused(403, "grant-missing"));
    // Nor does a customer leave the door open for whatever comes.
    let direct = world.try_grant(&members::OLGA, json!({"access": "full", "duration": "1h"})).await;
    assert_eq!(direct.problem(), refused(403, "policy-denied"));
    assert!(direct.text().contains("approve a request of support"), "{}", direct.text());
}

#[tokio::test]
async fn t10_a_request_that_waits_is_a_prompt_on_the_customers_page() {
    let world = tsa().await;
    let overview = async || {
        let token = world.member(&members::OLGA);
        world.api("GET", "/workspaces/acme/support-access", &token, None).await.expect(200).json()["waiting"].clone()
    };
    assert_eq!(overview().await, json!([]));
    let id = asked(&world, wanted()).await;
    let waiting = overview().await;
    assert_eq!((&waiting[0]["id"], &waiting[0]["reason"]), (&json!(id), &json!("the import of Monday hangs")));
    answer(&world, &members::OLGA, &id, "decline", json!({})).await.expect(200);
    assert_eq!(overview().await, json!([]), "a prompt goes when it is answered");
}

/// The token of the link that a mail to `member` has.
fn token(world: &World, id: &str, member: &Member, lasts: Span) -> String {
    let key = AnswerKey::open(&world.path("keys")).unwrap();
    let member = MemberKey { workspace: member.workspace.parse().unwrap(), id: member.id.parse().unwrap() };
    let expires_at = Clock::system().now().plus(lasts);
    key.token(&AnswerLink { request: id.parse().unwrap(), member, expires_at })
}

const HOUR: Span = Span::from_seconds(3600);

async fn open(world: &World, browser: &mut Browser, token: &str) -> Reply {
    browser.look(world, &format!("{PUBLIC}{PAGE}?token={token}")).await
}

/// Sends a form of the page as `from` does.
pub(super) async fn send(world: &World, browser: &mut Browser, from: &str, form: String) -> Reply {
    let kind = "application/x-www-form-urlencoded";
    let url = format!("{PUBLIC}{PAGE}");
    browser.ask(world, Ask { method: "POST", url: &url, page: Some(from), kind, text: form }).await
}

#[tokio::test]
async fn t11_the_mailed_link_shows_who_asks_for_what_and_its_form_approves() {
    let world = tsa().await;
    let mut document = wanted();
    document["reason"] = "<script>alert(1)</script> the import hangs".into();
    let id = asked(&world, document).await;
    let (token, mut browser) = (token(&world, &id, &members::OLGA, HOUR), Browser::default());
    let page = open(&world, &mut browser, &token).await.expect(200);
    let text = page.text();
    for told in
        ["ada of vendor asks for access to acme", "ada@vendor.example", "SUP-1042", "4 hours", "olga@acme.example"]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(text.contains("alert(1)") && !text.contains("<script"), "{text}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("script-src"), "{policy}");
    let told = ["referrer-policy", "cache-control"].map(|name| page.header(name).unwrap());
    assert_eq!(told, ["no-referrer", "no-store"]);

    let form = format!("token={token}&answer=approve&access=read_only&duration=1h");
    let done = send(&world, &mut browser, PUBLIC, form.clone()).await.expect(200);
    assert!(done.text().contains("You approved") && done.text().contains("1 hour"), "{}", done.text());
    let approved = seen_by_ada(&world, &id).await;
    assert_eq!((&approved["state"], &approved["closed_by"]), (&json!("approved"), &json!("olga")));
    let ada = world.enter(&engineers::ADA, "acme").await;
    assert_eq!(world.ask(&ada, "POST", "/w/acme/a").await.problem(), refused(403, "read-only"));

    let again = send(&world, &mut browser, PUBLIC, form).await.expect(409);
    assert!(again.text().contains("approved by `olga`"), "{}", again.text());
    open(&world, &mut browser, &token).await.expect(409);
}

#[tokio::test]
async fn t11_the_mailed_link_is_answerable_later_and_declines_with_a_comment() {
    let mut world = tsa().await;
    let id = asked(&world, wanted()).await;
    let (token, mut browser) = (token(&world, &id, &members::OLGA, HOUR), Browser::default());
    world.gate.kill();
    world.restart().await;
    let form = format!("token={token}&answer=decline&comment=not+during+the+audit");
    let done = send(&world, &mut browser, PUBLIC, form).await.expect(200);
    assert!(done.text().contains("You declined"), "{}", done.text());
    let declined = seen_by_ada(&world, &id).await;
    assert_eq!((&declined["state"], &declined["comment"]), (&json!("declined"), &json!("not during the audit")));
}

#[tokio::test]
async fn whoever_only_looks_at_a_mailed_link_changes_nothing() {
    let world = tsa().await;
    let id = asked(&world, wanted()).await;
    let (token, mut browser) = (token(&world, &id, &members::OLGA, HOUR), Browser::default());
    let address = format!("{PUBLIC}{PAGE}?token={token}");
    for method in ["GET", "HEAD", "GET"] {
        let ask = Ask { method, url: &address, page: None, kind: "", text: String::new() };
        browser.ask(&world, ask).await.expect(200);
    }
    let form = format!("{address}&answer=approve");
    browser.look(&world, &form).await.expect(200);
    let ask = Ask { method: "POST", url: &form, page: Some(PUBLIC), kind: "", text: String::new() };
    browser.ask(&world, ask).await.expect(400);
    let elsewhere = send(&world, &mut browser, "https://evil.example", format!("token={token}&answer=approve")).await;
    elsewhere.expect(403);
    assert_eq!(seen_by_ada(&world, &id).await["state"], "pending");
}

#[tokio::test]
async fn a_mailed_link_that_opens_nothing_any_more_says_what_happened() {
    let world = tsa().await;
    let id = asked(&world, wanted()).await;
    let mut browser = Browser::default();
    let good = token(&world, &id, &members::OLGA, HOUR);
    for (token, status, told) in [
        (String::new(), 401, "not one of ours"),
        (good[..good.len() - 1].to_owned(), 401, "not one of ours"),
        (token(&world, &id, &members::OLGA, Span::from_seconds(-1)), 409, "this link was good until"),
        (token(&world, &id, &members::GUS, HOUR), 404, "there is no such thing here"),
        (token(&world, &id, &members::MAX, HOUR), 403, "not-owner"),
        (token(&world, &id, &Member { id: "nobody", ..members::OLGA }, HOUR), 401, "is gone"),
    ] {
        let page = open(&world, &mut browser, &token).await.expect(status);
        assert!(page.text().contains(told), "{told}: {}", page.text());
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    }
    let for_max = token(&world, &id, &members::MAX, HOUR);
    send(&world, &mut browser, PUBLIC, format!("token={for_max}&answer=approve")).await.expect(403);
    world.put_workspace("acme", json!({"forced_sso": true})).await;
    let page = open(&world, &mut browser, &good).await.expect(409);
    assert!(page.text().contains("lapsed by `forced-sso`"), "{}", page.text());
    assert_eq!(seen_by_ada(&world, &id).await["state"], "lapsed");
}

#[tokio::test]
async fn who_holds_a_support_session_does_not_approve_by_a_mailed_link() {
    let world = tsa().await;
    let first = asked(&world, wanted()).await;
    answer(&world, &members::OLGA, &first, "approve", json!({})).await.expect(200);
    let ada = world.enter(&engineers::ADA, "acme").await;
    let id = asked(&world, wanted()).await;
    let (token, mut browser) = (token(&world, &id, &members::OLGA, HOUR), Browser::default());
    browser.set_cookie("support.example.com", "__Host-chaperone", Some(&ada.token));
    let refusal = send(&world, &mut browser, PUBLIC, format!("token={token}&answer=approve")).await.expect(403);
    assert!(refusal.text().contains("consent-while-impersonated"), "{}", refusal.text());
    assert_eq!(seen_by_ada(&world, &id).await["state"], "pending");
}

#[tokio::test]
async fn the_token_of_a_mailed_link_is_in_no_log_and_no_record() {
    let mut world = tsa().await;
    let id = asked(&world, wanted()).await;
    let (token, mut browser) = (token(&world, &id, &members::OLGA, HOUR), Browser::default());
    open(&world, &mut browser, &token).await.expect(200);
    send(&world, &mut browser, PUBLIC, format!("token={token}&answer=approve")).await.expect(200);
    let records = records(&mut world).await;
    let told = [world.gate.log(), records].concat();
    assert!(told.iter().any(|line| line.to_string().contains(PAGE)), "the call is logged");
    assert!(told.iter().all(|line| !line.to_string().contains(&token)), "with its path alone");
}

/// Everything that the trail says, once the gate has ended.
async fn records(world: &mut World) -> Vec<Value> {
    world.gate.terminate();
    world.gate.ended(Duration::from_secs(30)).await;
    let exported = chaperone(&["audit", "export", "--config", &world.config()]).stdout;
    exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn tsa() -> World {
    gate("tsa").await
}
