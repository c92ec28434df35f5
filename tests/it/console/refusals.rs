//! Why a request was refused: from the page of the refusal to the reason and the next step.
use super::{look, read, send, signed_in, world};
use crate::world::{Browser, PUBLIC, World, engineers, members};

/// Ada is inside acme, to look only.
async fn inside(world: &World) -> Browser {
    let document = serde_json::json!({"access": "read_only", "duration": "1d"});
    let grant = world.grant(&members::OLGA, document).await;
    let mut ada = signed_in(world, &engineers::ADA).await;
    let fields = [("grant", grant.as_str()), ("reason", "the export hangs")];
    send(world, &mut ada, "workspaces/acme/enter", &fields).await.expect(303);
    ada
}

/// Ada tries to change something; gives the page of the refusal.
async fn refused(world: &World, ada: &mut Browser) -> String {
    let url = format!("{PUBLIC}/w/acme/invoices");
    let ask =
        crate::world::Ask { method: "POST", url: &url, page: Some(PUBLIC), kind: super::FORM, text: String::new() };
    ada.ask(world, ask).await.expect(403).text()
}

/// Where the page of a refusal leads for the reason.
fn why(page: &str) -> String {
    let rest = page.split("/.chaperone/console/refusals/").nth(1).unwrap_or_else(|| panic!("no way: {page}"));
    format!("refusals/{}", rest.split('"').next().unwrap())
}

#[tokio::test]
async fn the_page_of_a_refusal_leads_to_the_reason_and_the_next_step() {
    let world = world().await;
    let mut ada = inside(&world).await;
    let page = refused(&world, &mut ada).await;
    let path = why(&page);
    let id = path.rsplit('/').next().unwrap();
    let told = read(&world, &mut ada, &path).await.replace(id, "rq_1");
    let told: Vec<_> = told.lines().filter(|line| !line.contains("se_")).collect();
    insta::assert_snapshot!(told.join("\n"));
    let ask = look(&world, &mut ada, "workspaces/acme?ask=").await.expect(200).text();
    assert!(ask.contains("<details open>"), "the form is open: {ask}");
    let found = look(&world, &mut ada, &format!("refusals?id={id}")).await.expect(303);
    assert_eq!(found.header("location"), Some(format!("/.chaperone/console/{path}").as_str()));
}

#[tokio::test]
async fn another_engineers_refusal_is_not_there() {
    let world = world().await;
    let mut ada = inside(&world).await;
    let path = why(&refused(&world, &mut ada).await);
    let mut brian = signed_in(&world, &engineers::BRIAN).await;
    let page = look(&world, &mut brian, &path).await.expect(404).text();
    assert!(page.contains("no such request of yours") && !page.contains("read-only"), "{page}");
    look(&world, &mut brian, "refusals/rq_nobody").await.expect(404);
    look(&world, &mut brian, "refusals?id=").await.expect(400);
}

#[tokio::test]
async fn who_has_no_session_is_led_to_the_console() {
    let world = world().await;
    let page = Browser::default().look(&world, &format!("{PUBLIC}/w/acme/")).await.expect(401).text();
    assert!(page.contains("href=\"https://support.example.com/.chaperone/console/\""), "{page}");
    let world = World::start().await;
    let page = Browser::default().look(&world, &format!("{PUBLIC}/w/acme/")).await.expect(401).text();
    assert!(!page.contains("/console/"), "nobody signs in there: {page}");
}
