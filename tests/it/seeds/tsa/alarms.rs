//! Emergencies: the customer is told by e-mail and by webhook, before the first byte and when somebody enters (T35).
use serde_json::json;

use super::emergency::{approved, entered, try_enter};
use crate::world::{Hook, Mailbox, World, engineers, members, refused};

const SECURITY: &str = "security@ledgerly.example";

/// A gate as the tsa profile configures it. Nobody has a page open.
async fn world() -> (World, Mailbox, Hook) {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let world = World::builder().profile("tsa").told(&mailbox, &hook).start().await;
    (world, mailbox, hook)
}

#[tokio::test]
async fn t35_by_mail_the_customer_is_told_before_anybody_enters_and_when_somebody_does() {
    let (world, mailbox, hook) = world().await;
    hook.answer(503);
    let id = approved(&world).await;
    for owner in [members::OLGA, members::OTTO] {
        let before = mailbox.mail(&owner.email(), "EMERGENCY ACCESS to acme was approved").await.text();
        for said in ["ada of vendor (ada@vendor.example)", "Incident: INC-7", "Reason code: outage", "payroll run"] {
            assert!(before.contains(said), "{said}: {before}");
        }
    }
    let ada = entered(&world, &id).await;
    world.ask(&ada, "GET", "/w/acme/payroll").await.expect(200);
    for owner in [members::OLGA, members::OTTO] {
        let then = mailbox.mail(&owner.email(), "EMERGENCY ACCESS: Ledgerly support has entered acme").await.text();
        assert!(then.contains("restarting the payroll run"), "{then}");
    }
    let alert = mailbox.mail(SECURITY, "Emergency Access Approved").await.text();
    assert!(alert.contains("INC-7") && alert.contains("ada@vendor.example"), "{alert}");
    assert!(hook.taken().is_empty(), "by mail alone");
}

#[tokio::test]
async fn t35_by_webhook_the_app_is_told_before_anybody_enters_and_when_somebody_does() {
    let (world, mailbox, hook) = world().await;
    mailbox.refuse("*");
    let id = approved(&world).await;
    hook.call("emergency.approved").await;
    let ada = entered(&world, &id).await;
    world.ask(&ada, "GET", "/w/acme/payroll").await.expect(200);
    for kind in ["emergency.approved", "session.started"] {
        let call = hook.call(kind).await;
        assert!(call.is_genuine);
        assert_eq!(
            (&call.body["data"]["emergency"], &call.body["data"]["subject"]),
            (&json!(id), &json!("olga")),
            "{kind}"
        );
    }
    assert!(mailbox.mails().is_empty(), "by webhook alone");
}

#[tokio::test]
async fn t35_whom_the_vendor_alone_is_told_of_nobody_enters() {
    let (world, mailbox, hook) = world().await;
    hook.answer(503);
    for owner in [members::OLGA, members::OTTO] {
        mailbox.refuse(&owner.email());
    }
    let id = approved(&world).await;
    mailbox.mail(SECURITY, "Emergency Access Approved").await;
    let early = try_enter(&world, &engineers::ADA, &id).await;
    assert_eq!(early.problem(), refused(503, "customer-not-told"), "the vendor's own team is not the customer");
    hook.answer(204);
    hook.call("emergency.approved").await;
    let ada = entered(&world, &id).await;
    world.ask(&ada, "GET", "/w/acme/payroll").await.expect(200);
}
