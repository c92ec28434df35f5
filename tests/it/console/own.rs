//! One's own requests and sessions: time left, staying longer, leaving, taking back.
use serde_json::json;

use super::{look, read, send, send_and_read, signed_in, world};
use crate::world::{Browser, HOST, PUBLIC, World, engineers, members};

/// The id that the first form of the page leads to: what stands in its path behind `before`.
fn id_in(html: &str, before: &str) -> String {
    let rest = html.split(before).nth(1).unwrap_or_else(|| panic!("no {before} in {html}"));
    rest.split('/').next().unwrap().to_owned()
}

/// Ada is inside acme.
async fn inside(world: &World) -> Browser {
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let mut ada = signed_in(world, &engineers::ADA).await;
    let fields = [("grant", grant.as_str()), ("reason", "the export hangs"), ("ticket", "SUP-1")];
    send(world, &mut ada, "workspaces/acme/enter", &fields).await.expect(303);
    ada
}

#[tokio::test]
async fn my_sessions_show_the_time_left_and_are_extended_and_left_there() {
    let world = world().await;
    let mut ada = inside(&world).await;
    let html = look(&world, &mut ada, "sessions").await.expect(200).text();
    let id = id_in(&html, "console/sessions/");
    insta::assert_snapshot!(read(&world, &mut ada, "sessions").await.replace(&id, "se_1"));
    let page = send_and_read(&world, &mut ada, &format!("sessions/{id}/extend"), &[]).await;
    assert!(page.contains("lasts as long as it may"), "{page}");
    let left = send(&world, &mut ada, &format!("sessions/{id}/leave"), &[]).await.expect(303);
    assert_eq!(left.header("clear-site-data"), Some("\"cache\", \"storage\""));
    assert!(ada.cookie(HOST, "__Host-chaperone").is_none());
    let page = read(&world, &mut ada, "sessions").await;
    assert!(page.contains("You have left") && page.contains("You are in no session"), "{page}");
    assert!(page.contains("Ended in the last 24 hours") && page.contains("“the export hangs”"), "{page}");
    ada.look(&world, &format!("{PUBLIC}/w/acme/")).await.expect(401);
}

#[tokio::test]
async fn what_ended_a_session_is_told_and_extending_it_is_refused() {
    let world = world().await;
    let mut ada = inside(&world).await;
    let html = look(&world, &mut ada, "sessions").await.expect(200).text();
    let id = id_in(&html, "console/sessions/");
    let olga = world.member(&members::OLGA);
    let grants = world.api("GET", "/workspaces/acme/grants", &olga, None).await.json();
    world.revoke(&members::OLGA, grants["items"][0]["id"].as_str().unwrap()).await;
    let page = read(&world, &mut ada, "sessions").await;
    assert!(page.contains("The customer revoked this grant."), "{page}");
    let refused = send(&world, &mut ada, &format!("sessions/{id}/extend"), &[]).await.expect(403).text();
    assert!(refused.contains("grant-revoked"), "{refused}");
}

#[tokio::test]
async fn a_session_of_another_browser_can_be_left_but_not_gone_on_in() {
    let world = world().await;
    let _first = inside(&world).await;
    let mut second = signed_in(&world, &engineers::ADA).await;
    let page = read(&world, &mut second, "sessions").await;
    assert!(page.contains("Open in another browser") && !page.contains("Continue"), "{page}");
    let html = look(&world, &mut second, "sessions").await.text();
    let id = id_in(&html, "console/sessions/");
    let left = send(&world, &mut second, &format!("sessions/{id}/leave"), &[("back", "acme")]).await.expect(303);
    assert_eq!(left.header("location"), Some("/.chaperone/console/workspaces/acme"));
    assert!(left.header("clear-site-data").is_none(), "this browser has nothing to drop");
}

#[tokio::test]
async fn my_requests_are_listed_with_their_answers_and_can_be_withdrawn() {
    let world = world().await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let ask = [("access", "full"), ("duration", "4h"), ("reason", "the import of Monday hangs"), ("ticket", "SUP-7")];
    send(&world, &mut ada, "workspaces/acme/ask", &ask).await.expect(303);
    look(&world, &mut ada, "").await;
    let html = look(&world, &mut ada, "requests").await.expect(200).text();
    let id = id_in(&html, "console/requests/");
    insta::assert_snapshot!(read(&world, &mut ada, "requests").await);
    let page = send_and_read(&world, &mut ada, &format!("requests/{id}/withdraw"), &[]).await;
    assert!(page.contains("The request is withdrawn") && page.contains("Withdrawn"), "{page}");
}

#[tokio::test]
async fn another_engineers_sessions_and_requests_are_not_there() {
    let world = world().await;
    let mut ada = inside(&world).await;
    let ask = [("access", "full"), ("duration", "4h"), ("reason", "the import of Monday hangs")];
    send(&world, &mut ada, "workspaces/globex/ask", &ask).await.expect(303);
    let session = id_in(&look(&world, &mut ada, "sessions").await.text(), "console/sessions/");
    let request = id_in(&look(&world, &mut ada, "requests").await.text(), "console/requests/");
    let mut brian = signed_in(&world, &engineers::BRIAN).await;
    for path in ["sessions", "requests", "workspaces/acme", "workspaces/globex"] {
        let page = read(&world, &mut brian, path).await;
        assert!(!page.contains("the export hangs") && !page.contains("import of Monday"), "{path}: {page}");
    }
    for path in [
        format!("sessions/{session}/leave"),
        format!("sessions/{session}/extend"),
        format!("requests/{request}/withdraw"),
    ] {
        send(&world, &mut brian, &path, &[]).await.expect(404);
    }
    ada.look(&world, &format!("{PUBLIC}/w/acme/")).await.expect(200);
}
