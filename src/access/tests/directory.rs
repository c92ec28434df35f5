//! Stories about the directory, and about tokens that say something else.
use super::*;
use crate::access::{engineers, support_access};

fn olga(role: Role) -> Member {
    let email = "olga@acme.example".parse().unwrap();
    Member { workspace: ws("acme"), id: "olga".parse().unwrap(), email, role }
}

fn forced(forced_sso: bool) -> Workspace {
    Workspace { forced_sso, ..workspace("acme") }
}

#[tokio::test]
async fn forced_sso_ends_sessions_and_revokes_grants_and_flipping_back_revives_nothing() {
    let world = World::new().await;
    let (owner, ada) = (world.olga().await, world.engineer("ada").await);
    let live = world.grant(&owner, for_a(DAY)).await.unwrap();
    let tomorrow = world.access.clock.now().plus(DAY);
    let future = world.grant(&owner, NewGrant { starts_at: Some(tomorrow), ..for_a(DAY) }).await.unwrap();
    let started = world.enter(&ada, None).await.unwrap();

    assert!(!workspaces::put(&world.access, &world.directory, forced(true)).await.unwrap());
    let cause =
        world.access.store.admission(&started.token.hash()).await.unwrap().unwrap().session.ended.unwrap().cause;
    assert_eq!(cause, Code::ForcedSso);
    assert_eq!(code(world.enter(&ada, None).await), Code::ForcedSso);
    assert_eq!(code(world.grant(&owner, for_a(DAY)).await), Code::ForcedSso);
    let overview = support_access::overview(&world.access, &owner, &ws("acme")).await.unwrap();
    assert!(
        overview.excluded.is_some_and(|refusal| refusal.code == Code::ForcedSso)
            && overview.grants.is_empty()
            && overview.sessions.is_empty()
    );

    workspaces::put(&world.access, &world.directory, forced(false)).await.unwrap();
    for id in [&live.id, &future.id] {
        let grant = consent::get(&world.access, &owner, &ws("acme"), id).await.unwrap();
        assert_eq!(grant.revoked_by.as_deref(), Some("forced-sso"));
    }
    assert!(matches!(code(world.enter(&ada, None).await), Code::GrantRevoked));
}

#[tokio::test]
async fn a_deleted_members_tokens_are_refused_and_their_sessions_end() {
    let world = World::new().await;
    let (owner, ada) = (world.olga().await, world.engineer("ada").await);
    world.grant(&owner, for_a(DAY)).await.unwrap();
    let started = world.enter(&ada, None).await.unwrap();
    members::delete(&world.access, &world.directory, &olga(Role::Owner).key()).await.unwrap();

    let admission = world.access.store.admission(&started.token.hash()).await.unwrap().unwrap();
    assert_eq!(admission.subject, None);
    assert_eq!(admission.session.ended.map(|ended| ended.cause), Some(Code::GrantEnded));
    let token = world.claims("acme", "olga", Role::Owner);
    assert_eq!(code(world.access.member(token).await), Code::Unauthenticated);
    assert_eq!(code(world.grant(&owner, for_a(DAY)).await), Code::Unauthenticated, "nor does an actor made before");
    assert_eq!(code(world.enter(&ada, None).await), Code::GrantEnded);
    let again = members::delete(&world.access, &world.directory, &olga(Role::Owner).key()).await;
    assert_eq!(code(again), Code::NotFound);
}

#[tokio::test]
async fn the_directorys_later_word_wins_over_an_older_token() {
    let world = World::new().await;
    let old = world.claims("acme", "olga", Role::Owner);
    world.access.clock.shift(Span::from_seconds(1));
    assert!(members::put(&world.access, &world.directory, olga(Role::Member)).await.unwrap());
    let Actor::Member(who) = world.access.member(old).await.unwrap() else { panic!("not a member") };
    assert_eq!(who.member.role, Role::Member);

    world.access.clock.shift(Span::from_seconds(1));
    let Actor::Member(who) = world.olga().await else { panic!("not a member") };
    assert_eq!(who.member.role, Role::Owner, "a token made after the directory's word is the newer truth");
    let key = olga(Role::Owner).key();
    assert_eq!(members::get(&world.access, &world.directory, &key).await.unwrap().role, Role::Owner);
}

#[tokio::test]
async fn an_older_token_does_not_undo_a_newer_one() {
    let world = World::new().await;
    let old = world.claims("acme", "olga", Role::Owner);
    world.access.clock.shift(Span::from_seconds(1));
    world.member("acme", "olga", Role::Member).await;
    let Actor::Member(who) = world.access.member(old).await.unwrap() else { panic!("not a member") };
    assert_eq!(who.member.role, Role::Member);
}

#[tokio::test]
async fn a_token_that_says_nothing_new_writes_nothing() {
    let world = World::new().await;
    world.olga().await;
    let before = world.access.store.latest_change().await.unwrap();
    world.olga().await;
    world.engineer("ada").await;
    world.engineer("ada").await;
    assert_eq!(world.access.store.latest_change().await.unwrap(), before + 1, "ada's first sign-in, nothing else");
}

#[tokio::test]
async fn the_same_id_in_two_workspaces_is_two_members() {
    let world = World::new().await;
    world.olga().await;
    world.member("globex", "olga", Role::Member).await;
    let get = async |place: &str| {
        let key = MemberKey { workspace: ws(place), id: "olga".parse().unwrap() };
        members::get(&world.access, &world.operator, &key).await
    };
    assert_eq!(get("acme").await.unwrap().role, Role::Owner);
    assert_eq!(get("globex").await.unwrap().role, Role::Member);
    assert_eq!(code(get("initech").await), Code::NotFound);
    let nowhere = world.claims("initech", "olga", Role::Owner);
    assert_eq!(code(world.access.member(nowhere).await), Code::NotFound);
}

#[tokio::test]
async fn a_disabled_engineer_is_shown_out_and_stays_out() {
    let world = World::new().await;
    world.grant(&world.olga().await, for_a(DAY)).await.unwrap();
    let ada = world.engineer("ada").await;
    let started = world.enter(&ada, None).await.unwrap();
    let id: EngineerId = "ada".parse().unwrap();
    assert!(!engineers::put(&world.access, &world.directory, &id, true).await.unwrap());
    let cause =
        world.access.store.admission(&started.token.hash()).await.unwrap().unwrap().session.ended.unwrap().cause;
    assert_eq!(cause, Code::PolicyDenied, "the session says what a new one would be refused with");
    assert_eq!(code(world.access.engineer(staff("ada")).await), Code::PolicyDenied);
    assert_eq!(code(world.enter(&ada, None).await), Code::PolicyDenied, "nor does an actor made before");
    engineers::put(&world.access, &world.directory, &id, false).await.unwrap();
    let started = world.enter(&world.engineer("ada").await, None).await.unwrap();

    engineers::delete(&world.access, &world.directory, &id).await.unwrap();
    let admission = world.access.store.admission(&started.token.hash()).await.unwrap().unwrap();
    assert_eq!(admission.session.ended.map(|ended| ended.cause), Some(Code::PolicyDenied), "nor if they are forgotten");
}

#[tokio::test]
async fn an_engineer_can_be_disabled_before_the_first_sign_in() {
    let world = World::new().await;
    let id: EngineerId = "eve".parse().unwrap();
    assert!(engineers::put(&world.access, &world.directory, &id, true).await.unwrap());
    assert_eq!(code(world.access.engineer(staff("eve")).await), Code::PolicyDenied);
    engineers::delete(&world.access, &world.directory, &id).await.unwrap();
    assert_eq!(code(engineers::get(&world.access, &world.operator, &id).await), Code::NotFound);
    world.engineer("eve").await;
    assert_eq!(engineers::get(&world.access, &world.operator, &id).await.unwrap().name, "EVE");
}

#[tokio::test]
async fn a_removed_workspace_takes_its_sessions_and_grants_along() {
    let world = World::new().await;
    let (owner, ada) = (world.olga().await, world.engineer("ada").await);
    let grant = world.grant(&owner, for_a(DAY)).await.unwrap();
    let started = world.enter(&ada, None).await.unwrap();
    workspaces::delete(&world.access, &world.directory, &ws("acme")).await.unwrap();
    assert_eq!(code(workspaces::get(&world.access, &world.operator, &ws("acme")).await), Code::NotFound);
    assert_eq!(code(world.grant(&owner, for_a(DAY)).await), Code::NotFound);
    let admission = world.access.store.admission(&started.token.hash()).await.unwrap().unwrap();
    assert_eq!(admission.session.ended.map(|ended| ended.cause), Some(Code::GrantEnded));

    assert!(workspaces::put(&world.access, &world.directory, workspace("acme")).await.unwrap());
    let owner = world.olga().await;
    let old = consent::get(&world.access, &owner, &ws("acme"), &grant.id).await.unwrap();
    assert!(old.revoked_at.is_some(), "a workspace of the same name revives nothing");
}

#[tokio::test]
async fn the_directory_is_written_with_its_own_scope_only() {
    let world = World::new().await;
    for actor in [world.operator.clone(), world.olga().await, world.engineer("ada").await] {
        assert_eq!(code(workspaces::put(&world.access, &actor, forced(true)).await), Code::PolicyDenied);
        assert_eq!(code(members::put(&world.access, &actor, olga(Role::Owner)).await), Code::PolicyDenied);
    }
}
