//! Stories about sessions.
use super::*;
use crate::access::{PageRequest, expiry};
use crate::domain::session::BasisId;

#[tokio::test]
async fn an_engineer_enters_on_the_only_grant_and_is_shown_out_by_its_end() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    assert_eq!(code(world.enter(&ada, None).await), Code::GrantMissing);
    let grant = world.grant(&olga, for_a(DAY)).await.unwrap();
    let started = world.enter(&ada, None).await.unwrap();
    assert_eq!((started.session.basis.grant(), started.session.subject.as_str()), (Some(&grant.id), "olga"));
    assert_eq!(started.session.expires_at, started.session.started_at.plus(Span::from_seconds(8 * 3600)));

    let past = Lasting::Until(grant.starts_at.plus(Span::from_millis(1)));
    world.access.clock.shift(HOUR);
    let over = consent::change(&world.access, &olga, &ws("acme"), &grant.id, past).await.unwrap();
    assert!(over.expires_at.is_some_and(|end| end >= grant.starts_at.plus(HOUR)));
    let admission = world.access.store.admission(&started.token.hash()).await.unwrap().unwrap();
    assert_eq!(admission.session.ended.map(|ended| ended.cause), Some(Code::GrantEnded));
    let kinds =
        [Kind::SessionRefused, Kind::GrantCreated, Kind::SessionStarted, Kind::SessionEnded, Kind::GrantChanged];
    assert_eq!(world.kinds().await, kinds);
}

#[tokio::test]
async fn a_session_never_outlasts_its_grant() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    let grant = world.grant(&olga, for_a(HOUR)).await.unwrap();
    let session = world.enter(&ada, None).await.unwrap().session;
    assert_eq!(Some(session.expires_at), grant.expires_at);
    consent::change(&world.access, &olga, &ws("acme"), &grant.id, Lasting::For(DAY)).await.unwrap();
    let renewed = entering::renew(&world.access, &ada, &session.id).await.unwrap();
    assert!(renewed.expires_at > session.expires_at);
    let half = Lasting::For(Span::from_seconds(1800));
    let shorter = consent::change(&world.access, &olga, &ws("acme"), &grant.id, half).await.unwrap();
    let again = entering::renew(&world.access, &ada, &session.id).await.unwrap();
    assert_eq!(Some(again.expires_at), shorter.expires_at);
    let ben = world.engineer("ben").await;
    assert_eq!(code(entering::renew(&world.access, &ben, &session.id).await), Code::NotFound);
}

#[tokio::test]
async fn several_fitting_grants_are_a_choice_and_the_named_one_is_taken() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    let zoe = world.member("acme", "zoe", Role::Owner).await;
    let one = world.grant(&olga, for_a(DAY)).await.unwrap();
    let two = world.grant(&zoe, for_a(DAY)).await.unwrap();
    world.grant(&zoe, naming("ben")).await.unwrap();
    let Err(AccessError::ChooseGrant(mut ids)) = world.enter(&ada, None).await else { panic!("no choice") };
    ids.sort();
    let mut both = [one.id.clone(), two.id];
    both.sort();
    assert_eq!(ids, both);
    assert_eq!(world.enter(&ada, Some(&one.id)).await.unwrap().session.basis, BasisId::Grant(one.id));
}

#[tokio::test]
async fn without_a_fitting_grant_the_nearest_tells_why() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    let revoked = world.grant(&olga, naming("ben")).await.unwrap();
    consent::revoke(&world.access, &olga, &ws("acme"), &revoked.id).await.unwrap();
    let tomorrow = world.access.clock.now().plus(DAY);
    world.grant(&olga, NewGrant { starts_at: Some(tomorrow), ..for_a(DAY) }).await.unwrap();
    assert_eq!(code(world.enter(&ada, None).await), Code::GrantNotYet);
    assert_eq!(code(world.enter(&ada, Some(&revoked.id)).await), Code::NotNamed);
    let refused = world.events().await.pop().unwrap();
    assert_eq!((refused.kind, refused.grant), (Kind::SessionRefused, Some(revoked.id)));
    assert_eq!(refused.decision.and_then(|decision| decision.code).as_deref(), Some("not-named"));
}

#[tokio::test]
async fn an_unknown_workspace_is_refused_like_one_without_grants() {
    let world = World::new().await;
    let ada = world.engineer("ada").await;
    let unknown = refusal(entering::start(&world.access, &ada, entry("initech", None), None).await);
    let empty = refusal(world.enter(&ada, None).await);
    assert_eq!(unknown, empty);
    let elsewhere = world.grant(&world.olga().await, for_a(DAY)).await.unwrap();
    let misplaced = entering::start(&world.access, &ada, entry("globex", Some(&elsewhere.id)), None).await;
    assert_eq!(refusal(misplaced), empty);
}

#[tokio::test]
async fn a_repeated_start_is_the_same_session_under_a_new_token() {
    let world = World::new().await;
    let ada = world.engineer("ada").await;
    world.grant(&world.olga().await, for_a(DAY)).await.unwrap();
    let start = |digest| entering::start(&world.access, &ada, entry("acme", None), Some(once("k", digest)));
    let (first, second) = (start(1).await.unwrap(), start(1).await.unwrap());
    assert_eq!(first.session.id, second.session.id);
    let store = &world.access.store;
    assert!(store.admission(&first.token.hash()).await.unwrap().is_none(), "the old token is unknown");
    assert!(store.admission(&second.token.hash()).await.unwrap().is_some());
    assert_eq!(code(start(2).await), Code::Conflict);
}

#[tokio::test]
async fn sessions_are_ended_by_their_engineer_a_member_or_an_operator_and_by_nobody_else() {
    let world = World::new().await;
    let (olga, ada, ben) = (world.olga().await, world.engineer("ada").await, world.engineer("ben").await);
    world.grant(&olga, for_a(DAY)).await.unwrap();
    let access = &world.access;
    let [one, two, three] =
        [world.enter(&ada, None).await, world.enter(&ada, None).await, world.enter(&ada, None).await]
            .map(|started| started.unwrap());
    assert_eq!(code(entering::end(access, &ben, &one.session.id).await), Code::NotFound);
    assert_eq!(code(entering::end_for_member(access, &olga, &ws("globex"), &two.session.id).await), Code::NotFound);
    let ended = entering::end(access, &ada, &one.session.id).await.unwrap().ended.unwrap();
    assert_eq!(ended.cause, Code::SessionEnded);
    assert_eq!(entering::end(access, &ada, &one.session.id).await.unwrap().ended, Some(ended), "ending twice is fine");
    entering::end_for_member(access, &olga, &ws("acme"), &two.session.id).await.unwrap();
    entering::end(access, &world.operator, &three.session.id).await.unwrap();
    let listed = entering::list(access, &olga, &ws("acme"), &PageRequest::default()).await.unwrap().items;
    assert!(listed.len() == 3 && listed.iter().all(|shown| shown.session.ended.is_some()));
    assert_eq!(code(entering::current(access, &ben, &one.token.hash()).await), Code::NoSession);
    assert!(entering::current(access, &ada, &one.token.hash()).await.unwrap().ended.is_some());
    assert_eq!(code(entering::renew(access, &ada, &one.session.id).await), Code::SessionEnded);
}

#[tokio::test]
async fn what_nobody_ends_ends_by_itself_with_its_own_cause() {
    let world = World::new().await;
    let (olga, ada) = (world.olga().await, world.engineer("ada").await);
    let short = world.grant(&olga, for_a(HOUR)).await.unwrap();
    let long = world.grant(&olga, for_a(DAY)).await.unwrap();
    let on_short = world.enter(&ada, Some(&short.id)).await.unwrap();
    let idle = world.enter(&ada, Some(&long.id)).await.unwrap();
    let busy = world.enter(&ada, Some(&long.id)).await.unwrap();
    let cause = async |started: &Started| {
        let admission = world.access.store.admission(&started.token.hash()).await.unwrap();
        admission.and_then(|admission| admission.session.ended).map(|ended| ended.cause)
    };
    world.access.clock.shift(Span::from_seconds(3601));
    world.access.store.touch(&[(busy.session.id.clone(), world.access.clock.now())]).await.unwrap();
    expiry::round(&world.access).await.unwrap();
    assert_eq!(cause(&on_short).await, Some(Code::GrantEnded));
    assert_eq!(cause(&idle).await, Some(Code::SessionIdle));
    assert_eq!(cause(&busy).await, None);

    world.access.clock.shift(Span::from_seconds(7 * 3600));
    world.access.store.touch(&[(busy.session.id.clone(), world.access.clock.now())]).await.unwrap();
    expiry::round(&world.access).await.unwrap();
    assert_eq!(cause(&busy).await, Some(Code::SessionEnded));
    world.access.clock.shift(DAY);
    expiry::round(&world.access).await.unwrap();
    assert!(world.access.store.admission(&busy.token.hash()).await.unwrap().is_none(), "its cause was kept for a day");
}

#[tokio::test]
async fn whoever_was_counted_out_meanwhile_begins_and_renews_nothing() {
    let world = World::new().await;
    world.grant(&world.olga().await, for_a(DAY)).await.unwrap();
    let ada = world.engineer("ada").await;
    let started = world.enter(&ada, None).await.unwrap();
    let moved = EngineerClaims { groups: ["sales".to_owned()].into(), ..staff("ada") };
    assert_eq!(code(world.access.engineer(moved).await), Code::PolicyDenied);
    assert_eq!(code(world.enter(&ada, None).await), Code::PolicyDenied);
    assert_eq!(code(entering::renew(&world.access, &ada, &started.session.id).await), Code::PolicyDenied);

    let mut ben = world.engineer("ben").await;
    if let Actor::Engineer(ben) = &mut ben {
        ben.signed_by = Some("a key that the issuer does not have".to_owned());
    }
    assert_eq!(code(world.enter(&ben, None).await), Code::Unauthenticated);
}
