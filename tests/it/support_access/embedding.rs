//! What the app shows of our pages: by its own token, on its own pages, and nothing where there is nothing to show.
use serde_json::json;

use super::{APP, words, world};
use crate::world::{Form, Member, Reply, World, body, engineers, members, request};

async fn part(world: &World, member: &Member, name: &str) -> Reply {
    let asked = request("GET", &format!("/.chaperone/support-access/panel{name}")).header("origin", APP);
    world.call(asked.header("authorization", format!("Bearer {}", world.member(member))), None).await.expect(200)
}

#[tokio::test]
async fn t27_the_app_says_on_every_page_that_somebody_is_inside_and_only_then() {
    let world = world().await;
    assert_eq!(words(&part(&world, &members::OLGA, "/banner").await), "");
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    assert_eq!(words(&part(&world, &members::OLGA, "/banner").await), "");
    world.enter(&engineers::ADA, "acme").await;
    insta::assert_snapshot!("banner", words(&part(&world, &members::OLGA, "/banner").await));
    assert_eq!(words(&part(&world, &members::MAX, "/banner").await), "", "who may not see it sees nothing");
    assert_eq!(words(&part(&world, &members::GUS, "/banner").await), "");
    world.revoke(&members::OLGA, &grant).await;
    assert_eq!(words(&part(&world, &members::OLGA, "/banner").await), "");
}

#[tokio::test]
async fn t10_the_app_asks_whoever_can_answer_and_the_answer_counts() {
    let world = world().await;
    assert_eq!(words(&part(&world, &members::OLGA, "/prompt").await), "");
    let ask = json!({"workspace": "acme", "subject": "olga", "access": "read_only", "duration": "4h",
        "ticket": "SUP-9", "reason": "the import of Monday hangs at the third file"});
    let made = world.api("POST", "/access-requests", &world.engineer(&engineers::ADA), Some(ask)).await;
    let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
    insta::assert_snapshot!("prompt", words(&part(&world, &members::OLGA, "/prompt").await));
    assert_eq!(words(&part(&world, &members::OTTO, "/prompt").await), "", "it asks for another login");

    let answer = |member: &Member| {
        let call = request("POST", &format!("/.chaperone/support-access/panel/access-requests/{id}/approve"));
        let call = call.header("authorization", format!("Bearer {}", world.member(member))).header("origin", APP);
        call.header("content-type", "application/x-www-form-urlencoded").body(body("access=read_only&duration=4h"))
    };
    let refused = world.send(answer(&members::OTTO).unwrap()).await.expect(403);
    assert!(words(&refused).contains("(wrong-subject)"), "{}", words(&refused));
    let approved = world.send(answer(&members::OLGA).unwrap()).await.expect(200);
    assert!(words(&approved).contains("Approved.") && words(&approved).contains("Support access is on"));
    assert_eq!(words(&part(&world, &members::OLGA, "/prompt").await), "");
}

#[tokio::test]
async fn every_page_is_there_as_a_part_of_the_app() {
    let world = world().await;
    for name in ["", "/sessions", "/support-requests", "/trail"] {
        let html = part(&world, &members::OLGA, name).await.text();
        assert!(html.contains("aria-current=\"page\"") && html.contains("<h1>"), "{name}: {html}");
        assert!(!html.contains("<html") && !html.contains("support-access/\"") && !html.contains("style="), "{html}");
    }
    let form = Form::default().text("issue", "the import hangs");
    let call = request("POST", "/.chaperone/support-access/panel/support-requests").header("origin", APP);
    let call = call.header("authorization", format!("Bearer {}", world.member(&members::OLGA)));
    assert!(words(&world.send(form.by(call)).await.expect(200)).contains("Submitted."));
}

#[tokio::test]
async fn the_script_is_one_small_public_file_that_loads_nothing() {
    let world = world().await;
    let script = world.send(request("GET", "/.chaperone/embed.js").body(body("")).unwrap()).await.expect(200);
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(script.header("cross-origin-resource-policy"), Some("cross-origin"));
    let text = script.text();
    assert!(text.len() < 60_000, "{}", text.len());
    for name in ["support-access-", "Panel", "Banner", "Prompt"] {
        assert!(text.contains(name), "{name}");
    }
    assert!(
        !text.contains("://") && !text.contains("eval(") && !text.contains("innerHTML = "),
        "it loads or makes nothing"
    );
}
