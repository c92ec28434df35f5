//! Sessions in browsers: bound to their engineer's sign-in, verified again and again, each at an origin of its own.
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::world::{Ask, Browser, HOST, PUBLIC, World, engineers, eventually, members, refused};

const SESSION: &str = "__Host-chaperone";
const STAFF: &str = "__Host-chaperone-staff";
const FORM: &str = "application/x-www-form-urlencoded";
const OWN_HOSTS: &str = "session_host = \"{session}.support.example.com\"";

/// A world in which olga has granted access to acme, and a browser in which ada has signed in.
async fn ada_signs_in(world: &World) -> Browser {
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let mut browser = Browser::default();
    browser.sign_in(world).await;
    browser
}

/// Begins a session; gives the answer.
async fn enter(world: &World, browser: &mut Browser, workspace: &str) -> Value {
    let document = json!({"workspace": workspace, "reason": "an invoice is wrong"});
    browser.call(world, "POST", "/sessions", &document).await.expect(201).json()
}

/// The code of the refusal that a page shows, with its status.
async fn turned_away(world: &World, browser: &mut Browser, url: &str) -> (u16, String) {
    let reply = browser.look(world, url).await;
    let text = reply.text();
    let code = text.split("<dt>Code</dt><dd>").nth(1).map(|rest| rest.split(' ').next().unwrap().to_owned());
    (reply.status.as_u16(), code.unwrap_or(text))
}

fn app() -> String {
    format!("{PUBLIC}/w/acme/invoices")
}

#[tokio::test]
async fn a_session_begun_in_a_browser_passes_only_with_the_staff_cookie_of_that_browser() {
    let world = World::builder().browser_sign_in().start().await;
    let mut ada = ada_signs_in(&world).await;
    let started = enter(&world, &mut ada, "acme").await;
    assert!(started.get("token").is_none(), "the token is the cookie's business: {started}");
    ada.look(&world, &app()).await.expect(200);
    let cookies = world.app.last().all("cookie").concat();
    assert!(!cookies.contains("chaperone"), "{cookies}");

    let session = ada.cookie(HOST, SESSION).unwrap().to_owned();
    let mut thief = Browser::default();
    thief.set_cookie(HOST, SESSION, Some(&session));
    assert_eq!(turned_away(&world, &mut thief, &app()).await, refused(401, "unauthenticated"));
    for own in [engineers::BRIAN, engineers::ADA] {
        world.idp.as_ref().unwrap().meets(&own);
        let mut other = Browser::default();
        other.sign_in(&world).await;
        other.set_cookie(HOST, SESSION, Some(&session));
        assert_eq!(turned_away(&world, &mut other, &app()).await, refused(401, "unauthenticated"), "{}", own.id);
    }
    ada.look(&world, &app()).await.expect(200);
}

#[tokio::test]
async fn who_has_to_sign_in_again_is_led_there_and_back_and_the_session_goes_on() {
    let world = World::builder().browser_sign_in().start().await;
    let mut ada = ada_signs_in(&world).await;
    enter(&world, &mut ada, "acme").await;
    let mut before = ada.clone();
    let address = format!("{}?page=2", app());
    let mut without = ada.clone();
    without.set_cookie(HOST, STAFF, None);
    let page = without.look(&world, &address).await.expect(401).text();
    let way = page.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    assert!(way.starts_with(&format!("{PUBLIC}/.chaperone/login?return=")), "{way}");
    let (at, reply) = ada.go(&world, &way).await;
    assert_eq!((at.as_str(), reply.status.as_u16()), (address.as_str(), 200));
    assert_eq!(turned_away(&world, &mut before, &app()).await, refused(401, "unauthenticated"), "the old cookie");
}

#[tokio::test]
async fn a_new_session_in_a_browser_ends_its_old_one_and_says_so() {
    let world = World::builder().browser_sign_in().start().await;
    world.grant(&members::GUS, json!({"access": "full", "duration": "1d"})).await;
    let mut ada = ada_signs_in(&world).await;
    let first = enter(&world, &mut ada, "acme").await;
    let mut old = ada.clone();
    let second = enter(&world, &mut ada, "globex").await;
    assert_eq!((first.get("ended"), &second["ended"]), (None, &json!([first["id"]])));
    assert_eq!(turned_away(&world, &mut old, &app()).await, refused(401, "session-ended"));
    ada.look(&world, &format!("{PUBLIC}/w/globex")).await.expect(200);
    let bearer = world.enter(&engineers::ADA, "acme").await;
    world.ask(&bearer, "GET", "/w/acme").await.expect(200);
    ada.look(&world, &format!("{PUBLIC}/w/globex")).await.expect(200);
}

#[tokio::test]
async fn signing_out_ends_the_sessions_of_that_browser_and_cuts_their_streams() {
    let world = World::builder().browser_sign_in().start().await;
    let mut ada = ada_signs_in(&world).await;
    enter(&world, &mut ada, "acme").await;
    let bearer = world.enter(&engineers::ADA, "acme").await;
    let mut events = ada.events(&world, "/w/acme/events").await;
    assert!(events.next().await.unwrap().contains("event: tick"));
    let mut copy = ada.clone();
    let at = format!("{PUBLIC}/.chaperone/logout");
    let page = ada.look(&world, &at).await;
    ada.submit(&world, &at, &page).await.1.expect(303);
    events.until_the_end("session-ended").await;
    assert_eq!(turned_away(&world, &mut copy, &app()).await, refused(401, "session-ended"));
    assert_eq!(ada.cookie(HOST, SESSION), None);
    world.ask(&bearer, "GET", "/w/acme").await.expect(200);
}

#[tokio::test]
async fn a_sign_in_that_nobody_verifies_again_counts_for_so_long_and_open_streams_are_cut() {
    const RECHECK: Duration = Duration::from_secs(6);
    let world = World::builder().browser_sign_in().staff("recheck = \"6s\"").start().await;
    world.idp.as_ref().unwrap().mind().gives_refresh = false;
    let mut ada = ada_signs_in(&world).await;
    let signed_in = Instant::now();
    enter(&world, &mut ada, "acme").await;
    let events = ada.events(&world, "/w/acme/events").await;
    ada.look(&world, &app()).await.expect(200);
    events.until_the_end("unauthenticated").await;
    assert!(signed_in.elapsed() < RECHECK + Duration::from_secs(1), "{:?}", signed_in.elapsed());
    assert_eq!(turned_away(&world, &mut ada, &app()).await, refused(401, "unauthenticated"));
    let document = json!({"workspace": "acme", "reason": "an invoice is wrong"});
    ada.call(&world, "POST", "/sessions", &document).await.expect(401);
    ada.sign_in(&world).await;
    ada.look(&world, &app()).await.expect(200);
}

#[tokio::test]
async fn a_bearers_session_needs_a_genuine_staff_token_within_the_time_too() {
    let world = World::builder().staff("recheck = \"4s\"").start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme").await.expect(200);
    let over = eventually("the sign-in is too old", Duration::from_secs(15), async || {
        Some(world.ask(&ada, "GET", "/w/acme").await).filter(|reply| reply.status != 200)
    });
    assert_eq!(over.await.problem(), refused(401, "unauthenticated"));
    let path = format!("/sessions/{}/renew", ada.id);
    world.api("POST", &path, &world.engineer(&engineers::ADA), None).await.expect(200);
    world.ask(&ada, "GET", "/w/acme").await.expect(200);
}

#[tokio::test]
async fn whom_the_provider_calls_no_engineer_any_more_loses_everything_at_once() {
    let world = World::builder().browser_sign_in().start().await;
    let mut ada = ada_signs_in(&world).await;
    enter(&world, &mut ada, "acme").await;
    let mut events = ada.events(&world, "/w/acme/events").await;
    assert!(events.next().await.is_some());
    let mut claims = engineers::ADA.claims();
    claims["groups"] = json!(["sales"]);
    let told = world.api("GET", "/sessions/current", &world.staff.sign(&claims), None).await;
    assert_eq!(told.problem(), refused(403, "policy-denied"));
    events.until_the_end("policy-denied").await;
    assert_eq!(turned_away(&world, &mut ada, &app()).await, refused(403, "policy-denied"));
    ada.call(&world, "POST", "/sessions", &json!({"workspace": "acme", "reason": "again"})).await.expect(401);
}

#[tokio::test]
async fn the_provider_is_asked_again_by_itself_and_whom_it_drops_is_out_at_once() {
    let world = World::builder().browser_sign_in().staff("recheck = \"8s\"").start().await;
    let idp = world.idp.clone().unwrap();
    let mut ada = ada_signs_in(&world).await;
    enter(&world, &mut ada, "acme").await;
    let mut events = ada.events(&world, "/w/acme/events").await;
    assert!(events.next().await.is_some());
    let limit = Duration::from_secs(20);
    eventually("the provider is asked twice", limit, async || (idp.mind().refreshed >= 2).then_some(())).await;
    ada.look(&world, &app()).await.expect(200);
    idp.mind().vouches = false;
    events.until_the_end("policy-denied").await;
    assert_eq!(turned_away(&world, &mut ada, &app()).await, refused(403, "policy-denied"));
}

/// Goes from the public origin to the session's own, by the forms that lead there; gives the form with the code.
async fn to_its_origin(world: &World, browser: &mut Browser, started: &Value) -> String {
    let enter = started["enter"].as_str().unwrap();
    let page = browser.look(world, enter).await.expect(200);
    let (at, form) = browser.submit(world, enter, &page).await;
    let html = form.text();
    assert!(form.header("content-security-policy").unwrap().contains("form-action 'self' https://se-"), "{html}");
    let (to, arrived) = browser.submit(world, &at, &form).await;
    let arrived = arrived.expect(303);
    let url = started["url"].as_str().unwrap();
    assert_eq!((arrived.header("location"), to.as_str()), (Some(url), format!("{url}.chaperone/enter").as_str()));
    html
}

fn host_of(started: &Value) -> String {
    started["url"].as_str().unwrap().trim_start_matches("https://").trim_end_matches('/').to_owned()
}

#[tokio::test]
async fn with_hosts_of_their_own_sessions_stand_side_by_side_and_never_mix() {
    let world = World::builder().browser_sign_in().server(OWN_HOSTS).route("").start().await;
    world.grant(&members::GUS, json!({"access": "full", "duration": "1d"})).await;
    let mut ada = ada_signs_in(&world).await;
    let one = enter(&world, &mut ada, "acme").await;
    let two = enter(&world, &mut ada, "globex").await;
    assert!(two.get("ended").is_none() && ada.cookie(HOST, SESSION).is_none(), "{two}");
    for started in [&one, &two] {
        to_its_origin(&world, &mut ada, started).await;
    }
    let (acme, globex) = (host_of(&one), host_of(&two));
    for _ in 0..2 {
        ada.look(&world, &format!("https://{acme}/w/acme")).await.expect(200);
        assert_eq!(world.app.last().one("x-chaperone-subject"), "olga");
        ada.look(&world, &format!("https://{globex}/w/globex")).await.expect(200);
        assert_eq!(world.app.last().one("x-chaperone-subject"), "gus");
    }
    assert_ne!(ada.cookie(HOST, STAFF), ada.cookie(&acme, STAFF), "a session's origin never gets the sign-in itself");

    let (session, staff) =
        (ada.cookie(&acme, SESSION).unwrap().to_owned(), ada.cookie(&acme, STAFF).unwrap().to_owned());
    for elsewhere in [globex.as_str(), HOST, "se-00000000000000000000000000000000.support.example.com"] {
        let mut mixed = Browser::default();
        mixed.set_cookie(elsewhere, SESSION, Some(&session));
        mixed.set_cookie(elsewhere, STAFF, Some(&staff));
        let url = format!("https://{elsewhere}/w/acme");
        assert_eq!(turned_away(&world, &mut mixed, &url).await, refused(401, "no-session"), "{elsewhere}");
    }
    let mut half = ada.clone();
    half.set_cookie(&acme, STAFF, ada.cookie(&globex, STAFF));
    let url = format!("https://{acme}/w/acme?page=2");
    let page = half.look(&world, &url).await.expect(401).text();
    let way = page.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    assert!(way.starts_with(&format!("{PUBLIC}/.chaperone/enter?session=se_")), "{way}");
    let form = half.look(&world, &way).await.expect(200);
    let (at, form) = half.submit(&world, &way, &form).await;
    let (_, arrived) = half.submit(&world, &at, &form).await;
    assert_eq!(arrived.expect(303).header("location"), Some(url.as_str()));
    half.look(&world, &url).await.expect(200);
    assert_eq!(
        turned_away(&world, &mut ada, &url).await,
        refused(401, "no-session"),
        "an entry replaces the one before"
    );
}

#[tokio::test]
async fn a_code_for_entering_is_for_one_session_once_and_from_our_own_page() {
    let world = World::builder().browser_sign_in().server(OWN_HOSTS).start().await;
    world.grant(&members::GUS, json!({"access": "full", "duration": "1d"})).await;
    let mut ada = ada_signs_in(&world).await;
    let one = enter(&world, &mut ada, "acme").await;
    let two = enter(&world, &mut ada, "globex").await;
    let address = one["enter"].as_str().unwrap();
    let (no_code, _) = Browser::default().go(&world, address).await;
    assert!(no_code.contains("/w/") || no_code.contains("/.chaperone/enter"), "{no_code}");
    let page = ada.look(&world, address).await;
    let form = ada.submit(&world, address, &page).await.1.text();
    let code = form.split("name=\"code\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let at = |started: &Value| format!("{}.chaperone/enter", started["url"].as_str().unwrap());
    let send = async |url: &str, page: Option<&str>| {
        let ask = Ask { method: "POST", url, page, kind: FORM, text: format!("code={code}") };
        Browser::default().ask(&world, ask).await.status.as_u16()
    };
    assert_eq!(send(&at(&one), None).await, 403);
    assert_eq!(send(&at(&one), Some("https://evil.example")).await, 403);
    assert_eq!(send(&at(&two), Some(PUBLIC)).await, 401);
    assert_eq!(send(&at(&one), Some(PUBLIC)).await, 303);
    assert_eq!(send(&at(&one), Some(PUBLIC)).await, 401);

    let mut brian = Browser::default();
    world.idp.as_ref().unwrap().meets(&engineers::BRIAN);
    brian.sign_in(&world).await;
    let page = brian.look(&world, address).await.expect(200);
    brian.submit(&world, address, &page).await.1.expect(404);
}

#[tokio::test]
async fn a_bearers_session_is_open_at_its_own_host_only() {
    let world = World::builder().server(OWN_HOSTS).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let document = json!({"workspace": "acme", "reason": "an invoice is wrong"});
    let started = world.try_enter(&engineers::ADA, document).await.expect(201);
    assert!(started.cookies().is_empty(), "the public origin gets no cookie that is worth nothing there");
    let started = started.json();
    let mut tool = Browser::default();
    for host in [host_of(&started), HOST.to_owned()] {
        tool.set_cookie(&host, SESSION, started["token"].as_str());
    }
    tool.look(&world, &format!("{}w/acme", started["url"].as_str().unwrap())).await.expect(200);
    assert_eq!(turned_away(&world, &mut tool, &app()).await, refused(401, "no-session"));
}
