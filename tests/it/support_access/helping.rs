//! Asking for help by the page, and what becomes of it.
use serde_json::json;

use super::{HOME, came, follow, words, world};
use crate::world::{Ask, Browser, Form, PUBLIC, Reply, World, between, engineers, members};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n";

async fn submit(world: &World, browser: &mut Browser, form: &Form) -> Reply {
    let (url, kind) = (format!("{HOME}support-requests"), Form::kind());
    let text = String::from_utf8(form.bytes().to_vec()).unwrap();
    browser.ask(world, Ask { method: "POST", url: &url, page: Some(PUBLIC), kind: &kind, text }).await
}

#[tokio::test]
async fn t20_a_request_stands_in_the_history_with_its_progress_its_files_and_its_summary() {
    let world = world().await;
    let mut olga = came(&world, &members::OLGA).await;
    let page = format!("{HOME}support-requests");
    insta::assert_snapshot!("asking_for_help", words(&olga.look(&world, &page).await.expect(200)));
    let form = Form::default().text("issue", "The import of <June> hangs.").text("tried", "another browser");
    let form = form.text("expected", "").text("access", "read_only").file("import.pdf", "application/pdf", PDF);
    let sent = submit(&world, &mut olga, &form).await;
    let shown = follow(&world, &mut olga, sent).await.expect(200);
    assert!(shown.text().contains("The import of &#60;June&#62; hangs."));
    assert!(words(&shown).contains("Submitted. Whoever takes it up") && words(&shown).contains("Pending"));

    let file = format!("{PUBLIC}{}", between(&shown.text(), "<a download href=\"", "\""));
    let file = olga.look(&world, &file).await.expect(200);
    assert_eq!(file.body, PDF);
    assert_eq!(file.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment;"));

    let html = shown.text();
    let case = between(&html, "id=\"case-", "\"").to_owned();
    let ada = world.engineer(&engineers::ADA);
    world.api("POST", &format!("/support-requests/{case}/start"), &ada, None).await.expect(200);
    assert!(words(&olga.look(&world, &page).await).contains("In progress"));
    let summary = json!({"summary": "A row had no date. It is imported now."});
    world.api("POST", &format!("/support-requests/{case}/resolve"), &ada, Some(summary)).await.expect(200);
    insta::assert_snapshot!("resolved", words(&olga.look(&world, &page).await.expect(200)));
}

#[tokio::test]
async fn f3_a_password_is_refused_with_the_reason_on_the_page() {
    let world = world().await;
    let mut olga = came(&world, &members::OLGA).await;
    let form = Form::default().text("issue", "I cannot sign in, my password: hunter2hunter2");
    let refused = submit(&world, &mut olga, &form).await.expect(400);
    assert!(words(&refused).contains("support never needs it"), "{}", words(&refused));
    assert!(!refused.text().contains("hunter2"));
}

#[tokio::test]
async fn another_customers_files_are_not_there() {
    let world = world().await;
    let mut olga = came(&world, &members::OLGA).await;
    let form = Form::default().text("issue", "see the file").file("import.pdf", "application/pdf", PDF);
    let sent = submit(&world, &mut olga, &form).await;
    let shown = follow(&world, &mut olga, sent).await.expect(200).text();
    let file = format!("{PUBLIC}{}", between(&shown, "<a download href=\"", "\""));
    let mut gus = came(&world, &members::GUS).await;
    gus.look(&world, &file).await.expect(404);
}
