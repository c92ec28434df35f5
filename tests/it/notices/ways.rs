//! E-mail and webhooks: at least once, in order, again when they were not accepted, and always under the same id.
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Hook, Mailbox, World, chaperone_in, engineers, eventually, members};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

async fn world() -> (World, Mailbox, Hook) {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let world = World::builder().told(&mailbox, &hook).start().await;
    (world, mailbox, hook)
}

fn grant() -> Value {
    json!({"access": "full", "duration": "1d"})
}

#[tokio::test]
async fn a_mail_that_was_refused_comes_later_under_the_same_id_and_keeps_nobody_else_waiting() {
    let (world, mailbox, _) = world().await;
    mailbox.refuse("olga@acme.example");
    let id = world.grant(&members::OLGA, grant()).await;
    let otto = mailbox.mail("otto@acme.example", "was granted").await;
    eventually("it is tried again", PATIENCE, async || (mailbox.refusals() >= 2).then_some(())).await;
    world.revoke(&members::OLGA, &id).await;
    mailbox.mail("otto@acme.example", "was revoked").await;
    mailbox.refuse_nothing();
    let olga = mailbox.mail("olga@acme.example", "was revoked").await;
    let hers: Vec<_> =
        mailbox.mails().into_iter().filter(|mail| mail.to == olga.to).map(|mail| mail.subject()).collect();
    let expected = ["Ledgerly: support access to acme was granted", "Ledgerly: support access to acme was revoked"];
    assert_eq!(hers, expected, "in order");
    assert_ne!(otto.id(), olga.id());
    assert!(world.metric("chaperone_notices_failed_total{channel=\"email\"}").await >= 2);
    assert_eq!(world.metric("chaperone_notices_waiting{channel=\"email\"}").await, 0);
}

#[tokio::test]
async fn what_waits_for_a_mail_server_survives_a_restart() {
    let (mut world, mailbox, _) = world().await;
    mailbox.refuse("*");
    world.grant(&members::OLGA, grant()).await;
    eventually("it is tried", PATIENCE, async || (mailbox.refusals() >= 1).then_some(())).await;
    assert!(world.metric("chaperone_notices_waiting{channel=\"email\"}").await >= 1);
    world.gate.kill();
    mailbox.refuse_nothing();
    world.restart().await;
    mailbox.mail("olga@acme.example", "was granted").await;
}

#[tokio::test]
async fn every_notice_carries_a_checkpoint_of_the_trail() {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let often = "[audit]\ncheckpoint = \"1s\"";
    let world = World::builder().told(&mailbox, &hook).section(often).start().await;
    let path = world.path("audit").join("checkpoints");
    eventually("a checkpoint", PATIENCE, async || path.metadata().is_ok_and(|file| file.len() > 0).then_some(())).await;
    world.grant(&members::OLGA, grant()).await;
    let call = hook.call("grant.created").await;
    let line = call.body["data"]["checkpoint"].as_str().unwrap();
    let checkpoints = std::fs::read_to_string(&path).unwrap();
    assert!(checkpoints.lines().any(|known| known == line), "{line}");
    let members: Value = serde_json::from_str(line).unwrap();
    assert!(members["root"].is_string() && members["signature"].is_string(), "{line}");
    let mail = mailbox.mail("olga@acme.example", "was granted").await.text();
    assert!(checkpoints.lines().any(|known| mail.contains(known)), "{mail}");
}

#[tokio::test]
async fn webhooks_come_in_order_and_each_under_one_id_whatever_the_app_answers() {
    let (world, _, hook) = world().await;
    for bad in [500, 302, 410] {
        hook.answer(bad);
        let before = hook.calls();
        let id = world.grant(&members::OLGA, grant()).await;
        eventually("it is called", PATIENCE, async || (hook.calls() > before).then_some(())).await;
        world.revoke(&members::OLGA, &id).await;
    }
    assert!(hook.taken().is_empty(), "no redirect was followed");
    hook.answer(200);
    eventually("all of them", PATIENCE, async || (hook.taken().len() == 6).then_some(())).await;
    let taken = hook.taken();
    let kinds: Vec<_> = taken.iter().map(|call| call.body["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["grant.created", "grant.revoked"].repeat(3));
    assert!(taken.iter().all(|call| call.is_genuine));
    assert!(taken.iter().all(|call| call.id.starts_with(call.body["data"]["id"].as_str().unwrap())));
}

#[tokio::test]
async fn no_notice_goes_to_a_private_address_that_a_name_leads_to() {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    // The configuration takes a name as it is; what it leads to is seen when it is called.
    let section = format!(
        "[notify.webhook]\nurl = \"https://ip6-localhost:{}/\"\nsecret_file = \"hook-secret.txt\"",
        hook.address.port()
    );
    let world = World::builder().file("hook-secret.txt", "hunter2").section(&section).start().await;
    world.grant(&members::OLGA, grant()).await;
    let log = eventually("the log says so", PATIENCE, async || {
        world.gate.log().into_iter().find(|line| line["message"] == "a notice was not accepted")
    })
    .await;
    let error = log["error"].as_str().unwrap();
    assert!(error.contains("private address") || error.contains("failed to lookup"), "{error}");
    assert_eq!((hook.calls(), mailbox.mails().len()), (0, 0));
    assert!(!format!("{:?}", world.gate.log()).contains("hunter2"));
}

#[tokio::test]
async fn a_vendors_own_words_take_the_place_of_ours_and_mistakes_in_them_are_told_at_start() {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("grant.created.txt"), "Zugang zu {workspace}\n\nFrist: {until}").unwrap();
    let (name, value) = ("CHAPERONE__NOTIFY__TEMPLATES", dir.path().to_str().unwrap());
    let mut world = World::builder().told(&mailbox, &hook).variable(name, value).start().await;
    world.grant(&members::OLGA, grant()).await;
    let mail = mailbox.mail("olga@acme.example", "Zugang zu acme").await.text();
    assert!(mail.contains("Frist: 20"), "{mail}");

    std::fs::write(dir.path().join("grant.created.txt"), "Zugang\n\n{wrkspace}").unwrap();
    world.gate.kill();
    let config = world.config();
    let output = chaperone_in(&[(name, value)], &["serve", "--config", &config]);
    assert_ne!(output.code, Some(0));
    assert!(output.stderr.contains("grant.created.txt`, line 3: `{wrkspace}` stands for nothing"), "{}", output.stderr);
}

#[tokio::test]
async fn engineers_who_enter_are_named_and_cannot_write_the_mail() {
    let (world, mailbox, _) = world().await;
    world.grant(&members::OLGA, grant()).await;
    let mut claims = engineers::ADA.claims();
    claims["name"] = json!("Ada \"<script>\", Bcc: everybody@acme.example");
    let bearer = world.staff.sign(&claims);
    let asked = json!({"workspace": "acme", "reason": "<b>look</b> Subject: won"});
    world.api("POST", "/sessions", &bearer, Some(asked)).await.expect(201);
    let mail = mailbox.mail("olga@acme.example", "has entered").await;
    let (head, _) = mail.raw.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        head.lines().filter(|line| line.starts_with("To: ") || line.starts_with("Subject: ")).count(),
        2,
        "{head}"
    );
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    let text = mail.text();
    let (_, html) = text.split_once("<!doctype html>").unwrap();
    assert!(html.contains("&#60;b&#62;look") && !html.contains("<b>look") && !html.contains("<script>"), "{html}");
}
