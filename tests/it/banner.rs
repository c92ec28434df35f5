//! An engineer sees on every page whose login they are in; nothing else of what the app sends is touched.
use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::json;
use tokio::time::timeout;

use crate::world::{PAGE, Reply, Session, Via, World, body, engineers, members, request};

async fn session(world: &World) -> Session {
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    world.enter(&engineers::ADA, "acme").await
}

/// What a browser gets that shows `path` as a page of its own.
async fn opened(world: &World, session: &Session, path: &str) -> Reply {
    asked(
        world,
        session,
        path,
        &[("sec-fetch-dest", "document"), ("accept", "text/html"), ("accept-encoding", "gzip, br")],
    )
    .await
}

async fn asked(world: &World, session: &Session, path: &str, fields: &[(&str, &str)]) -> Reply {
    let request = request("GET", path).header("cookie", session.cookie());
    let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    world.send(request.body(body("")).unwrap()).await.expect(200)
}

/// The banner's tag, and the page without it.
fn taken_apart(page: &str) -> (String, String) {
    let begin = page.find("<script src=\"/.chaperone/").unwrap_or_else(|| panic!("no banner: {page}"));
    let end = begin + page[begin..].find("</script>").unwrap() + "</script>".len();
    (page[begin..end].to_owned(), format!("{}{}", &page[..begin], &page[end..]))
}

#[tokio::test]
async fn every_page_says_who_one_is_as_whom_where_on_what_and_until_when() {
    let world = World::start().await;
    let ada = session(&world).await;
    let reply = opened(&world, &ada, "/w/acme/page").await;
    let (tag, page) = taken_apart(&reply.text());
    assert_eq!(page, PAGE, "not a byte of the page changes");
    for says in [
        "data-engineer-email=\"ada@",
        "data-subject=\"olga@",
        "data-workspace=\"acme",
        "data-access=\"full\"",
        "data-mode=\"consented\"",
        "data-expires=\"20",
    ] {
        assert!(tag.contains(says), "{says}: {tag}");
    }
    assert!(tag.contains(&ada.id) && !tag.contains("watermark") && !tag.contains(&ada.token));
    assert_eq!(reply.header("etag"), None, "what the browser kept would show the banner of another session");
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src support.example.com/.chaperone/api/v1/sessions/current; script-src 'self' support.example.com/.chaperone/static/banner-"), "{policy}");

    let script = tag.split('"').nth(1).unwrap();
    let script = world.send(request("GET", script).body(body("")).unwrap()).await.expect(200);
    assert!(script.header("content-type").unwrap().starts_with("text/javascript"));
}

#[tokio::test]
async fn a_page_that_comes_compressed_gets_it_too() {
    let world = World::start().await;
    let ada = session(&world).await;
    let reply = opened(&world, &ada, "/w/acme/zipped").await;
    assert_eq!(reply.header("content-encoding"), None);
    assert_eq!(taken_apart(&reply.text()).1, PAGE);
    assert_eq!(world.app.last().one("accept-encoding"), "identity");
}

#[tokio::test]
async fn what_scripts_fetch_and_what_is_no_page_passes_as_it_is() {
    let world = World::start().await;
    let ada = session(&world).await;
    for fields in
        [[("sec-fetch-dest", "empty"), ("accept", "text/html")], [("hx-request", "true"), ("accept", "text/html")]]
    {
        let reply = asked(&world, &ada, "/w/acme/page", &fields).await;
        assert_eq!((reply.text().as_str(), reply.header("etag")), (PAGE, Some("\"1\"")));
        assert_eq!(reply.header("content-security-policy"), Some("default-src 'none'; script-src 'self'"));
    }
    let file = opened(&world, &ada, "/w/acme/file").await;
    assert_eq!(file.body, crate::world::FILE);
}

#[tokio::test]
async fn a_page_that_streams_is_not_held_back_and_is_cut_with_its_session() {
    let world = World::start().await;
    let ada = session(&world).await;
    let mut connection = world.connect(Via::Http1).await;
    let asked = request("GET", "/w/acme/endless-page").header("cookie", ada.cookie()).header("accept", "text/html");
    let mut page = connection.begin(asked.body(body("")).unwrap()).await.unwrap().into_body();
    let mut came = String::new();
    while came.matches("event: tick").count() < 2 {
        let frame = timeout(Duration::from_secs(20), page.frame()).await.expect("it streams").unwrap().unwrap();
        came.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
    assert!(came.starts_with("<head><script src="), "{came}");
    world.api("DELETE", &format!("/sessions/{}", ada.id), &world.engineer(&engineers::ADA), None).await.expect(200);
    let end = timeout(Duration::from_secs(20), async { while let Some(Ok(_)) = page.frame().await {} }).await;
    assert!(end.is_ok(), "it is cut");
}

#[tokio::test]
async fn a_route_may_do_without_or_mark_every_page_with_the_session() {
    let world = World::builder().route("banner = false").start().await;
    let ada = session(&world).await;
    assert_eq!(opened(&world, &ada, "/w/acme/page").await.text(), PAGE);

    let world = World::builder().route("watermark = true").start().await;
    let ada = session(&world).await;
    let (tag, _) = taken_apart(&opened(&world, &ada, "/w/acme/page").await.text());
    assert!(tag.contains("data-watermark=\"ada@") && tag.matches(&ada.id).count() == 2, "{tag}");
}
