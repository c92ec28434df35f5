//! Who comes in, by what, and for how long.
use serde_json::json;

use super::{APP, HOME, came, enter, send, ticket, words, world};
use crate::world::{Browser, HOST, Member, members, refused};

#[tokio::test]
async fn a_member_comes_from_the_app_and_the_cookie_is_new_each_time() {
    let world = world().await;
    let mut browser = came(&world, &members::OLGA).await;
    let first = browser.cookie(HOST, "__Host-chaperone-member").unwrap().to_owned();
    assert!(words(&browser.look(&world, HOME).await.expect(200)).contains("Support access is off"));

    enter(&world, &mut browser, &ticket(&world, &members::OLGA, &json!({})), APP).await.expect(303);
    let second = browser.cookie(HOST, "__Host-chaperone-member").unwrap().to_owned();
    assert_ne!(first, second);
    browser.set_cookie(HOST, "__Host-chaperone-member", Some(&first));
    browser.look(&world, HOME).await.expect(401);
    browser.set_cookie(HOST, "__Host-chaperone-member", Some(&second));
    browser.look(&world, HOME).await.expect(200);

    send(&world, &mut browser, "leave", "").await.expect(200);
    browser.set_cookie(HOST, "__Host-chaperone-member", Some(&second));
    let told = words(&browser.look(&world, HOME).await.expect(401));
    assert!(told.contains("Open support access from the app"), "{told}");
}

#[tokio::test]
async fn a_token_counts_once_while_it_is_fresh_and_only_with_a_name_of_its_own() {
    let world = world().await;
    let token = ticket(&world, &members::OLGA, &json!({}));
    enter(&world, &mut Browser::default(), &token, APP).await.expect(303);
    let again = enter(&world, &mut Browser::default(), &token, APP).await.expect(401);
    assert!(words(&again).contains("was used before"), "{}", words(&again));

    let old = chaperone::domain::time::Clock::system().now().as_seconds() - 61;
    for more in [json!({"iat": old}), json!({"jti": null}), json!({"exp": 1})] {
        let mut browser = Browser::default();
        enter(&world, &mut browser, &ticket(&world, &members::OLGA, &more), APP).await.expect(401);
        assert_eq!(browser.cookie(HOST, "__Host-chaperone-member"), None, "{more}");
    }
}

#[tokio::test]
async fn a_page_elsewhere_signs_nobody_in_and_sends_none_of_our_forms() {
    let world = world().await;
    let token = ticket(&world, &members::GUS, &json!({}));
    enter(&world, &mut Browser::default(), &token, "https://evil.example").await.expect(403);
    enter(&world, &mut Browser::default(), &token, "null").await.expect(403);

    let mut browser = came(&world, &members::OLGA).await;
    let (url, kind) = (format!("{HOME}grants"), "application/x-www-form-urlencoded");
    for page in [Some(APP), Some("https://evil.example"), None] {
        let text = "access=full&lasting=1d".to_owned();
        let ask = crate::world::Ask { method: "POST", url: &url, page, kind, text };
        browser.ask(&world, ask).await.expect(403);
    }
    assert!(words(&browser.look(&world, HOME).await).contains("Support access is off"));
}

#[tokio::test]
async fn what_a_member_may_do_is_read_anew_with_each_call() {
    let world = world().await;
    let mut browser = came(&world, &members::OLGA).await;
    world.put_workspace("acme", json!({"forced_sso": true})).await;
    insta::assert_snapshot!(words(&browser.look(&world, HOME).await.expect(200)));
    assert_eq!(send(&world, &mut browser, "grants", "access=full&lasting=1d").await.status, 403);
    world.put_workspace("acme", json!({"forced_sso": false})).await;

    world.put_member(&Member { role: "member", ..members::OLGA }).await;
    insta::assert_snapshot!(words(&browser.look(&world, HOME).await));
    world.api("DELETE", "/workspaces/acme/members/olga", &world.directory, None).await.expect(204);
    browser.look(&world, HOME).await.expect(401);
}

#[tokio::test]
async fn whoever_acts_in_a_members_login_may_look_and_end_but_never_consents() {
    let world = world().await;
    let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let mut acted = Browser::default();
    let token = ticket(&world, &members::OLGA, &json!({"act": {"sub": "ada"}}));
    enter(&world, &mut acted, &token, APP).await.expect(303);
    let mut inside = came(&world, &members::OLGA).await;
    inside.set_cookie(HOST, "__Host-chaperone", Some("chs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    for browser in [&mut acted, &mut inside] {
        assert!(words(&browser.look(&world, HOME).await.expect(200)).contains("consent-while-impersonated"));
        let sent = send(&world, browser, "grants", "access=full&lasting=1d").await.expect(403);
        assert!(words(&sent).contains("consent-while-impersonated"), "{}", words(&sent));
    }
    send(&world, &mut inside, &format!("grants/{grant}/revoke"), "").await.expect(303);
}

#[tokio::test]
async fn a_members_cookie_is_good_for_the_api_from_a_page_of_ours_alone() {
    let world = world().await;
    let mut browser = came(&world, &members::OLGA).await;
    let document = json!({"access": "read_only", "duration": "1d"});
    let made = browser.call(&world, "POST", "/workspaces/acme/grants", &document).await.expect(201).json();
    assert_eq!(made["subject"], "olga");
    assert_eq!(browser.call(&world, "POST", "/workspaces/globex/grants", &document).await.status, 404);
    let url = "https://support.example.com/.chaperone/api/v1/workspaces/acme/grants";
    let kind = "application/json";
    let ask = crate::world::Ask { method: "POST", url, page: Some(APP), kind, text: document.to_string() };
    assert_eq!(browser.ask(&world, ask).await.status, 403);
    let bare = world.api("GET", "/workspaces/acme/support-access", "nonsense", None).await;
    assert_eq!(bare.problem(), refused(401, "unauthenticated"));
}
