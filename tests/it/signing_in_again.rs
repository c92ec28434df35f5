//! Engineers show anew who they are where a policy asks for it, and are signed out when the identity provider says so.
use serde_json::{Value, json};

use crate::world::{Ask, Browser, HOST, PUBLIC, Reply, SEGMENT, World, engineers, members};

const BACK_CHANNEL: &str = "https://support.example.com/.chaperone/logout/back-channel";

/// Changes need a second factor of the last hour.
const SECOND_FACTOR: &str = r#"
@id("changes-need-a-second-factor")
@code("step-up")
@reason("changing something needs a second factor of the last hour")
@next("sign in again with your second factor")
forbid (principal is Engineer, action == Action::"Write", resource)
unless { context.session has mfa_at && context.now.durationSince(context.session.mfa_at) < duration("1h") };
"#;

async fn world() -> World {
    World::builder()
        .browser_sign_in()
        .policy("segment.cedar", SEGMENT)
        .policy("ours.cedar", SECOND_FACTOR)
        .start()
        .await
}

/// A browser in which Ada is signed in and inside acme.
async fn inside(world: &World) -> Browser {
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let mut browser = Browser::default();
    browser.sign_in(world).await;
    browser
        .call(world, "POST", "/sessions", &json!({"workspace": "acme", "reason": "an invoice is wrong"}))
        .await
        .expect(201);
    browser
}

async fn change(world: &World, browser: &mut Browser) -> Reply {
    let url = format!("{PUBLIC}/w/acme/a");
    browser.ask(world, Ask { method: "POST", url: &url, page: Some(PUBLIC), kind: "", text: String::new() }).await
}

#[tokio::test]
async fn a_policy_may_ask_for_a_fresh_second_factor_and_the_session_goes_on_with_it() {
    let world = world().await;
    let mut browser = inside(&world).await;
    let page = change(&world, &mut browser).await.expect(403).text();
    assert!(page.contains("step-up") && page.contains("changing something needs a second factor"), "{page}");
    let again = page.split("href=\"").find(|part| part.contains("/.chaperone/login?fresh=true")).unwrap();
    let again = again.split('"').next().unwrap().replace("&#38;", "&");
    let asked = browser.look(&world, &again).await.expect(303);
    assert!(asked.header("location").unwrap().contains("max_age=0"), "{asked:?}");

    // Whoever the provider merely remembers has not shown anything.
    let now = chaperone::domain::time::Clock::system().now().as_seconds();
    let forced = |auth_time: i64| json!({"amr": ["mfa"], "auth_time": auth_time});
    world.idp.as_ref().unwrap().mind().forced = forced(now - 600);
    let (_, stale) = browser.go(&world, &again).await;
    assert!(stale.expect(401).text().contains("auth_time"));

    world.idp.as_ref().unwrap().mind().forced = forced(now);
    browser.go(&world, &again).await;
    change(&world, &mut browser).await.expect(200);
}

/// Posts a logout token with these claims, as the provider would; null takes one away.
async fn told(world: &World, claims: Value) -> u16 {
    let idp = world.idp.as_ref().unwrap();
    let mut all = json!({
        "aud": "chaperone-web", "sub": engineers::ADA.id, "jti": "1",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let text = format!("logout_token={}", idp.issuer.sign(&all));
    let ask = Ask { method: "POST", url: BACK_CHANNEL, page: None, kind: "application/x-www-form-urlencoded", text };
    Browser::default().ask(world, ask).await.status.as_u16()
}

#[tokio::test]
async fn whom_the_provider_signs_out_is_out_at_once() {
    let world = world().await;
    let mut browser = inside(&world).await;
    let now = chaperone::domain::time::Clock::system().now().as_seconds();
    for no_logout in [
        json!({"events": null}),
        json!({"events": {}}),
        json!({"nonce": "1"}),
        json!({"aud": "chaperone"}),
        json!({"sub": ""}),
        json!({"iat": now - 300}),
    ] {
        assert_eq!(told(&world, no_logout.clone()).await, 400, "{no_logout}");
    }
    browser.look(&world, &format!("{PUBLIC}/w/acme/a")).await.expect(200);

    assert_eq!(told(&world, json!({})).await, 200);
    let page = browser.look(&world, &format!("{PUBLIC}/w/acme/a")).await;
    assert!([401, 403].contains(&page.status.as_u16()), "{}", page.text());
    let page = browser.look(&world, &format!("{PUBLIC}/.chaperone/logout")).await.text();
    assert!(page.contains("You are signed out"), "{page}");
    assert!(browser.cookie(HOST, "__Host-chaperone-staff").is_some(), "the cookie alone is worth nothing");
    assert_eq!(told(&world, json!({})).await, 200, "twice is fine");
}
