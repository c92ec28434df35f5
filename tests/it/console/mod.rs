//! The engineers' console, as a browser meets it: signing in, pages, forms.
//!
//! * here: who gets to see it, and the ways of a browser that the other files use.
//! * `workspaces`: finding one, entering, asking. `own`: one's own requests and sessions. `cases`: the queue. `emergencies`:
//!   entry without consent. `refusals`: why a request was refused.
mod cases;
mod emergencies;
mod own;
mod refusals;
mod workspaces;

use crate::world::{Browser, Engineer, HOST, PUBLIC, Reply, World, engineers};

/// The kind of a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// A page of the console.
fn at(path: &str) -> String {
    format!("{PUBLIC}/.chaperone/console/{path}")
}

async fn world() -> World {
    World::builder().browser_sign_in().start().await
}

/// A browser in which this engineer has signed in.
async fn signed_in(world: &World, engineer: &Engineer) -> Browser {
    world.idp.as_ref().unwrap().meets(engineer);
    let mut browser = Browser::default();
    browser.sign_in(world).await;
    browser
}

/// Looks at a page of the console.
async fn look(world: &World, browser: &mut Browser, path: &str) -> Reply {
    browser.look(world, &at(path)).await
}

/// What somebody reads on a page of the console.
async fn read(world: &World, browser: &mut Browser, path: &str) -> String {
    readable(&look(world, browser, path).await.expect(200))
}

/// Sends a form of the console's own pages.
async fn send(world: &World, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Reply {
    send_from(world, browser, Some(PUBLIC), path, fields).await
}

async fn send_from(
    world: &World,
    browser: &mut Browser,
    page: Option<&str>,
    path: &str,
    fields: &[(&str, &str)],
) -> Reply {
    let text: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let ask = crate::world::Ask { method: "POST", url: &at(path), page, kind: FORM, text: text.join("&") };
    browser.ask(world, ask).await
}

/// Sends a form, and reads the page that it leads to.
async fn send_and_read(world: &World, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> String {
    let sent = send(world, browser, path, fields).await.expect(303);
    let next = sent.header("location").unwrap().to_owned();
    readable(&browser.look(world, &format!("{PUBLIC}{next}")).await.expect(200))
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// What people read of a page: its text, without what differs from run to run.
fn readable(page: &Reply) -> String {
    let html = page.text();
    let main = html.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
    let main = main.split_once('>').unwrap().1;
    let mut text = String::new();
    for piece in main.split('<') {
        let (tag, rest) = piece.split_once('>').unwrap_or(("", piece));
        text += match tag {
            "/p" | "/h1" | "/h2" | "/h3" | "/li" | "/dd" | "/label" | "/button" | "/legend" | "/div" | "/summary" => {
                "\n"
            }
            "/dt" => ": ",
            "/option" => " ",
            _ => "",
        };
        text += match (tag.starts_with("time "), rest.starts_with("in "), rest.ends_with(" ago")) {
            (true, true, _) => "in a while",
            (true, _, true) => "a while ago",
            (true, false, false) => "then",
            (false, ..) => rest,
        };
    }
    for (entity, sign) in [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")] {
        text = text.replace(entity, sign);
    }
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn who_is_not_signed_in_is_led_to_the_sign_in_and_comes_back_to_the_same_page() {
    let world = world().await;
    let mut browser = Browser::default();
    let (address, page) = browser.go(&world, &at("workspaces/acme?ticket=SUP-7")).await;
    assert_eq!(address, at("workspaces/acme?ticket=SUP-7"));
    assert!(page.expect(200).text().contains("SUP-7"));
}

#[tokio::test]
async fn a_form_without_a_sign_in_is_refused_and_changes_nothing() {
    let world = world().await;
    let ask = [("access", "read_only"), ("duration", "1h"), ("reason", "the import hangs")];
    let refused = send(&world, &mut Browser::default(), "workspaces/acme/ask", &ask).await.expect(401);
    assert!(refused.text().contains("unauthenticated"), "{}", refused.text());
}

#[tokio::test]
async fn no_other_site_can_make_an_engineers_browser_change_anything() {
    let world = world().await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let ask = [("access", "read_only"), ("duration", "1h"), ("reason", "the import hangs")];
    for page in [None, Some("https://evil.example"), Some("null")] {
        for path in ["workspaces/acme/ask", "workspaces/acme/enter", "emergencies", "sessions/se_1/leave"] {
            let refused = send_from(&world, &mut ada, page, path, &ask).await.expect(403);
            assert!(refused.text().contains("policy-denied"), "{page:?} {path}");
        }
    }
    assert!(read(&world, &mut ada, "requests").await.contains("You have asked for nothing yet"));
}

#[tokio::test]
async fn without_a_sign_in_by_browser_there_is_no_console_and_the_page_says_so() {
    let world = World::start().await;
    let page = look(&world, &mut Browser::default(), "").await.expect(404).text();
    assert!(page.contains("engineers do not sign in by browser") && page.contains("staff.client_id"), "{page}");
}

#[tokio::test]
async fn every_page_is_ours_alone_and_cannot_be_framed() {
    let world = world().await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    for path in ["", "workspaces/acme", "requests", "sessions", "cases", "emergencies", "emergencies/declare"] {
        let page = look(&world, &mut ada, path).await.expect(200);
        let policy = page.header("content-security-policy").unwrap();
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        let html = page.text();
        for inline in ["<script>", "<style", " style=", "javascript:", " onclick=", " onsubmit=", " onload="] {
            assert!(!html.contains(inline), "{path}: {inline}");
        }
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
    }
}

#[tokio::test]
async fn an_engineer_whom_the_directory_switched_off_sees_nothing_more() {
    let world = world().await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let off = serde_json::json!({"disabled": true});
    world.api("PUT", "/engineers/ada", &world.directory, Some(off)).await.expect(200);
    let page = look(&world, &mut ada, "").await;
    assert_ne!(page.status, 200, "{}", page.text());
    assert!(!page.text().contains("acme"));
    assert!(ada.cookie(HOST, "__Host-chaperone-staff").is_some(), "the cookie alone is worth nothing");
}
