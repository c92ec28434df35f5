//! Where the customer is asked: on their page when they are online, by e-mail otherwise, and by e-mail too when they leave the
//! page unanswered (T11, T12).
use std::time::Duration;

use serde_json::{Value, json};

use super::requests::{answer, asked, seen_by_ada, send, wanted};
use super::support;
use crate::world::{Browser, Builder, Hook, Mail, Mailbox, Member, PUBLIC, World, engineers, eventually, members};

const PATIENCE: Duration = Duration::from_secs(30);

/// The subject of a mail that asks.
const ASKS: &str = "Ledgerly support asks for access to acme";

async fn tsa(more: impl FnOnce(Builder) -> Builder) -> (World, Mailbox, Hook) {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let world = more(World::builder().profile("tsa").told(&mailbox, &hook)).start().await;
    (world, mailbox, hook)
}

/// Where a mail says that its reader answers.
fn link(mail: &Mail) -> String {
    let text = mail.text();
    let from =
        text.find(&format!("{PUBLIC}/.chaperone/support-access/answer?token=")).unwrap_or_else(|| panic!("{text}"));
    text[from..].split(|c: char| c.is_whitespace() || c == '"').next().unwrap().to_owned()
}

fn asks(mailbox: &Mailbox, member: &Member) -> usize {
    mailbox.mails().iter().filter(|mail| mail.to == member.email() && mail.subject() == ASKS).count()
}

#[tokio::test]
async fn t11_who_is_offline_gets_a_mail_whose_link_approves_and_declines_later() {
    let (mut world, mailbox, _) = tsa(|builder| builder).await;
    let id = asked(&world, wanted()).await;
    let mail = mailbox.mail(&members::OLGA.email(), ASKS).await;
    for said in ["ada of vendor (ada@vendor.example)", "the import of Monday hangs", "SUP-1042", "Access: full"] {
        assert!(mail.text().contains(said), "{said}: {}", mail.text());
    }
    let otto = mailbox.mail(&members::OTTO.email(), ASKS).await;
    assert_ne!(link(&otto), link(&mail), "each answers as themselves");

    // Later: the gate was started anew in the meantime.
    world.gate.kill();
    world.restart().await;
    let mut browser = Browser::default();
    let page = browser.look(&world, &link(&mail)).await.expect(200).text();
    assert!(page.contains("value=\"approve\"") && page.contains("value=\"decline\""), "{page}");
    assert_eq!(seen_by_ada(&world, &id).await["state"], "pending", "whoever only looks has not answered");
    let token = link(&mail).split_once("token=").unwrap().1.to_owned();
    send(&world, &mut browser, PUBLIC, format!("token={token}&answer=approve")).await.expect(200);
    let approved = seen_by_ada(&world, &id).await;
    assert_eq!((&approved["state"], &approved["closed_by"]), (&json!("approved"), &json!("olga")));
    mailbox.mail("ada@vendor.example", "approved").await;
    world.enter(&engineers::ADA, "acme").await;
    browser.look(&world, &link(&otto)).await.expect(409);

    let next = asked(&world, wanted()).await;
    let hers =
        || mailbox.mails().into_iter().filter(|mail| mail.to == members::OLGA.email() && mail.subject() == ASKS).nth(1);
    let mail = eventually("another mail", PATIENCE, async || hers()).await;
    let token = link(&mail).split_once("token=").unwrap().1.to_owned();
    send(&world, &mut browser, PUBLIC, format!("token={token}&answer=decline&comment=not+now")).await.expect(200);
    assert_eq!(seen_by_ada(&world, &next).await["state"], "declined");
    let told = mailbox.mail("ada@vendor.example", "declined").await.text();
    assert!(told.contains("not now"), "{told}");
}

#[tokio::test]
async fn t12_who_is_online_when_it_is_sent_is_asked_there_and_not_by_mail() {
    let (world, mailbox, _) = tsa(|builder| builder).await;
    let mut page = world.follow("/workspaces/acme/events", &world.member(&members::OLGA), None).await;
    let id = asked(&world, wanted()).await;
    let (_, prompt) = page.until("request.created").await;
    assert_eq!((&prompt["case"], &prompt["engineer"]["name"]), (&json!(id), &json!("ada of vendor")));
    mailbox.mail(&members::OTTO.email(), ASKS).await;
    answer(&world, &members::OLGA, &id, "approve", json!({})).await.expect(200);
    // Each reads in order: whatever she was to read of the request has been decided by now.
    mailbox.mail(&members::OLGA.email(), "was granted").await;
    assert_eq!(asks(&mailbox, &members::OLGA), 0);
}

#[tokio::test]
async fn t12_the_way_is_chosen_when_it_is_sent_and_not_when_it_was_asked() {
    let (world, mailbox, _) = tsa(|builder| builder).await;
    mailbox.refuse(&members::OLGA.email());
    let refused = async |times: usize| {
        eventually("mails to her are refused", PATIENCE, async || (mailbox.refusals() >= times).then_some(())).await;
    };
    let id = asked(&world, wanted()).await;
    refused(1).await;
    let _page = world.follow("/workspaces/acme/events", &world.member(&members::OLGA), None).await;
    let before = mailbox.refusals();
    world.ask_for_help(&members::OTTO, &support::form()).await;
    // One of these may have been on its way when she came online. She reads in order: the other is about the case.
    refused(before + 2).await;
    mailbox.refuse_nothing();
    mailbox.mail(&members::OLGA.email(), "a support request from acme").await;
    assert_eq!(asks(&mailbox, &members::OLGA), 0, "she was online when it could be sent");
    let path = "/workspaces/acme/support-access";
    let seen: Value = world.api("GET", path, &world.member(&members::OLGA), None).await.expect(200).json();
    assert_eq!(seen["waiting"][0]["id"], json!(id), "her page has it");
}

#[tokio::test]
async fn a_prompt_that_is_left_unanswered_comes_by_mail_after_a_while() {
    let (world, mailbox, _) = tsa(|builder| builder.variable("CHAPERONE__NOTIFY__FALLBACK", "1s")).await;
    let mut page = world.follow("/workspaces/acme/events", &world.member(&members::OLGA), None).await;
    let id = asked(&world, wanted()).await;
    page.until("request.created").await;
    let mail = mailbox.mail(&members::OLGA.email(), ASKS).await;
    let mut browser = Browser::default();
    browser.look(&world, &link(&mail)).await.expect(200);
    answer(&world, &members::OLGA, &id, "decline", json!({})).await.expect(200);
    browser.look(&world, &link(&mail)).await.expect(409);
}
