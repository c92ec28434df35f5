//! Stories about grants.
use super::*;
use crate::access::PageRequest;
use crate::access::support_access::overview;
use crate::domain::grant::Standing;
use crate::store::Announcement;

#[tokio::test]
async fn an_owner_grants_extends_shortens_and_revokes() {
    let world = World::new().await;
    let olga = world.olga().await;
    let grant = world.grant(&olga, for_a(DAY)).await.unwrap();
    assert_eq!(grant.subject.as_str(), "olga");
    assert_eq!(grant.standing(world.access.clock.now()), Standing::Live);

    let three = Span::from_seconds(3 * 86_400);
    let longer = consent::change(&world.access, &olga, &ws("acme"), &grant.id, Lasting::For(three)).await.unwrap();
    assert_eq!(longer.expires_at, Some(grant.starts_at.plus(three)));
    let shorter = consent::change(&world.access, &olga, &ws("acme"), &grant.id, Lasting::For(HOUR)).await.unwrap();
    assert_eq!((shorter.expires_at, shorter.revision), (Some(grant.starts_at.plus(HOUR)), 3));
    let same = consent::change(&world.access, &olga, &ws("acme"), &grant.id, Lasting::For(HOUR)).await.unwrap();
    assert_eq!(same, shorter);

    let first = consent::revoke(&world.access, &olga, &ws("acme"), &grant.id).await.unwrap();
    let second = consent::revoke(&world.access, &world.operator, &ws("acme"), &grant.id).await.unwrap();
    assert_eq!(first, second);
    let revoked = consent::get(&world.access, &olga, &ws("acme"), &grant.id).await.unwrap();
    assert_eq!((revoked.revoked_at, revoked.revoked_by.as_deref()), (Some(first.revoked_at), Some("olga")));
    let again = consent::change(&world.access, &olga, &ws("acme"), &grant.id, Lasting::For(DAY)).await;
    assert_eq!(code(again), Code::Conflict);
    let kinds = [Kind::GrantCreated, Kind::GrantChanged, Kind::GrantChanged, Kind::GrantRevoked];
    assert_eq!(world.kinds().await, kinds);
}

#[tokio::test]
async fn only_owners_grant_and_a_longest_duration_is_named_beside() {
    let world = World::new().await;
    let bob = world.member("acme", "bob", Role::Admin).await;
    let refused = refusal(world.grant(&bob, for_a(Span::from_seconds(30 * 86_400))).await);
    assert_eq!(refused.code, Code::NotOwner);
    assert!(refused.also.contains(&Code::DurationTooLong), "{refused:?}");
    assert!(world.kinds().await.is_empty(), "what was refused left no trace of a grant");
}

#[tokio::test]
async fn a_grant_needs_an_end_within_the_limits() {
    let world = World::new().await;
    let olga = world.olga().await;
    let endless = NewGrant { lasting: None, ..for_a(DAY) };
    assert_eq!(code(world.grant(&olga, endless).await), Code::DurationRequired);
    let until_revoked = NewGrant { lasting: Some(Lasting::UntilRevoked), ..for_a(DAY) };
    assert_eq!(code(world.grant(&olga, until_revoked).await), Code::DurationRequired);
    let week_and_a_bit = for_a(Span::from_millis(7 * 86_400_000 + 1));
    assert_eq!(code(world.grant(&olga, week_and_a_bit).await), Code::DurationTooLong);
    assert_eq!(code(world.grant(&olga, for_a(Span::ZERO)).await), Code::BadRequest);
    let nobody = NewGrant { engineers: Some(Vec::new()), ..for_a(DAY) };
    assert_eq!(code(world.grant(&olga, nobody).await), Code::BadRequest);
    let grant = world.grant(&olga, for_a(DAY)).await.unwrap();
    let eight = Lasting::For(Span::from_seconds(8 * 86_400));
    let extended = consent::change(&world.access, &olga, &ws("acme"), &grant.id, eight).await;
    assert_eq!(code(extended), Code::DurationTooLong);
}

#[tokio::test]
async fn whoever_acts_in_a_members_login_reads_but_never_consents() {
    let world = World::new().await;
    let mut claims = world.claims("acme", "olga", Role::Owner);
    claims.impersonated = true;
    let somebody = world.access.member(claims).await.unwrap();
    assert_eq!(code(world.grant(&somebody, for_a(DAY)).await), Code::ConsentWhileImpersonated);
    assert!(
        consent::list(&world.access, &somebody, &ws("acme"), &PageRequest::default()).await.unwrap().items.is_empty()
    );
}

#[tokio::test]
async fn another_tenants_grant_is_not_there() {
    let world = World::new().await;
    let grant = world.grant(&world.olga().await, for_a(DAY)).await.unwrap();
    let other_olga = world.member("globex", "olga", Role::Owner).await;
    for place in ["acme", "globex"] {
        let (access, place) = (&world.access, ws(place));
        assert_eq!(code(consent::get(access, &other_olga, &place, &grant.id).await), Code::NotFound);
        assert_eq!(code(consent::revoke(access, &other_olga, &place, &grant.id).await), Code::NotFound);
    }
    let ada = world.engineer("ada").await;
    assert_eq!(code(consent::get(&world.access, &ada, &ws("acme"), &grant.id).await), Code::PolicyDenied);
    assert_eq!(code(world.grant(&world.operator, for_a(DAY)).await), Code::PolicyDenied);
}

#[tokio::test]
async fn a_repeated_call_makes_one_grant_and_a_reused_key_is_a_conflict() {
    let world = World::new().await;
    let olga = world.olga().await;
    let acme = ws("acme");
    let first = consent::create(&world.access, &olga, &acme, for_a(DAY), Some(once("k", 1))).await.unwrap();
    let second = consent::create(&world.access, &olga, &acme, for_a(DAY), Some(once("k", 1))).await.unwrap();
    assert_eq!(first, second);
    let other = consent::create(&world.access, &olga, &acme, for_a(HOUR), Some(once("k", 2))).await;
    assert_eq!(code(other), Code::Conflict);
    assert_eq!(world.kinds().await, [Kind::GrantCreated]);
}

#[tokio::test]
async fn nobody_lends_another_members_login_for_longer() {
    let world = World::new().await;
    let (olga, zoe) = (world.olga().await, world.member("acme", "zoe", Role::Owner).await);
    let grant = world.grant(&olga, for_a(DAY)).await.unwrap();
    let change = async |span| consent::change(&world.access, &zoe, &ws("acme"), &grant.id, Lasting::For(span)).await;
    let refused = refusal(change(Span::from_seconds(8 * 86_400)).await);
    assert_eq!((refused.code, refused.also.contains(&Code::DurationTooLong)), (Code::WrongSubject, true));
    assert!(change(HOUR).await.is_ok(), "but another owner may shorten it");
}

#[tokio::test]
async fn a_call_that_is_dropped_midway_leaves_a_grant_with_its_event_or_neither() {
    let world = World::new().await;
    let olga = world.olga().await;
    for patience in 0..60 {
        tokio::select! {
            biased;
            _ = world.grant(&olga, for_a(DAY)) => {}
            () = async { for _ in 0..patience * 20 { tokio::task::yield_now().await } } => {}
        }
    }
    // One connection writes: when it is free, the commit that was under way is over.
    drop(world.access.store.write().await.unwrap());
    let page = PageRequest { after: None, limit: Some(200) };
    let grants = consent::list(&world.access, &olga, &ws("acme"), &page).await.unwrap().items;
    let mut made: Vec<_> = grants.into_iter().map(|grant| grant.id).collect();
    let events = world.events().await.into_iter().filter(|event| event.kind == Kind::GrantCreated);
    let mut told: Vec<_> = events.filter_map(|event| event.grant).collect();
    made.sort();
    told.sort();
    assert_eq!(made, told);
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let world = World::new().await;
    let olga = world.olga().await;
    for _ in 0..3 {
        world.grant(&olga, for_a(DAY)).await.unwrap();
    }
    let page = |after| PageRequest { after, limit: Some(2) };
    let first = consent::list(&world.access, &olga, &ws("acme"), &page(None)).await.unwrap();
    let second = consent::list(&world.access, &olga, &ws("acme"), &page(first.next.clone())).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (2, 1, None));
    let odd = consent::list(&world.access, &olga, &ws("acme"), &page(Some("no cursor".into()))).await;
    assert_eq!(code(odd), Code::BadRequest);
}

#[tokio::test]
async fn a_revoke_answers_only_after_every_subscriber_and_tells_what_they_cut() {
    let world = World::new().await;
    let olga = world.olga().await;
    let ada = world.engineer("ada").await;
    let grant = world.grant(&olga, for_a(DAY)).await.unwrap();
    world.enter(&ada, None).await.unwrap();
    let mut subscription = world.access.feed.subscribe();
    let (access, id) = (world.access.clone(), grant.id.clone());
    let acme = ws("acme");
    let revoke = consent::revoke(&access, &olga, &acme, &id);
    tokio::pin!(revoke);
    let Announcement { sequence, done } = tokio::select! {
        _ = &mut revoke => panic!("answered although nobody has acted"),
        told = subscription.recv() => told.unwrap(),
    };
    assert_eq!(sequence, world.access.store.latest_change().await.unwrap());
    done.send(crate::store::Ack { streams_cut: 3 }).unwrap();
    let revoked = revoke.await.unwrap();
    assert_eq!((revoked.sessions_ended, revoked.streams_cut), (1, 3));
}

#[tokio::test]
async fn the_overview_tells_what_stands_and_what_may_be_chosen() {
    let world = World::new().await;
    let olga = world.olga().await;
    let before = overview(&world.access, &olga, &ws("acme")).await.unwrap();
    assert!(!before.granted && before.excluded.is_none() && before.grants.is_empty());
    world.grant(&olga, for_a(DAY)).await.unwrap();
    world.enter(&world.engineer("ada").await, None).await.unwrap();
    let during = overview(&world.access, &olga, &ws("acme")).await.unwrap();
    assert!(during.granted && during.grants.len() == 1 && during.sessions[0].engineer_name == "ADA");

    let zoe = world.member("acme", "zoe", Role::Owner).await;
    let demoted = Member { role: Role::Member, ..member_of(&olga) };
    members::put(&world.access, &world.directory, demoted).await.unwrap();
    let after = overview(&world.access, &zoe, &ws("acme")).await.unwrap();
    assert!(!after.granted, "a grant has no effect while its subject has lost the role that let them grant");
}
