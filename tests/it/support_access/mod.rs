//! What customers see and do on our own pages, and in the parts of them that the app shows.
//!
//! * here: how a member comes in, and reads a page. `entering`: who comes in. `granting`: consent, given and taken back.
//! * `helping`: asking for help. `looking`: sessions, receipts, the trail. `embedding`: what the app shows.
mod embedding;
mod entering;
mod granting;
mod helping;
mod looking;

use chaperone::domain::random;
use serde_json::{Value, json};

use crate::world::{Ask, Browser, Member, PUBLIC, Reply, World};

/// The app's own origin.
pub(super) const APP: &str = "https://app.ledgerly.example";
/// Where our pages begin.
pub(super) const HOME: &str = "https://support.example.com/.chaperone/support-access/";

/// A world whose app shows our pages.
pub(super) async fn world() -> World {
    let builder = World::builder().variable("CHAPERONE__CUSTOMERS__ORIGINS", &format!("[\"{APP}\"]"));
    builder.variable("CHAPERONE__CUSTOMERS__LOGIN_URL", &format!("{APP}/login")).start().await
}

/// A token that counts once; `more` wins over the usual claims.
pub(super) fn ticket(world: &World, member: &Member, more: &Value) -> String {
    let mut claims = member.claims();
    claims["jti"] = json!(format!("{:032x}", u128::from_be_bytes(random::bytes())));
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    world.customers.sign(&claims)
}

/// Sends the app's form.
pub(super) async fn enter(world: &World, browser: &mut Browser, token: &str, page: &str) -> Reply {
    let url = format!("{HOME}enter");
    let kind = "application/x-www-form-urlencoded";
    let text = format!("token={token}");
    browser.ask(world, Ask { method: "POST", url: &url, page: Some(page), kind, text }).await
}

/// A browser in which the member has come from the app.
pub(super) async fn came(world: &World, member: &Member) -> Browser {
    let mut browser = Browser::default();
    let entered = enter(world, &mut browser, &ticket(world, member, &json!({})), APP).await.expect(303);
    assert_eq!(entered.header("location"), Some("/.chaperone/support-access/"));
    browser
}

/// Sends a form of our pages.
pub(super) async fn send(world: &World, browser: &mut Browser, path: &str, form: &str) -> Reply {
    let url = format!("{HOME}{path}");
    let kind = "application/x-www-form-urlencoded";
    browser.ask(world, Ask { method: "POST", url: &url, page: Some(PUBLIC), kind, text: form.to_owned() }).await
}

/// Goes where a form leads, as a browser does.
pub(super) async fn follow(world: &World, browser: &mut Browser, sent: Reply) -> Reply {
    let url = format!("{PUBLIC}{}", sent.expect(303).header("location").unwrap());
    browser.ask(world, Ask { method: "GET", url: &url, page: Some(PUBLIC), kind: "", text: String::new() }).await
}

/// What people read on a page, line by line; moments are told as `[time]`.
pub(super) fn words(reply: &Reply) -> String {
    let html = reply.text();
    let main = html.split_once("<main").map_or(html.as_str(), |(_, main)| main.split_once("</main>").unwrap().0);
    let main = if html.contains("<main") { main.split_once('>').unwrap().1 } else { main };
    let mut text = String::new();
    for (number, piece) in main.split("<time").enumerate() {
        text += if number == 0 { piece } else { "[time]" };
        text += if number == 0 { "" } else { piece.split_once("</time>").unwrap().1 };
    }
    let mut plain = String::new();
    for piece in text.split('<') {
        let (tag, words) = piece.split_once('>').unwrap_or(("", piece));
        let inline = ["/strong", "strong", "a ", "/a", "span", "/span", "b", "/b"];
        plain += if inline.iter().any(|name| tag.starts_with(name)) { " " } else { "\n" };
        plain += words;
    }
    let plain = plain.replace("&#39;", "'").replace("&#34;", "\"").replace("&#38;", "&");
    let lines = plain.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
