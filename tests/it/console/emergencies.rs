//! Emergencies: declared by one, approved by another, told to the customer, reviewed.
use super::{look, read, send, send_and_read, signed_in, world};
use crate::world::{Browser, Events, PUBLIC, World, engineers, members};

const DECLARED: [(&str, &str); 5] = [
    ("workspace", "acme"),
    ("subject", "olga"),
    ("incident", "INC-7"),
    ("reason_code", "outage"),
    ("reason", "nobody at acme can sign in, and the payroll run is due at noon"),
];

/// A world in which otto looks on, and so can be told; ada and brian have signed in.
async fn scene() -> (World, Events, Browser, Browser) {
    let world = world().await;
    let otto = world.member(&members::OTTO);
    let told = world.follow("/workspaces/acme/events", &otto, None).await;
    let ada = signed_in(&world, &engineers::ADA).await;
    let brian = signed_in(&world, &engineers::BRIAN).await;
    (world, told, ada, brian)
}

/// Ada declares an emergency; gives its page.
async fn declared(world: &World, ada: &mut Browser) -> String {
    let sent = send(world, ada, "emergencies", &DECLARED).await.expect(303);
    let page = sent.header("location").unwrap().strip_prefix("/.chaperone/console/").unwrap().to_owned();
    look(world, ada, &page).await.expect(200);
    page
}

#[tokio::test]
async fn the_form_of_an_emergency_is_unmistakable() {
    let world = world().await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    insta::assert_snapshot!(read(&world, &mut ada, "emergencies/declare?workspace=acme").await);
    let vague: Vec<_> =
        DECLARED.iter().map(|(name, value)| (*name, if *name == "reason" { "." } else { *value })).collect();
    let page = send(&world, &mut ada, "emergencies", &vague).await.expect(400).text();
    assert!(page.contains("value=\"INC-7\"") && page.contains("value=\"outage\" selected"), "what was written stays");
}

#[tokio::test]
async fn one_declares_another_approves_the_declarer_enters_and_another_reviews() {
    let (world, mut told, mut ada, mut brian) = scene().await;
    let page = declared(&world, &mut ada).await;
    let waits = read(&world, &mut ada, &page).await;
    assert!(waits.contains("Waits for approval") && waits.contains("they have to approve"), "{waits}");
    assert!(read(&world, &mut ada, "workspaces/acme").await.contains("You declared an emergency"));
    let refused = send(&world, &mut ada, &format!("{page}/approve"), &[]).await.expect(403).text();
    assert!(refused.contains("self-approval"), "{refused}");

    let id = page.rsplit('/').next().unwrap();
    insta::assert_snapshot!("to_approve", read(&world, &mut brian, &page).await.replace(id, "em_1"));
    assert!(read(&world, &mut brian, "emergencies").await.contains("For you to do"));
    let done = send_and_read(&world, &mut brian, &format!("{page}/approve"), &[]).await;
    assert!(done.contains("You approved the emergency"), "{done}");
    told.until("emergency.approved").await;

    let reason = [("reason", "restarting the payroll run")];
    send(&world, &mut brian, &format!("{page}/enter"), &reason).await.expect(403);
    let entered = send(&world, &mut ada, &format!("{page}/enter"), &reason).await.expect(303);
    assert_eq!(entered.header("location"), Some("/w/acme/"));
    ada.look(&world, &format!("{PUBLIC}/w/acme/")).await.expect(200);
    assert_eq!(world.app.last().one("x-chaperone-mode"), "emergency");
    let inside = read(&world, &mut ada, "sessions").await;
    assert!(inside.contains("Emergency"), "{inside}");

    insta::assert_snapshot!("to_review", read(&world, &mut brian, &page).await.replace(id, "em_1"));
    let review = [("outcome", "justified"), ("comment", "the run was down, and she touched nothing else")];
    let done = send_and_read(&world, &mut brian, &format!("{page}/review"), &review).await;
    assert!(done.contains("The emergency is reviewed"), "{done}");
    let reviewed = read(&world, &mut ada, &page).await;
    assert!(reviewed.contains("Reviewed: justified") && reviewed.contains("brian of vendor"), "{reviewed}");
    ada.look(&world, &format!("{PUBLIC}/w/acme/")).await.expect(403);
}

#[tokio::test]
async fn an_emergency_that_is_none_of_theirs_is_not_there() {
    let no_partners = "@id(\"partners-stay-out\") @code(\"policy-denied\") @reason(\"partners decide on no emergency\")
        forbid (principal is Engineer, action in [Action::\"ApproveEmergency\", Action::\"ReviewEmergency\"], resource)
        when { principal.organization != \"vendor\" };";
    let world = World::builder().browser_sign_in();
    let world = world.policy("all.cedar", format!("{}\n{no_partners}", crate::world::SEGMENT)).start().await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let page = declared(&world, &mut ada).await;
    let mut carol = signed_in(&world, &engineers::CAROL).await;
    assert!(read(&world, &mut carol, "emergencies").await.contains("No emergencies"));
    look(&world, &mut carol, &page).await.expect(404);
    for (act, fields) in [
        ("approve", &[][..]),
        ("enter", &[("reason", "let me in there")]),
        ("review", &[("outcome", "justified"), ("comment", "it was all fine")]),
    ] {
        send(&world, &mut carol, &format!("{page}/{act}"), fields).await.expect(404);
    }
}

#[tokio::test]
async fn where_the_contract_excludes_emergencies_the_page_says_so() {
    let world = world().await;
    world.put_workspace("acme", serde_json::json!({"plan": "business", "emergency_access": "never"})).await;
    let mut ada = signed_in(&world, &engineers::ADA).await;
    let page = read(&world, &mut ada, "workspaces/acme").await;
    assert!(page.contains("excluded by contract") && !page.contains("Declare an emergency"), "{page}");
    let refused = send(&world, &mut ada, "emergencies", &DECLARED).await.expect(403).text();
    assert!(refused.contains("emergency-never"), "{refused}");
}
