//! Finding a workspace, entering it, asking for access.
use serde_json::json;

use super::{at, look, read, send, send_and_read, signed_in, world};
use crate::world::{Browser, HOST, PUBLIC, World, engineers, members};

const SESSION: &str = "__Host-chaperone";
const ASK: [(&str, &str); 4] =
    [("access", "read_only"), ("duration", "4h"), ("reason", "the import of Monday hangs"), ("ticket", "SUP-7")];

/// Olga answers ada's latest request.
async fn answers(world: &World, how: &str, document: serde_json::Value) {
    let olga = world.member(&members::OLGA);
    let list = world.api("GET", "/workspaces/acme/access-requests", &olga, None).await.expect(200).json();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/workspaces/acme/access-requests/{id}/{how}");
    world.api("POST", &path, &olga, Some(document)).await.expect(200);
}

#[tokio::test]
async fn the_list_shows_at_a_glance_how_each_workspace_may_be_entered() {
    let world = world().await;
    world.put_workspace("initech", json!({"name": "Initech", "forced_sso": true})).await;
    world.put_workspace("umbrella", json!({"name": "Umbrella Corporation"})).await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    send(&world, &mut ada, "workspaces/umbrella/ask", &ASK).await.expect(303);
    ada.look(&world, &at("workspaces/umbrella")).await;
    insta::assert_snapshot!(read(&world, &mut ada, "").await);
    let found = read(&world, &mut ada, "?q=corp").await;
    assert!(found.contains("Umbrella Corporation") && !found.contains("Initech"), "{found}");
    assert!(read(&world, &mut ada, "?q=nothing-like-it").await.contains("Nothing begins with “nothing-like-it”"));
}

#[tokio::test]
async fn more_workspaces_than_fit_are_on_further_pages() {
    let world = world().await;
    for number in 0..60 {
        world.put_workspace(&format!("w-{number:02}"), json!({})).await;
    }
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let first = look(&world, &mut ada, "?q=w-").await.expect(200).text();
    assert!(first.contains(">w-49<") && !first.contains(">w-50<"), "{first}");
    let next = first.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = ada.look(&world, &format!("{PUBLIC}{next}")).await.expect(200).text();
    assert!(second.contains(">w-50<") && second.contains(">w-59<") && !second.contains(">w-49<"), "{second}");
}

#[tokio::test]
async fn an_engineer_enters_on_a_grant_and_stands_in_the_workspaces_part_of_the_app() {
    let world = world().await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d", "ticket": "SUP-1"})).await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    insta::assert_snapshot!(read(&world, &mut ada, "workspaces/acme").await);
    let fields = [("grant", grant.as_str()), ("reason", "the export hangs"), ("ticket", "SUP-1")];
    let entered = send(&world, &mut ada, "workspaces/acme/enter", &fields).await.expect(303);
    assert_eq!(entered.header("location"), Some("/w/acme/"));
    ada.look(&world, &format!("{PUBLIC}/w/acme/")).await.expect(200);
    assert_eq!(world.app.last().one("x-chaperone-subject"), "olga");
    let page = read(&world, &mut ada, "workspaces/acme").await;
    assert!(page.contains("You are inside as olga") && page.contains("“the export hangs”"), "{page}");
}

#[tokio::test]
async fn of_several_grants_the_engineer_chooses_as_whom_they_enter() {
    let world = world().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let otto = world.grant(&members::OTTO, json!({"access": "read_only", "duration": "2d"})).await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let page = read(&world, &mut ada, "workspaces/acme").await;
    assert!(page.contains("olga@acme.example full access") && page.contains("otto@acme.example read-only"), "{page}");
    let entered = [("grant", otto.as_str()), ("reason", "the export hangs")];
    send(&world, &mut ada, "workspaces/acme/enter", &entered).await.expect(303);
    ada.look(&world, &format!("{PUBLIC}/w/acme/")).await.expect(200);
    assert_eq!(world.app.last().one("x-chaperone-subject"), "otto");
}

#[tokio::test]
async fn what_is_refused_is_told_on_the_same_page_and_what_was_written_stays() {
    let world = world().await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    world.revoke(&members::OLGA, &grant).await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let fields = [("grant", grant.as_str()), ("reason", "<b>the export</b> hangs")];
    let page = send(&world, &mut ada, "workspaces/acme/enter", &fields).await.expect(403).text();
    assert!(page.contains("Access was revoked") && page.contains("grant-revoked"), "{page}");
    assert!(ada.cookie(HOST, SESSION).is_none());
    let page = send(&world, &mut ada, "workspaces/acme/ask", &[("access", "full"), ("duration", "1h")]).await;
    assert!(page.expect(400).text().contains("Reason: it is empty."));
    let short = [("access", "full"), ("duration", "8h"), ("reason", "<b>no</b>"), ("ticket", "SUP-9")];
    let page = send(&world, &mut ada, "workspaces/acme/ask", &short).await.expect(400).text();
    assert!(page.contains("value=\"&#60;b&#62;no&#60;/b&#62;\"") && page.contains("value=\"SUP-9\""), "{page}");
    assert!(page.contains("value=\"8h\" selected") && page.contains("value=\"full\" checked"), "{page}");
    assert!(!page.contains("<b>no"), "what people write is text");
}

#[tokio::test]
async fn a_ticket_fills_the_forms_and_changes_nothing() {
    let world = world().await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let (address, page) = ada.go(&world, &at("?workspace=acme&ticket=SUP-7&reason=the%20import%20hangs")).await;
    assert!(address.starts_with(&at("workspaces/acme?")), "{address}");
    let html = page.expect(200).text();
    assert!(html.contains("value=\"SUP-7\"") && html.contains("value=\"the import hangs\""), "{html}");
    assert!(read(&world, &mut ada, "requests").await.contains("You have asked for nothing yet"));
}

#[tokio::test]
async fn an_engineer_asks_waits_and_sees_the_answer_on_the_same_page() {
    let world = world().await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let mut events = ada.events(&world, "/.chaperone/api/v1/events").await;
    let page = send_and_read(&world, &mut ada, "workspaces/acme/ask", &ASK).await;
    assert!(page.starts_with("Your request is on its way."), "{page}");
    assert!(page.contains("Waiting for an answer") && page.contains("“the import of Monday hangs”"), "{page}");
    assert!(!read(&world, &mut ada, "workspaces/acme").await.contains("on its way"), "it is told once");
    answers(&world, "decline", json!({"comment": "not today <script>"})).await;
    events.until("request.declined").await;
    let page = read(&world, &mut ada, "workspaces/acme").await;
    assert!(page.contains("Declined") && page.contains("“not today <script>”"), "{page}");
    send(&world, &mut ada, "workspaces/acme/ask", &ASK).await.expect(303);
    answers(&world, "approve", json!({})).await;
    let page = read(&world, &mut ada, "workspaces/acme").await;
    assert!(page.contains("Open to you") && page.contains("Approved"), "{page}");
}

#[tokio::test]
async fn where_single_sign_on_is_forced_nothing_is_offered_that_would_be_refused() {
    let world = world().await;
    world.put_workspace("initech", json!({"name": "Initech", "forced_sso": true})).await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    insta::assert_snapshot!(read(&world, &mut ada, "workspaces/initech").await);
}

#[tokio::test]
async fn a_workspace_that_the_vendors_policies_keep_from_an_engineer_is_not_there_for_them() {
    let partners = "@id(\"partners-stay-out\") @code(\"policy-denied\") @reason(\"partners work elsewhere\")
        forbid (principal is Engineer, action in Action::\"Work\", resource == Workspace::\"acme\")
        when { principal.organization != \"vendor\" };";
    let segment = crate::world::SEGMENT;
    let world = World::builder().browser_sign_in().policy("all.cedar", format!("{segment}\n{partners}")).start().await;
    let mut carol = signed_in(&world, &engineers::CAROL).await;
    let list = read(&world, &mut carol, "").await;
    assert!(list.contains("globex") && !list.contains("acme"), "{list}");
    look(&world, &mut carol, "workspaces/acme").await.expect(404);
    look(&world, &mut carol, "workspaces/nowhere").await.expect(404);
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d", "organization": "northwind"})).await;
    let page = read(&world, &mut carol, "workspaces/acme").await;
    assert!(page.contains("Open to you"), "what a member granted to them they know of: {page}");
    assert!(read(&world, &mut signed_in(&world, &engineers::ADA).await, "").await.contains("acme"));
}

#[tokio::test]
async fn a_session_with_an_origin_of_its_own_is_entered_there() {
    let hosts = "session_host = \"{session}.support.example.com\"";
    let world = World::builder().server(hosts).browser_sign_in().start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let mut ada: Browser = signed_in(&world, &engineers::ADA).await;
    let fields = [("grant", grant.as_str()), ("reason", "the export hangs")];
    let entered = send(&world, &mut ada, "workspaces/acme/enter", &fields).await.expect(303);
    let address = entered.header("location").unwrap().to_owned();
    assert!(address.starts_with("/.chaperone/enter?session=se_") && address.ends_with("&return=/w/acme/"), "{address}");
    let page = ada.look(&world, &format!("{PUBLIC}{address}")).await.expect(200);
    let (at, on_the_way) = ada.submit(&world, &format!("{PUBLIC}{address}"), &page).await;
    let (_, arrived) = ada.submit(&world, &at, &on_the_way.expect(200)).await;
    let app = arrived.expect(303).header("location").unwrap().to_owned();
    assert!(app.ends_with(".support.example.com/w/acme/"), "{app}");
    ada.look(&world, &app).await.expect(200);
}
