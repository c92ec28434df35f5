//! Who is told by e-mail when a member asks for help, and who is asked nothing any more.
use crate::world::{Hook, Mailbox, Member, World, engineers, members};

use super::{enter, form, text};

/// An administrator, who owns nothing.
const ANN: Member = Member { workspace: "acme", id: "ann", role: "admin" };

async fn world() -> (World, Mailbox, Hook) {
    let (mailbox, hook) = (Mailbox::start().await, Hook::start().await);
    let world = World::builder().profile("tsa").told(&mailbox, &hook).start().await;
    world.put_member(&ANN).await;
    (world, mailbox, hook)
}

#[tokio::test]
async fn t19_on_submit_administrators_and_support_are_told_at_once() {
    let (world, mailbox, hook) = world().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    let id = text(&case, "id");
    for administrator in [members::OLGA, members::OTTO, ANN] {
        let mail = mailbox.mail(&administrator.email(), "a support request from acme").await.text();
        assert!(mail.contains(&id) && mail.contains("olga@acme.example"), "{mail}");
    }
    let mail = mailbox.mail("help@ledgerly.example", "Support Request Opened: acme").await.text();
    assert!(mail.contains(&id) && mail.contains("their consent for this case alone"), "{mail}");
    assert_eq!(hook.call("support.opened").await.body["data"]["case"], id);
    assert!(!mailbox.mails().iter().any(|mail| mail.to == members::MAX.email()), "who decides nothing is told nothing");
    assert!(!mailbox.mails().iter().any(|mail| mail.text().contains("hangs")), "nor does a mail say what is wrong");
}

#[tokio::test]
async fn t18_for_that_case_nobody_is_asked_by_mail() {
    let (world, mailbox, _) = world().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    world.start_case(&engineers::ADA, &case).await.expect(200);
    world.try_enter(&engineers::ADA, enter(&case)).await.expect(201);
    for owner in [members::OLGA, members::OTTO] {
        // In order: whatever came before has been sent by now.
        mailbox.mail(&owner.email(), "has entered").await;
    }
    let asked = mailbox.mails().into_iter().find(|mail| mail.text().contains("Approve or decline"));
    assert!(asked.is_none(), "{asked:?}");
}
