//! What is open in a page: each event once, resumable, and nobody's but one's own.
use serde_json::json;

use crate::world::{World, engineers, members, refused};

#[tokio::test]
async fn whoever_was_cut_off_goes_on_where_they_were() {
    let world = World::start().await;
    let olga = world.member(&members::OLGA);
    let mut events = world.follow("/workspaces/acme/events", &olga, None).await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let (place, created) = events.until("grant.created").await;
    assert_eq!((&created["grant"], &created["access"]), (&json!(grant), &json!("full")));
    drop(events);
    world.revoke(&members::OLGA, &grant).await;
    let mut events = world.follow("/workspaces/acme/events", &olga, Some(&place)).await;
    let (_, revoked) = events.until("grant.revoked").await;
    assert_eq!((&revoked["grant"], &revoked["by"]), (&json!(grant), &json!("olga")));
    let wrong = world.follow_refused("/workspaces/acme/events", &olga, "yesterday").await;
    assert_eq!(wrong, refused(400, "bad-request"));
}

#[tokio::test]
async fn members_see_their_workspace_and_engineers_themselves_and_nobody_anything_else() {
    let world = World::start().await;
    let mut acme = world.follow("/workspaces/acme/events", &world.member(&members::OLGA), None).await;
    let mut globex = world.follow("/workspaces/globex/events", &world.member(&members::GUS), None).await;
    let mut ada = world.follow("/events", &world.engineer(&engineers::ADA), None).await;
    let mut brian = world.follow("/events", &world.engineer(&engineers::BRIAN), None).await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let session = world.enter(&engineers::ADA, "acme").await;
    world.grant(&members::GUS, json!({"access": "full", "duration": "1d"})).await;
    let other = world.enter(&engineers::BRIAN, "globex").await;
    // Each stream's first event of this kind is its own one: nothing of the others came before.
    for (stream, id) in [(&mut acme, &session), (&mut ada, &session), (&mut globex, &other), (&mut brian, &other)] {
        let (_, started) = stream.until("session.started").await;
        assert_eq!(started["session"], id.id);
    }
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_may_not_look_on_any_more() {
    let world = World::start().await;
    let otto = world.follow("/workspaces/acme/events", &world.member(&members::OTTO), None).await;
    let ada = world.follow("/events", &world.engineer(&engineers::ADA), None).await;
    let path = "/workspaces/acme/members/otto";
    world.api("DELETE", path, &world.directory, None).await.expect(204);
    world.api("PUT", "/engineers/ada", &world.directory, Some(json!({"disabled": true}))).await.expect(200);
    otto.until_the_end("unauthenticated").await;
    ada.until_the_end("policy-denied").await;
}
