//! Stories about finding workspaces, and the one next step into each.
use super::*;
use crate::access::access_requests::{self as asking, NewRequest};
use crate::access::emergencies::{self, NewEmergency};
use crate::access::ways_in::{self, Step, WaysIn};
use crate::access::{Page, PageRequest};

impl World {
    async fn ways(&self, who: &Actor) -> WaysIn {
        ways_in::of(&self.access, who, &ws("acme")).await.unwrap()
    }

    async fn found(&self, who: &Actor, text: &str) -> Vec<String> {
        let page = ways_in::search(&self.access, who, text, &PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|ways| ways.workspace.id.to_string()).collect()
    }

    async fn called(&self, id: &str, name: &str) {
        let named = Workspace { name: name.to_owned(), ..workspace(id) };
        workspaces::put(&self.access, &self.directory, named).await.unwrap();
    }
}

fn request() -> NewRequest {
    NewRequest {
        workspace: ws("acme"),
        subject: None,
        access: Reach::ReadOnly,
        duration: HOUR,
        reason: "the import of Monday hangs".parse().unwrap(),
        ticket: None,
        purpose: None,
        extends: None,
    }
}

fn emergency() -> NewEmergency {
    NewEmergency {
        workspace: ws("acme"),
        subject: "olga".parse().unwrap(),
        incident: "INC-7".parse().unwrap(),
        reason_code: "outage".to_owned(),
        reason: "nobody at the customer's can sign in".parse().unwrap(),
    }
}

#[tokio::test]
async fn a_workspace_is_found_by_its_id_or_by_any_word_of_its_name() {
    let world = World::new().await;
    let ada = world.engineer("ada").await;
    world.called("t-100", "Müller & Söhne").await;
    world.called("t-200", "100% Fresh_Food").await;
    world.called("gone", "Acme Gone").await;
    workspaces::delete(&world.access, &world.directory, &ws("gone")).await.unwrap();
    for (text, ids) in [
        ("", &["t-200", "acme", "globex", "t-100"][..]),
        ("ACM", &["acme"]),
        ("t-", &["t-200", "t-100"]),
        ("  Müller ", &["t-100"]),
        ("söhne", &["t-100"]),
        ("fresh_f", &["t-200"]),
        ("100%", &["t-200"]),
        ("%", &[]),
        ("_", &[]),
        ("!", &[]),
        ("cme", &[]),
    ] {
        assert_eq!(world.found(&ada, text).await, ids, "{text}");
    }
}

#[tokio::test]
async fn pages_of_workspaces_follow_each_other_by_name() {
    let world = World::new().await;
    let ada = world.engineer("ada").await;
    for (id, name) in [("z", "Alpha"), ("y", "Beta"), ("x", "alpha")] {
        world.called(id, name).await;
    }
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = PageRequest { after, limit: Some(2) };
        let Page { items, next } = ways_in::search(&world.access, &ada, "", &page).await.unwrap();
        seen.extend(items.into_iter().map(|ways| ways.workspace.id.to_string()));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["acme", "x", "z", "y", "globex"]);
}

#[tokio::test]
async fn the_next_step_leads_from_asking_to_being_inside() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    assert_eq!(world.ways(&ada).await.next(), Step::Ask);
    asking::create(&world.access, &ada, request(), None).await.unwrap();
    assert_eq!(world.ways(&ada).await.next(), Step::AwaitAnswer);
    assert_eq!(world.ways(&world.engineer("ben").await).await.next(), Step::Ask, "a colleague's request is not theirs");
    let grant = world.grant(&olga, for_a(DAY)).await.unwrap();
    let ways = world.ways(&ada).await;
    assert_eq!((ways.next(), ways.grants[0].grant.id.clone()), (Step::Enter, grant.id));
    assert_eq!(ways.grants[0].subject.email.as_str(), "olga@acme.example");
    world.enter(&ada, None).await.unwrap();
    assert_eq!(world.ways(&ada).await.next(), Step::GoOn);
    world.access.clock.shift(Span::from_seconds(2 * 86_400));
    assert_eq!(world.ways(&ada).await.next(), Step::Ask, "everything has ended by itself");
}

#[tokio::test]
async fn an_emergency_is_a_way_in_once_a_colleague_approved_it() {
    let world = World::new().await;
    let (ada, ben) = (world.engineer("ada").await, world.engineer("ben").await);
    world.olga().await;
    let declared = emergencies::declare(&world.access, &ada, emergency(), None).await.unwrap();
    assert_eq!(world.ways(&ada).await.next(), Step::AwaitApproval);
    emergencies::approve(&world.access, &ben, &declared.id).await.unwrap();
    assert_eq!(world.ways(&ada).await.next(), Step::EnterInEmergency);
    assert_eq!(world.ways(&ben).await.next(), Step::Ask, "nobody else enters by it");
}

#[tokio::test]
async fn a_grant_for_others_is_counted_and_one_to_come_is_shown_apart() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    world.grant(&olga, naming("ben")).await.unwrap();
    let starts_at = Some(world.access.clock.now().plus(HOUR));
    let later = world.grant(&olga, NewGrant { starts_at, ..for_a(DAY) }).await.unwrap();
    let ways = world.ways(&ada).await;
    assert_eq!((ways.others, ways.grants.len(), ways.next()), (1, 0, Step::Ask));
    assert_eq!(ways.later.iter().map(|lent| lent.grant.id.clone()).collect::<Vec<_>>(), [later.id]);
    members::delete(&world.access, &world.directory, &member_of(&olga).key()).await.unwrap();
    let ways = world.ways(&ada).await;
    assert_eq!((ways.later.len(), ways.next()), (0, Step::Ask), "whose login it was is gone");
}

#[tokio::test]
async fn forced_single_sign_on_shuts_every_way_and_the_workspace_is_still_found() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    world.grant(&olga, for_a(DAY)).await.unwrap();
    let forced = Workspace { forced_sso: true, ..workspace("acme") };
    workspaces::put(&world.access, &world.directory, forced).await.unwrap();
    let ways = world.ways(&ada).await;
    assert_eq!(ways.next(), Step::Nothing);
    assert_eq!(ways.no_request.map(|refusal| refusal.code), Some(Code::ForcedSso));
    assert_eq!(world.found(&ada, "acme").await, ["acme"]);
}

#[tokio::test]
async fn only_engineers_look_for_workspaces() {
    let world = World::new().await;
    for actor in [world.olga().await, world.operator.clone()] {
        let page = PageRequest::default();
        assert_eq!(code(ways_in::search(&world.access, &actor, "", &page).await), Code::PolicyDenied);
        assert_eq!(code(ways_in::of(&world.access, &actor, &ws("acme")).await), Code::PolicyDenied);
    }
    let ada = world.engineer("ada").await;
    assert_eq!(code(ways_in::of(&world.access, &ada, &ws("nowhere")).await), Code::NotFound);
}
