//! What a browser keeps of a session that is over: nothing.
use serde_json::json;

use crate::world::{Reply, Session, World, body, engineers, members, refused, request};

const FORGET: &str = "__Host-chaperone=; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=0";

/// Whether the browser is told to drop what the app left in it, and the session's cookie; never other cookies.
fn clears(answer: &Reply) -> bool {
    let told = answer.header("clear-site-data");
    assert!(told.is_none_or(|said| said == "\"cache\", \"storage\""), "{told:?}");
    told.is_some() && answer.cookies() == [FORGET]
}

async fn asks(world: &World, session: &Session, accept: &str) -> Reply {
    let asked = request("GET", "/w/acme/a").header("cookie", session.cookie()).header("accept", accept);
    world.send(asked.body(body("")).unwrap()).await
}

#[tokio::test]
async fn once_a_session_is_over_the_next_answer_clears_the_browser_whether_a_page_or_a_script_asks() {
    let world = World::start().await;
    let grant = world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    assert!(!clears(&asks(&world, &ada, "*/*").await.expect(200)));
    assert!(!clears(&world.ask(&ada, "POST", "/w/acme/a").await.expect(403)), "a refusal in a live session");
    world.revoke(&members::OLGA, &grant).await;
    for accept in ["text/html", "*/*"] {
        assert!(clears(&asks(&world, &ada, accept).await.expect(403)), "{accept}");
    }
    let made_up = request("GET", "/w/acme/a").header("cookie", format!("__Host-chaperone={}", "A".repeat(43)));
    assert!(clears(&world.send(made_up.body(body("")).unwrap()).await.expect(401)));
    let stranger = world.send(request("GET", "/w/acme/a").body(body("")).unwrap()).await;
    assert_eq!((stranger.problem(), clears(&stranger)), (refused(401, "no-session"), false));
}

#[tokio::test]
async fn a_browser_that_ends_its_session_is_cleared_at_once() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let (ada, brian) = (world.enter(&engineers::ADA, "acme").await, world.enter(&engineers::BRIAN, "acme").await);
    let end = |session: &Session| request("DELETE", &format!("/.chaperone/api/v1/sessions/{}", session.id));
    let bearer = |engineer| format!("Bearer {}", world.engineer(engineer));
    let call = end(&ada).header("authorization", bearer(&engineers::ADA)).header("cookie", ada.cookie());
    assert!(clears(&world.call(call, None).await.expect(200)));
    let tool = end(&brian).header("authorization", bearer(&engineers::BRIAN));
    assert!(!clears(&world.call(tool, None).await.expect(200)), "a tool has no browser to clear");
}
