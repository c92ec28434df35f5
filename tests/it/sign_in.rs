//! Engineers sign in by browser: what a sign-in needs, what it opens, and what ends it.
use serde_json::{Value, json};

use crate::world::{Ask, Browser, HOST, PUBLIC, World, engineers, members};

const STAFF: &str = "__Host-chaperone-staff";
const FLOW: &str = "__Host-chaperone-sign-in";

async fn world() -> World {
    World::builder().browser_sign_in().start().await
}

/// Goes to the identity provider and comes back with the callback's address, which is not visited.
async fn up_to_the_callback(world: &World, browser: &mut Browser) -> String {
    let to_provider = browser.look(world, &format!("{PUBLIC}/.chaperone/login")).await.expect(303);
    let back = browser.look(world, to_provider.header("location").unwrap()).await.expect(303);
    back.header("location").unwrap().to_owned()
}

/// Visits a callback that must fail; gives the page.
async fn fails(world: &World, browser: &mut Browser, callback: &str) -> String {
    let page = browser.look(world, callback).await.expect(401);
    assert!(browser.cookie(HOST, STAFF).is_none(), "nobody is signed in");
    assert!(browser.cookie(HOST, FLOW).is_none(), "a sign-in that failed is over");
    page.text()
}

#[tokio::test]
async fn an_engineer_signs_in_and_the_browser_holds_one_opaque_cookie() {
    let world = world().await;
    let mut browser = Browser::default();
    let begun = browser.look(&world, &format!("{PUBLIC}/.chaperone/login?return=/w/acme?page=2")).await.expect(303);
    let address = begun.header("location").unwrap();
    for said in ["response_type=code", "code_challenge_method=S256", "state=", "nonce=", "client_id=chaperone-web"] {
        assert!(address.contains(said), "{said}: {address}");
    }
    let sealed = browser.cookie(HOST, FLOW).unwrap();
    assert!(!address.contains(sealed) && !sealed.contains("acme"));
    let callback = browser.look(&world, address).await.expect(303).header("location").unwrap().to_owned();
    let done = browser.look(&world, &callback).await.expect(303);
    assert_eq!(done.header("location"), Some(format!("{PUBLIC}/w/acme?page=2").as_str()));
    let cookie = done.cookies().into_iter().find(|cookie| cookie.starts_with(STAFF)).unwrap().to_owned();
    assert!(cookie.ends_with("; Secure; HttpOnly; SameSite=Lax; Path=/"), "{cookie}");
    assert_eq!(browser.cookie(HOST, STAFF).unwrap().len(), "che_".len() + 43);
    assert!(browser.cookie(HOST, FLOW).is_none());
}

#[tokio::test]
async fn every_sign_in_has_a_new_cookie_and_ends_the_one_before() {
    let world = world().await;
    let mut browser = Browser::default();
    browser.sign_in(&world).await;
    let mut thief = browser.clone();
    browser.sign_in(&world).await;
    assert_ne!(browser.cookie(HOST, STAFF), thief.cookie(HOST, STAFF));
    let page = thief.look(&world, &format!("{PUBLIC}/.chaperone/logout")).await.text();
    assert!(page.contains("You are signed out"), "{page}");
}

#[tokio::test]
async fn a_callback_with_another_state_or_in_another_browser_signs_nobody_in() {
    let world = world().await;
    let mut browser = Browser::default();
    let callback = up_to_the_callback(&world, &mut browser).await;
    let other = Browser::default().look(&world, &callback).await.expect(401).text();
    assert!(other.contains("this browser has begun no sign-in"), "{other}");
    let state = callback.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let page = fails(&world, &mut browser, &callback.replace(state, "forged")).await;
    assert!(page.contains("`state`") || page.contains("&#96;state&#96;"), "{page}");
}

#[tokio::test]
async fn a_callback_works_once() {
    let world = world().await;
    let mut browser = Browser::default();
    let callback = up_to_the_callback(&world, &mut browser).await;
    let mut copy = browser.clone();
    browser.look(&world, &callback).await.expect(303);
    let page = browser.look(&world, &callback).await.expect(401).text();
    assert!(page.contains("begun no sign-in"), "{page}");
    let page = fails(&world, &mut copy, &callback).await;
    assert!(page.contains("invalid_grant"), "the code is spent: {page}");
}

#[tokio::test]
async fn a_callback_of_another_issuer_or_of_none_is_refused() {
    let world = world().await;
    for says in [json!("https://evil.example"), Value::Null] {
        world.idp.as_ref().unwrap().mind().answers_as = Some(says);
        let mut browser = Browser::default();
        let callback = up_to_the_callback(&world, &mut browser).await;
        let page = fails(&world, &mut browser, &callback).await;
        assert!(page.contains("issuer"), "{page}");
    }
}

#[tokio::test]
async fn an_id_token_for_another_sign_in_party_or_time_is_refused() {
    let world = world().await;
    for (forced, named) in [
        (json!({"nonce": "another"}), "nonce"),
        (json!({"nonce": null}), "nonce"),
        (json!({"aud": "another-client"}), "aud"),
        (json!({"aud": ["chaperone-web", "another-client"]}), "azp"),
        (json!({"aud": ["chaperone-web"], "azp": "another-client"}), "azp"),
        (json!({"iss": "https://evil.example"}), "iss"),
        (json!({"exp": "2099-01-01"}), "exp"),
        (json!({"exp": 1_000}), "expired"),
    ] {
        world.idp.as_ref().unwrap().mind().forced = forced;
        let mut browser = Browser::default();
        let callback = up_to_the_callback(&world, &mut browser).await;
        let page = fails(&world, &mut browser, &callback).await;
        assert!(page.contains(named), "{named}: {page}");
    }
}

#[tokio::test]
async fn who_is_in_no_group_that_does_support_is_not_signed_in() {
    let world = world().await;
    world.idp.as_ref().unwrap().mind().forced = json!({"groups": ["sales"]});
    let mut browser = Browser::default();
    let callback = up_to_the_callback(&world, &mut browser).await;
    let page = browser.look(&world, &callback).await.expect(403).text();
    assert!(page.contains("policy-denied") && page.contains("in no group that does support"), "{page}");
    assert!(browser.cookie(HOST, STAFF).is_none());
}

#[tokio::test]
async fn the_way_back_is_a_path_of_ours_or_there_is_no_sign_in() {
    let world = world().await;
    for back in [
        "https://evil.example/",
        "//evil.example",
        "/%5Cevil.example",
        "%2F%2Fevil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "/a%0D%0ASet-Cookie:x=1",
        "",
    ] {
        let page =
            Browser::default().look(&world, &format!("{PUBLIC}/.chaperone/login?return={back}")).await.expect(400);
        assert!(page.header("location").is_none() && page.text().contains("bad-request"), "{back}");
    }
}

#[tokio::test]
async fn signing_out_ends_the_sign_in_here_and_at_the_provider() {
    let world = world().await;
    let mut browser = Browser::default();
    browser.sign_in(&world).await;
    let mut copy = browser.clone();
    let at = format!("{PUBLIC}/.chaperone/logout");
    let page = browser.look(&world, &at).await.expect(200);
    assert!(page.text().contains("ada of vendor"), "{}", page.text());
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self' http://127.0.0.1:"),
        "{policy}"
    );
    let (_, done) = browser.submit(&world, &at, &page).await;
    let address = done.header("location").unwrap();
    assert!(address.contains("/end-session?client_id=chaperone-web&post_logout_redirect_uri="), "{address}");
    assert!(browser.cookie(HOST, STAFF).is_none());
    let page = copy.look(&world, &at).await.expect(200).text();
    assert!(page.contains("You are signed out"), "a copy of the cookie is worth nothing: {page}");
}

#[tokio::test]
async fn no_other_page_can_use_the_staff_cookie_to_change_anything() {
    let world = world().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let mut browser = Browser::default();
    browser.sign_in(&world).await;
    let document = json!({"workspace": "acme", "reason": "an invoice is wrong"}).to_string();
    let (logout, sessions) = (format!("{PUBLIC}/.chaperone/logout"), format!("{PUBLIC}/.chaperone/api/v1/sessions"));
    for page in [None, Some("https://evil.example"), Some("null"), Some("http://support.example.com")] {
        for (url, kind) in [(&logout, "application/x-www-form-urlencoded"), (&sessions, "application/json")] {
            let ask = Ask { method: "POST", url, page, kind, text: document.clone() };
            let refused = browser.ask(&world, ask).await.expect(403).text();
            assert!(refused.contains("policy-denied"), "{page:?} {url}: {refused}");
        }
    }
    browser.call(&world, "POST", "/sessions", &serde_json::from_str(&document).unwrap()).await.expect(201);
}

#[tokio::test]
async fn a_deployment_of_bearer_tokens_has_no_sign_in() {
    let world = World::start().await;
    for path in ["login", "callback?code=a&state=b", "logout"] {
        Browser::default().look(&world, &format!("{PUBLIC}/.chaperone/{path}")).await.expect(404);
    }
    let ada = world.engineer(&engineers::ADA);
    world.api("GET", "/sessions/current", &ada, None).await.expect(401);
}
