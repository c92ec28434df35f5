//! The queue of support requests: taking one up, its files, entering for it, resolving it.
use serde_json::{Value, json};

use super::{look, read, send, send_and_read, signed_in, world};
use crate::world::{Form, PUBLIC, World, engineers, members, request};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// Olga asks for help; gives the case.
async fn filed(world: &World) -> Value {
    let form = Form::default()
        .text("issue", "The import of June hangs.\nAt 40 %, <b>each time</b>.")
        .text("tried", "Another browser.")
        .text("expected", "All rows are there.")
        .file("hangs.png", "image/png", PNG);
    let call = request("POST", "/.chaperone/api/v1/workspaces/acme/support-requests");
    let call = call.header("authorization", format!("Bearer {}", world.member(&members::OLGA)));
    world.send(form.by(call)).await.expect(201).json()
}

fn id(case: &Value) -> String {
    case["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_queue_shows_what_waits_and_a_case_shows_all_that_came_with_it() {
    let world = world().await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    assert!(read(&world, &mut ada, "cases").await.contains("The queue is empty"));
    let id = id(&filed(&world).await);
    insta::assert_snapshot!("the_queue", read(&world, &mut ada, "cases").await);
    insta::assert_snapshot!(
        "a_pending_case",
        read(&world, &mut ada, &format!("cases/{id}")).await.replace(&id, "sr_1")
    );
    let html = look(&world, &mut ada, &format!("cases/{id}")).await.text();
    assert!(!html.contains("<b>each"), "what people write is text");
    let file = html.split("<img class=\"shot\" src=\"").nth(1).unwrap().split('"').next().unwrap();
    let file = ada.look(&world, &format!("{PUBLIC}{file}")).await.expect(200);
    assert_eq!(file.body, PNG);
    assert!(file.header("content-disposition").unwrap().starts_with("attachment;"));
    assert!(file.header("content-security-policy").unwrap().starts_with("sandbox;"));
    assert!(read(&world, &mut ada, "workspaces/acme").await.contains("The import of June hangs. …"));
}

#[tokio::test]
async fn an_engineer_takes_a_case_up_enters_for_it_and_resolves_it_with_a_summary() {
    let world = world().await;
    let id = id(&filed(&world).await);
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let path = format!("cases/{id}");
    let page = send_and_read(&world, &mut ada, &format!("{path}/start"), &[]).await;
    assert!(page.contains("The case is yours") && page.contains("In progress"), "{page}");
    let entered = send(&world, &mut ada, &format!("{path}/enter"), &[("reason", "looking at the rows")]).await;
    assert_eq!(entered.expect(303).header("location"), Some("/w/acme/"));
    ada.look(&world, &format!("{PUBLIC}/w/acme/")).await.expect(200);
    assert_eq!(world.app.last().one("x-chaperone-subject"), "olga");

    let secret = [("summary", "Your password is password: hunter2hunter2")];
    let refused = send(&world, &mut ada, &format!("{path}/resolve"), &secret).await.expect(400).text();
    assert!(refused.contains("seems to hold"), "{refused}");
    send(&world, &mut ada, &format!("{path}/resolve"), &[("summary", " ")]).await.expect(400);
    let summary = [("summary", "A row had no date.\nIt is imported.")];
    let page = send_and_read(&world, &mut ada, &format!("{path}/resolve"), &summary).await;
    assert!(page.contains("The case is resolved") && page.contains("A row had no date."), "{page}");
    ada.look(&world, &format!("{PUBLIC}/w/acme/")).await.expect(403);
    assert!(read(&world, &mut ada, "cases").await.contains("The queue is empty"));
    let page = send(&world, &mut ada, &format!("{path}/start"), &[]).await.expect(409).text();
    assert!(page.contains("is resolved"), "{page}");
}

#[tokio::test]
async fn nobody_enters_for_a_case_that_they_have_not_taken_up() {
    let world = world().await;
    let id = id(&filed(&world).await);
    let mut brian = signed_in(&world, &engineers::BRIAN).await;
    let path = format!("cases/{id}/enter");
    let page = send(&world, &mut brian, &path, &[("reason", "just looking")]).await.expect(403).text();
    assert!(page.contains("not-named") && page.contains("just looking") == page.contains("name=\"reason\""), "{page}");
    assert!(read(&world, &mut brian, &format!("cases/{id}")).await.contains("Take it up"));
    send(&world, &mut brian, "cases/sr_0/start", &[]).await.expect(404);
    look(&world, &mut brian, "cases/sr_0").await.expect(404);
}

#[tokio::test]
async fn a_case_that_the_policies_keep_from_an_engineer_is_not_there_for_them() {
    let partners = "@id(\"partners-stay-out\") @code(\"policy-denied\") @reason(\"partners take up no cases\")
        forbid (principal is Engineer, action == Action::\"WorkSupportRequest\", resource)
        when { principal.organization != \"vendor\" };";
    let world = World::builder().browser_sign_in();
    let world = world.policy("all.cedar", format!("{}\n{partners}", crate::world::SEGMENT)).start().await;
    let id = id(&filed(&world).await);
    let mut carol = signed_in(&world, &engineers::CAROL).await;
    assert!(read(&world, &mut carol, "cases").await.contains("The queue is empty"));
    look(&world, &mut carol, &format!("cases/{id}")).await.expect(404);
    for (act, field) in [("start", "none"), ("enter", "reason"), ("resolve", "summary")] {
        send(&world, &mut carol, &format!("cases/{id}/{act}"), &[(field, "let me in there")]).await.expect(404);
    }
    let shown = world.api("GET", "/support-requests", &world.engineer(&engineers::ADA), None).await.json();
    assert_eq!(shown["items"][0]["status"], json!("pending"));
}
