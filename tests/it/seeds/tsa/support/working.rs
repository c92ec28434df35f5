//! Working on a case: who is let in, what the history shows, and how it ends.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::world::{SEGMENT, Session, World, engineers, members, refused};

use super::{PNG, enter, form, path, text};

#[tokio::test]
async fn t17_submitting_lets_support_in_for_that_case_only() {
    let world = World::start().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    let id = text(&case, "id");
    let at = format!("/workspaces/acme/grants/{}", text(&case, "grant"));
    let grant = world.api("GET", &at, &world.member(&members::OLGA), None).await.expect(200).json();
    assert_eq!(
        (&grant["origin"], &grant["subject"], &grant["ticket"]),
        (&json!("support_request"), &json!("olga"), &json!(id))
    );

    let early = world.try_enter(&engineers::ADA, enter(&case)).await;
    assert_eq!(early.problem(), refused(403, "not-named"), "nobody works on the case yet");
    assert!(early.text().contains("take it up first"), "{}", early.text());
    world.start_case(&engineers::ADA, &case).await.expect(200);
    let mut other = enter(&case);
    other["ticket"] = json!("SUP-1042");
    let refusal = world.try_enter(&engineers::ADA, other).await;
    assert_eq!(refusal.problem(), refused(403, "not-named"), "another matter");
    assert!(refusal.text().contains("alone"), "{}", refusal.text());
    let session = world.try_enter(&engineers::ADA, enter(&case)).await.expect(201).json();
    let session = Session { id: text(&session, "id"), token: text(&session, "token") };
    world.ask(&session, "GET", "/w/acme/a").await.expect(200);
    let assertion = world.app.last().one("x-chaperone-assertion").to_owned();
    let claims = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((&claims["ticket"], &claims["sub"]), (&json!(id), &json!("olga")), "the app is told which case it is");
    assert_eq!(world.try_enter(&engineers::BRIAN, enter(&case)).await.problem(), refused(403, "not-named"));
    world.start_case(&engineers::BRIAN, &case).await.expect(200);
    world.try_enter(&engineers::BRIAN, enter(&case)).await.expect(201);
}

#[tokio::test]
async fn t18_there_is_no_other_prompt_for_that_case() {
    let world = World::start().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    world.start_case(&engineers::ADA, &case).await.expect(200);
    world.try_enter(&engineers::ADA, enter(&case)).await.expect(201);
    let overview = world.api("GET", "/workspaces/acme/support-access", &world.member(&members::OLGA), None).await;
    assert_eq!(overview.expect(200).json()["waiting"], json!([]));
}

#[tokio::test]
async fn t19_support_sees_it_right_away_and_the_trail_tells_of_it() {
    let world = World::start().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    let listed = world.api("GET", "/support-requests", &world.engineer(&engineers::ADA), None).await.expect(200).json();
    assert_eq!(listed["items"], json!([case]));
    let kinds: Vec<_> = world.records(&case, 2).await.iter().map(|record| record["kind"].clone()).collect();
    assert_eq!(kinds, ["grant.created", "support.opened"]);
}

#[tokio::test]
async fn t20_t21_t22_the_history_shows_status_and_summary() {
    let world = World::start().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    let status = async || text(&world.case(&members::OLGA, &case).await, "status");
    assert_eq!(status().await, "pending");
    let started = world.start_case(&engineers::ADA, &case).await.expect(200).json();
    assert_eq!((started["status"].clone(), status().await.as_str()), (json!("in_progress"), "in_progress"));
    assert_eq!(started["engineers"], json!([{"name": "ada of vendor", "email": "ada@vendor.example"}]));
    assert_eq!(world.start_case(&engineers::ADA, &case).await.expect(200).json(), started, "twice is fine");
    world.resolve_case(&engineers::ADA, &case, "A row had no date.").await.expect(200);
    let shown = world.case(&members::OLGA, &case).await;
    assert_eq!((&shown["status"], &shown["summary"]), (&json!("resolved"), &json!("A row had no date.")));
    assert_eq!((&shown["resolved_by"], &shown["standing"]), (&json!("engineer:ada"), &json!("revoked")));
    for again in [
        world.resolve_case(&engineers::ADA, &case, "Another word.").await,
        world.start_case(&engineers::BRIAN, &case).await,
    ] {
        assert_eq!(again.problem(), refused(409, "conflict"));
    }
}

#[tokio::test]
async fn t23_previous_requests_stay_visible() {
    let mut world = World::start().await;
    let mut cases = Vec::new();
    for _ in 0..3 {
        cases.push(text(&world.ask_for_help(&members::OLGA, &form().file("s.png", "image/png", PNG)).await, "id"));
    }
    cases.reverse();
    let first = json!({"workspace": "acme", "id": cases[2]});
    world.resolve_case(&engineers::ADA, &first, "Done.").await.expect(200);
    world.gate.kill();
    world.restart().await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/workspaces/acme/support-requests?limit=2{after}");
        let page = world.api("GET", &path, &world.member(&members::OTTO), None).await.expect(200).json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|case| text(case, "id")));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, cases, "newest first");
}

#[tokio::test]
async fn t31_support_requests_are_tracked_apart_from_sessions() {
    let world = World::start().await;
    let case = world.ask_for_help(&members::OLGA, &form().file("s.png", "image/png", PNG)).await;
    world.start_case(&engineers::ADA, &case).await.expect(200);
    world.try_enter(&engineers::ADA, enter(&case)).await.expect(201);
    world.resolve_case(&engineers::ADA, &case, "A row had no date.").await.expect(200);
    let records = world.records(&case, 5).await;
    let kinds: Vec<_> = records.iter().map(|record| text(record, "kind")).collect();
    assert_eq!(kinds, ["grant.created", "support.opened", "support.started", "grant.revoked", "support.resolved"]);
    let opened = &records[1];
    assert_eq!(opened["decision"]["facts"]["attachments"][0]["sha256"], case["attachments"][0]["sha256"]);
    assert_eq!(
        (&records[2]["engineer"], &records[4]["decision"]["facts"]["summary"]),
        (&json!("ada"), &json!("A row had no date."))
    );
    let whole = Value::from(records).to_string();
    assert!(!whole.contains("1,200") && !whole.contains("hangs"), "the trail has no word of the form: {whole}");
}

#[tokio::test]
async fn resolving_a_case_ends_every_session_on_it_before_it_answers() {
    let world = World::start().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    world.start_case(&engineers::ADA, &case).await.expect(200);
    let session = world.try_enter(&engineers::ADA, enter(&case)).await.expect(201).json();
    let session = Session { id: text(&session, "id"), token: text(&session, "token") };
    world.ask(&session, "POST", "/w/acme/import").await.expect(200);
    let events = world.events(&session, "/w/acme/events").await;
    world.resolve_case(&engineers::ADA, &case, "Fixed.").await.expect(200);
    assert_eq!(world.ask(&session, "GET", "/w/acme/a").await.problem(), refused(403, "grant-revoked"));
    events.until_the_end("grant-revoked").await;
    assert_eq!(world.try_enter(&engineers::ADA, enter(&case)).await.problem(), refused(403, "grant-revoked"));
}

#[tokio::test]
async fn the_customer_takes_the_consent_back_and_the_case_stays() {
    let world = World::start().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    world.revoke(&members::OLGA, &text(&case, "grant")).await;
    world.start_case(&engineers::ADA, &case).await.expect(200);
    assert_eq!(world.try_enter(&engineers::ADA, enter(&case)).await.problem(), refused(403, "grant-revoked"));
    let shown = world.resolve_case(&engineers::ADA, &case, "Nothing was done.").await.expect(200).json();
    assert_eq!((&shown["status"], &shown["standing"]), (&json!("resolved"), &json!("revoked")));
}

#[tokio::test]
async fn engineers_see_the_cases_that_the_policies_let_them_work_on_alone() {
    let partners = r#"
@id("partners-elsewhere") @reason("partners work for globex")
forbid (principal is Engineer, action == Action::"WorkSupportRequest", resource)
when { principal.organization == "northwind" && resource != Workspace::"globex" };"#;
    let world = World::builder().policy("own.cedar", format!("{SEGMENT}{partners}")).start().await;
    let ours = world.ask_for_help(&members::OLGA, &form().file("s.png", "image/png", PNG)).await;
    let theirs = world.ask_for_help(&members::GUS, &form()).await;
    let carol = world.engineer(&engineers::CAROL);
    let listed = world.api("GET", "/support-requests", &carol, None).await.expect(200).json();
    assert_eq!(listed["items"], json!([theirs]));
    let listed = world.api("GET", "/workspaces/acme/support-requests", &carol, None).await.expect(200).json();
    assert_eq!(listed["items"], json!([]));
    let at = format!("{}/attachments/{}", path(&ours), text(&ours["attachments"][0], "id"));
    for path in [path(&ours), at] {
        assert_eq!(world.api("GET", &path, &carol, None).await.problem(), refused(404, "not-found"), "{path}");
    }
    assert_eq!(world.start_case(&engineers::CAROL, &ours).await.problem(), refused(403, "policy-denied"));
    world.api("DELETE", "/workspaces/acme", &world.directory, None).await.expect(204);
    assert_eq!(world.start_case(&engineers::ADA, &ours).await.problem(), refused(404, "not-found"));
    for engineer in [&carol, &world.engineer(&engineers::ADA)] {
        let listed = world.api("GET", "/support-requests", engineer, None).await.expect(200).json();
        assert_eq!(listed["items"], json!([theirs]), "the other workspace is gone");
    }
    world.start_case(&engineers::CAROL, &theirs).await.expect(200);
}
