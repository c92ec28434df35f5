//! Stories about access requests: ada asks, the owners olga and otto answer.
use super::*;
use crate::access::access_requests::{self as asking, NewRequest, Shown};
use crate::access::support_access::overview;
use crate::access::{PageRequest, engineers, expiry};
use crate::domain::access_request::{How, Narrowed, State};
use crate::domain::grant::{Origin, Standing};
use crate::domain::id::{AccessRequestId, MemberId};
use crate::identity::AnswerLink;

fn wanted() -> NewRequest {
    NewRequest {
        workspace: ws("acme"),
        subject: None,
        access: Reach::Full,
        duration: DAY,
        reason: "the import of Monday hangs".parse().unwrap(),
        ticket: Some("4711".parse().unwrap()),
        purpose: Some("the import".parse().unwrap()),
        extends: None,
    }
}

impl World {
    async fn request(&self, who: &Actor, new: NewRequest) -> Result<Shown, AccessError> {
        asking::create(&self.access, who, new, None).await
    }

    async fn approve(&self, who: &Actor, id: &AccessRequestId, to: Narrowed) -> Result<Shown, AccessError> {
        asking::approve(&self.access, who, &ws("acme"), id, to).await
    }

    async fn decline(&self, who: &Actor, id: &AccessRequestId) -> Result<Shown, AccessError> {
        asking::decline(&self.access, who, &ws("acme"), id, Some("not now".parse().unwrap())).await
    }

    async fn state(&self, who: &Actor, id: &AccessRequestId) -> (State, Option<String>) {
        let request = asking::get(&self.access, who, id).await.unwrap().request;
        (request.state(self.access.clock.now()), request.closing.map(|closing| closing.by))
    }
}

fn as_asked() -> Narrowed {
    Narrowed::default()
}

#[tokio::test]
async fn an_approval_makes_a_grant_for_the_engineer_who_asked_and_its_time_counts_from_then() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    let id = world.request(&ada, wanted()).await.unwrap().request.id;
    assert_eq!(code(world.enter(&ada, None).await), Code::GrantMissing);
    world.access.clock.shift(HOUR);
    let approved = world.approve(&olga, &id, as_asked()).await.unwrap().request;

    let Some(How::Approved(grant)) = approved.closing.map(|closing| closing.how) else { panic!("no grant") };
    let grant = consent::get(&world.access, &olga, &ws("acme"), &grant).await.unwrap();
    assert_eq!((grant.subject.as_str(), grant.origin, grant.access), ("olga", Origin::Approval, Reach::Full));
    assert_eq!((grant.ticket.as_deref(), grant.purpose.as_deref()), (Some("4711"), Some("the import")));
    assert_eq!(grant.engineers, Some(vec!["ada".parse().unwrap()]));
    assert_eq!(grant.organization.as_deref(), Some("vendor"));
    assert!(grant.starts_at >= approved.created_at.plus(HOUR), "the clock starts at approval");
    assert_eq!(grant.expires_at, Some(grant.starts_at.plus(DAY)));
    assert_eq!(world.enter(&ada, None).await.unwrap().session.basis.grant(), Some(&grant.id));
    assert_eq!(code(world.enter(&world.engineer("ben").await, None).await), Code::NotNamed);
    let kinds = [Kind::RequestCreated, Kind::SessionRefused, Kind::RequestApproved, Kind::GrantCreated];
    assert_eq!(world.kinds().await[..4], kinds);
}

#[tokio::test]
async fn the_events_of_a_request_name_it_and_say_in_full_what_was_asked_and_answered() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    let first = world.request(&ada, wanted()).await.unwrap().request.id;
    world.approve(&olga, &first, as_asked()).await.unwrap();
    let second = world.request(&ada, wanted()).await.unwrap().request.id;
    world.decline(&olga, &second).await.unwrap();
    let events = world.events().await;
    let of = |kind: Kind| events.iter().filter(move |event| event.kind == kind).collect::<Vec<_>>();
    let facts = |event: &Event| -> serde_json::Value {
        serde_json::from_str(event.decision.as_ref().unwrap().facts.get()).unwrap()
    };
    let created = of(Kind::RequestCreated)[0];
    assert_eq!(created.case, Some((&first).into()));
    assert_eq!((created.subject.is_none(), facts(created)["request"]["duration"].as_str()), (true, Some("1d")));
    for event in [of(Kind::RequestApproved)[0], of(Kind::GrantCreated)[0]] {
        assert_eq!((event.case.clone(), event.grant.is_some()), (Some((&first).into()), true));
        assert_eq!(event.subject.as_ref().map(MemberId::as_str), Some("olga"));
        assert_eq!(event.engineer.as_ref().map(EngineerId::as_str), Some("ada"));
    }
    let declined = of(Kind::RequestDeclined)[0];
    assert_eq!((facts(declined)["comment"].as_str(), &declined.grant), (Some("not now"), &None));
}

#[tokio::test]
async fn a_member_may_give_less_than_was_asked_and_never_more() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    let looking = NewRequest { access: Reach::ReadOnly, ..wanted() };
    let id = world.request(&ada, looking).await.unwrap().request.id;
    for wider in [
        Narrowed { access: Some(Reach::Full), duration: None },
        Narrowed { access: None, duration: Some(Span::from_millis(DAY.as_millis() + 1)) },
    ] {
        assert_eq!(code(world.approve(&olga, &id, wider).await), Code::BadRequest);
    }
    let nothing = Narrowed { access: None, duration: Some(Span::ZERO) };
    assert_eq!(code(world.approve(&olga, &id, nothing).await), Code::BadRequest);
    let less = Narrowed { access: Some(Reach::ReadOnly), duration: Some(HOUR) };
    world.approve(&olga, &id, less).await.unwrap();
    let grants = overview(&world.access, &olga, &ws("acme")).await.unwrap().grants;
    assert_eq!(grants[0].expires_at, Some(grants[0].starts_at.plus(HOUR)));
}

#[tokio::test]
async fn a_declined_request_opens_nothing_and_is_answered_once_for_all() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    let id = world.request(&ada, wanted()).await.unwrap().request.id;
    world.decline(&olga, &id).await.unwrap();
    assert_eq!(code(world.enter(&ada, None).await), Code::GrantMissing);
    let late = refusal(world.approve(&olga, &id, as_asked()).await);
    assert_eq!(late.code, Code::Conflict);
    assert!(late.reason.contains("declined by `olga`"), "{late:?}");
    assert_eq!(code(asking::withdraw(&world.access, &ada, &id).await), Code::Conflict);
    let Some(How::Declined(comment)) =
        asking::get(&world.access, &ada, &id).await.unwrap().request.closing.map(|closing| closing.how)
    else {
        panic!("not declined")
    };
    assert_eq!(comment.as_deref(), Some("not now"));
}

#[tokio::test]
async fn the_member_whom_a_request_names_answers_it_and_nobody_else() {
    let world = World::new().await;
    let (olga, otto) = (world.olga().await, world.member("acme", "otto", Role::Owner).await);
    let ada = world.engineer("ada").await;
    let of_olga = NewRequest { subject: Some("olga".parse().unwrap()), ..wanted() };
    let id = world.request(&ada, of_olga.clone()).await.unwrap().request.id;
    assert_eq!(code(world.approve(&otto, &id, as_asked()).await), Code::WrongSubject);
    assert_eq!(code(world.decline(&otto, &id).await), Code::WrongSubject);
    world.approve(&olga, &id, as_asked()).await.unwrap();

    let nobody = NewRequest { subject: Some("nobody".parse().unwrap()), ..wanted() };
    assert_eq!(code(world.request(&ada, nobody).await), Code::NotFound);
    world.member("acme", "max", Role::Member).await;
    let of_max = NewRequest { subject: Some("max".parse().unwrap()), ..wanted() };
    assert_eq!(code(world.request(&ada, of_max).await), Code::NotOwner, "max could not give it");
}

#[tokio::test]
async fn who_may_not_consent_does_not_approve() {
    let world = World::new().await;
    let (ada, bob) = (world.engineer("ada").await, world.member("acme", "bob", Role::Admin).await);
    let id = world.request(&ada, wanted()).await.unwrap().request.id;
    assert_eq!(code(world.approve(&bob, &id, as_asked()).await), Code::NotOwner);
    let mut claims = world.claims("acme", "olga", Role::Owner);
    claims.impersonated = true;
    let somebody = world.access.member(claims).await.unwrap();
    assert_eq!(code(world.approve(&somebody, &id, as_asked()).await), Code::ConsentWhileImpersonated);
    assert_eq!(code(world.approve(&ada, &id, as_asked()).await), Code::PolicyDenied);
    assert_eq!(code(world.approve(&world.operator, &id, as_asked()).await), Code::PolicyDenied);
    let stranger = world.member("globex", "olga", Role::Owner).await;
    assert_eq!(code(world.approve(&stranger, &id, as_asked()).await), Code::NotFound);
    let elsewhere = asking::approve(&world.access, &stranger, &ws("globex"), &id, as_asked()).await;
    assert_eq!(code(elsewhere), Code::NotFound);
    assert_eq!(world.kinds().await, [Kind::RequestCreated]);
}

#[tokio::test]
async fn what_no_grant_may_be_is_not_asked_for_and_a_reason_is_one() {
    let world = World::new().await;
    let ada = world.engineer("ada").await;
    let month = NewRequest { duration: Span::from_seconds(30 * 86_400), ..wanted() };
    assert_eq!(code(world.request(&ada, month).await), Code::DurationTooLong);
    let empty = NewRequest { reason: "..........".parse().unwrap(), ..wanted() };
    assert_eq!(code(world.request(&ada, empty).await), Code::BadRequest);
    let nowhere = NewRequest { workspace: ws("initech"), ..wanted() };
    assert_eq!(code(world.request(&ada, nowhere).await), Code::NotFound);
    assert_eq!(code(world.request(&world.olga().await, wanted()).await), Code::PolicyDenied);
    assert!(world.kinds().await.is_empty());
}

#[tokio::test]
async fn an_engineer_sees_their_own_requests_and_five_wait_at_most() {
    let world = World::new().await;
    let (ada, ben) = (world.engineer("ada").await, world.engineer("ben").await);
    let first = asking::create(&world.access, &ada, wanted(), Some(once("k", 1))).await.unwrap().request.id;
    let again = asking::create(&world.access, &ada, wanted(), Some(once("k", 1))).await.unwrap().request.id;
    assert_eq!(first, again);
    for _ in 0..4 {
        world.request(&ada, wanted()).await.unwrap();
    }
    assert_eq!(code(world.request(&ada, wanted()).await), Code::Conflict);
    world.request(&ben, wanted()).await.unwrap();
    let list = async |who| asking::list(&world.access, who, &PageRequest::default()).await.unwrap().items.len();
    assert_eq!((list(&ada).await, list(&ben).await), (5, 1));
    assert_eq!(code(asking::get(&world.access, &ben, &first).await), Code::NotFound);
    assert_eq!(code(asking::withdraw(&world.access, &ben, &first).await), Code::NotFound);

    asking::withdraw(&world.access, &ada, &first).await.unwrap();
    asking::withdraw(&world.access, &ada, &first).await.unwrap();
    world.request(&ada, wanted()).await.unwrap();
    let olga = world.olga().await;
    assert_eq!(code(world.approve(&olga, &first, as_asked()).await), Code::Conflict);
    assert_eq!(overview(&world.access, &olga, &ws("acme")).await.unwrap().waiting.len(), 6);
    let all = asking::list_for_members(&world.access, &olga, &ws("acme"), &PageRequest::default()).await.unwrap();
    assert_eq!(all.items.len(), 7, "what was withdrawn stays to be seen");
}

#[tokio::test]
async fn a_request_that_nobody_answers_lapses() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    let id = world.request(&ada, wanted()).await.unwrap().request.id;
    world.access.clock.shift(DAY);
    assert_eq!(code(world.approve(&olga, &id, as_asked()).await), Code::Conflict, "before the sweep saw it");
    assert!(overview(&world.access, &olga, &ws("acme")).await.unwrap().waiting.is_empty());
    for _ in 0..2 {
        expiry::round(&world.access).await.unwrap();
    }
    assert_eq!(world.state(&ada, &id).await, (State::Lapsed, Some("clock".to_owned())));
    assert_eq!(world.kinds().await, [Kind::RequestCreated, Kind::RequestLapsed]);
}

#[tokio::test]
async fn with_the_right_to_ask_or_to_answer_the_request_ends() {
    let world = World::new().await;
    let (ada, ben) = (world.engineer("ada").await, world.engineer("ben").await);
    let olga = member_of(&world.olga().await);
    let of_olga = NewRequest { subject: Some(olga.id.clone()), ..wanted() };
    let named = world.request(&ben, of_olga).await.unwrap().request.id;
    members::delete(&world.access, &world.directory, &olga.key()).await.unwrap();
    assert_eq!(world.state(&ben, &named).await, (State::Lapsed, Some("directory:directory".to_owned())));

    let asked = world.request(&ada, wanted()).await.unwrap().request.id;
    let waiting = world.request(&ben, wanted()).await.unwrap().request.id;
    engineers::put(&world.access, &world.directory, &"ada".parse().unwrap(), true).await.unwrap();
    assert_eq!(world.state(&ada, &asked).await, (State::Withdrawn, Some("directory:directory".to_owned())));
    let shut = Workspace { forced_sso: true, ..workspace("acme") };
    workspaces::put(&world.access, &world.directory, shut).await.unwrap();
    assert_eq!(world.state(&ben, &waiting).await, (State::Lapsed, Some("forced-sso".to_owned())));
    assert_eq!(code(world.request(&ben, wanted()).await), Code::ForcedSso);
}

#[tokio::test]
async fn a_mailed_link_answers_one_request_as_one_member_while_that_member_may() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    let request = world.request(&ada, wanted()).await.unwrap().request;
    let link =
        AnswerLink { request: request.id.clone(), member: member_of(&olga).key(), expires_at: request.lapses_at };
    let open = async |link: &AnswerLink| {
        let token = world.access.answers.token(link);
        asking::open(&world.access, &token, false).await
    };
    let opened = open(&link).await.unwrap();
    assert_eq!((opened.member.id.as_str(), &opened.shown.request), ("olga", &request));
    assert_eq!(code(asking::open(&world.access, "cha_AAAA", false).await), Code::Unauthenticated);
    let over = AnswerLink { expires_at: world.access.clock.now(), ..link.clone() };
    assert_eq!(code(open(&over).await), Code::Conflict);
    let elsewhere = MemberKey { workspace: ws("globex"), id: "olga".parse().unwrap() };
    world.member("globex", "olga", Role::Owner).await;
    assert_eq!(code(open(&AnswerLink { member: elsewhere, ..link.clone() }).await), Code::NotFound);

    members::put(&world.access, &world.directory, Member { role: Role::Member, ..member_of(&olga) }).await.unwrap();
    assert_eq!(code(open(&link).await), Code::NotOwner);
    members::put(&world.access, &world.directory, member_of(&olga)).await.unwrap();
    let opened = open(&link).await.unwrap();
    world.approve(&opened.actor, &request.id, as_asked()).await.unwrap();
    assert_eq!(code(open(&link).await), Code::Conflict, "it works once");
    members::delete(&world.access, &world.directory, &member_of(&olga).key()).await.unwrap();
    assert_eq!(code(open(&link).await), Code::Unauthenticated);
}

#[tokio::test]
async fn of_two_answers_at_once_one_counts() {
    let world = World::new().await;
    let (olga, otto) = (world.olga().await, world.member("acme", "otto", Role::Owner).await);
    let id = world.request(&world.engineer("ada").await, wanted()).await.unwrap().request.id;
    let (one, other) = tokio::join!(world.approve(&olga, &id, as_asked()), world.approve(&otto, &id, as_asked()));
    assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1);
    let grants = overview(&world.access, &olga, &ws("acme")).await.unwrap().grants;
    assert_eq!(
        grants.iter().map(|grant| grant.standing(world.access.clock.now())).collect::<Vec<_>>(),
        [Standing::Live]
    );
}
