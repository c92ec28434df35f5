//! Who may give access, to whom, and what ends it.
use chaperone::domain::time::{Clock, Span};
use serde_json::{Value, json};

use crate::world::{Member, World, engineers, members, refused, request};

fn full() -> Value {
    json!({"access": "full", "duration": "1d"})
}

fn enter(workspace: &str) -> Value {
    json!({"workspace": workspace, "reason": "an invoice is wrong"})
}

#[tokio::test]
async fn forced_sso_ends_support_access_at_once_and_a_flip_back_revives_nothing() {
    let world = World::start().await;
    let grant = world.grant(&members::OLGA, full()).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let events = world.events(&ada, "/w/acme/events").await;

    world.put_workspace("acme", json!({"forced_sso": true})).await;
    events.until_the_end("forced-sso").await;
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "forced-sso"));
    assert_eq!(world.try_grant(&members::OLGA, full()).await.problem(), refused(403, "forced-sso"));
    let shown = world.api("GET", "/workspaces/acme/support-access", &world.member(&members::OLGA), None).await;
    assert_eq!(shown.expect(200).json()["excluded"], "forced-sso");
    world.revoke(&members::OLGA, &grant).await;

    world.put_workspace("acme", json!({"forced_sso": false})).await;
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.status, 403);
    assert_eq!(world.try_enter(&engineers::ADA, enter("acme")).await.problem(), refused(403, "grant-revoked"));
    assert_eq!(world.app.seen().len(), 1, "only the stream, which was cut");
}

#[tokio::test]
async fn an_owner_can_still_revoke_under_forced_sso_a_grant_that_is_to_come() {
    let world = World::start().await;
    let start = Clock::system().now().plus(Span::from_seconds(86_400));
    let later = json!({"access": "full", "starts_at": start.to_string(), "duration": "1d"});
    let grant = world.grant(&members::OLGA, later).await;
    world.put_workspace("acme", json!({"forced_sso": true})).await;
    world.revoke(&members::OLGA, &grant).await;
    let path = format!("/workspaces/acme/grants/{grant}");
    let shown = world.api("GET", &path, &world.member(&members::OLGA), None).await.expect(200).json();
    assert_eq!(shown["standing"], "revoked");
}

#[tokio::test]
async fn a_grant_has_no_effect_once_its_subject_is_no_owner_any_more() {
    let world = World::start().await;
    world.grant(&members::OLGA, full()).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let events = world.events(&ada, "/w/acme/events").await;
    world.put_member(&Member { role: "member", ..members::OLGA }).await;
    events.until_the_end("grant-ended").await;
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "grant-ended"));
    assert_eq!(world.try_enter(&engineers::ADA, enter("acme")).await.problem(), refused(403, "grant-ended"));
}

#[tokio::test]
async fn a_deleted_member_has_no_token_any_more_and_lends_no_login() {
    let world = World::start().await;
    world.grant(&members::OLGA, full()).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let token = world.member(&members::OLGA);
    world.api("DELETE", "/workspaces/acme/members/olga", &world.directory, None).await.expect(204);
    let shown = world.api("GET", "/workspaces/acme/support-access", &token, None).await;
    assert_eq!(shown.problem(), refused(401, "unauthenticated"));
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "grant-ended"));
    assert_eq!(world.app.seen().len(), 0);
}

#[tokio::test]
async fn somebody_who_acts_in_a_members_login_may_read_and_end_but_never_consents() {
    let world = World::start().await;
    let grant = world.grant(&members::OLGA, full()).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let own = world.member(&members::OLGA);
    let mut claims = members::OLGA.claims();
    claims["act"] = json!({"sub": "ada"});
    let lent = world.customers.sign(&claims);

    for (token, cookie) in [(&lent, String::new()), (&own, ada.cookie())] {
        let call = |method: &str, path: &str| {
            let call = request(method, &format!("/.chaperone/api/v1/workspaces/acme{path}"));
            call.header("authorization", format!("Bearer {token}")).header("cookie", &cookie)
        };
        world.call(call("GET", "/support-access"), None).await.expect(200);
        let created = world.call(call("POST", "/grants"), Some(full())).await;
        assert_eq!(created.problem(), refused(403, "consent-while-impersonated"));
        let longer = json!({"duration": "2d"});
        let extended = world.call(call("PATCH", &format!("/grants/{grant}")), Some(longer)).await;
        assert_eq!(extended.problem(), refused(403, "consent-while-impersonated"));
    }
    let path = format!("/workspaces/acme/grants/{grant}");
    world.api("DELETE", &path, &lent, None).await.expect(200);
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "grant-revoked"));
}

#[tokio::test]
async fn a_grant_names_engineers_groups_or_an_organization_and_nobody_else_enters() {
    let world = World::start().await;
    for (named, fits, not) in [
        (json!({"engineers": ["ada"]}), engineers::ADA, engineers::BRIAN),
        (json!({"groups": ["billing-support"]}), engineers::BRIAN, engineers::ADA),
        (json!({"organization": "northwind"}), engineers::CAROL, engineers::ADA),
    ] {
        let mut wanted = full();
        wanted.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
        let grant = world.grant(&members::OLGA, wanted).await;
        assert_eq!(world.try_enter(&not, enter("acme")).await.problem(), refused(403, "not-named"), "{named}");
        let session = world.enter(&fits, "acme").await;
        world.ask(&session, "GET", "/w/acme/a").await.expect(200);
        world.revoke(&members::OLGA, &grant).await;
        assert_eq!(world.ask(&session, "GET", "/w/acme/a").await.problem(), refused(403, "grant-revoked"));
    }
}

#[tokio::test]
async fn a_grants_scope_opens_its_paths_alone() {
    let world = World::start().await;
    let wanted = json!({"access": "full", "duration": "1d", "scope": ["/w/acme/imports/**"]});
    world.grant(&members::OLGA, wanted).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/imports/3").await.expect(200);
    for path in ["/w/acme/invoices", "/w/acme/importsx", "/w/acme", "/"] {
        assert_eq!(world.ask(&ada, "GET", path).await.problem(), refused(403, "out-of-scope"), "{path}");
    }
}

#[tokio::test]
async fn with_several_grants_the_engineer_chooses() {
    let world = World::start().await;
    let first = world.grant(&members::OLGA, full()).await;
    let second = world.grant(&members::OTTO, full()).await;
    let asked = world.try_enter(&engineers::ADA, enter("acme")).await;
    assert_eq!(asked.problem(), refused(409, "choose-grant"));
    assert_eq!(asked.json()["grants"], json!([second, first]));
    let chosen = json!({"workspace": "acme", "grant": first, "reason": "an invoice is wrong"});
    let started = world.try_enter(&engineers::ADA, chosen).await.expect(201).json();
    assert_eq!((&started["grant"], &started["subject"]), (&json!(first), &json!("olga")));
}

#[tokio::test]
async fn another_customers_grants_are_not_there() {
    let world = World::start().await;
    let grant = world.grant(&members::OLGA, full()).await;
    let gus = world.member(&members::GUS);
    for (method, path) in [
        ("GET", "/workspaces/acme/grants".to_owned()),
        ("GET", format!("/workspaces/acme/grants/{grant}")),
        ("DELETE", format!("/workspaces/acme/grants/{grant}")),
        ("GET", format!("/workspaces/globex/grants/{grant}")),
        ("DELETE", format!("/workspaces/globex/grants/{grant}")),
        ("GET", "/workspaces/acme/support-access".to_owned()),
        ("GET", "/workspaces/nowhere/grants".to_owned()),
    ] {
        let answer = world.api(method, &path, &gus, None).await;
        assert_eq!(answer.problem(), refused(404, "not-found"), "{method} {path}");
    }
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
}

#[tokio::test]
async fn owners_alone_grant_for_a_week_at_most_and_no_machine_ever_does() {
    let world = World::start().await;
    let grant = async |member: &Member, body: Value| world.try_grant(member, body).await.problem();
    assert_eq!(grant(&members::MAX, full()).await, refused(403, "not-owner"));
    let lasting = |duration: &str| json!({"access": "full", "duration": duration});
    assert_eq!(grant(&members::OLGA, lasting("8d")).await, refused(403, "duration-too-long"));
    assert_eq!(grant(&members::OLGA, json!({"access": "full"})).await, refused(403, "duration-required"));
    let until_revoked = json!({"access": "full", "until_revoked": true});
    assert_eq!(grant(&members::OLGA, until_revoked).await, refused(403, "duration-required"));
    world.grant(&members::OLGA, lasting("7d")).await;

    for bearer in [world.directory.clone(), world.token("operator"), world.engineer(&engineers::ADA)] {
        let answer = world.api("POST", "/workspaces/acme/grants", &bearer, Some(full())).await;
        assert_eq!(answer.problem(), refused(403, "policy-denied"));
    }
}

#[tokio::test]
async fn an_engineer_whom_the_directory_disables_is_out() {
    let world = World::start().await;
    world.grant(&members::OLGA, full()).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let events = world.events(&ada, "/w/acme/events").await;
    world.api("PUT", "/engineers/ada", &world.directory, Some(json!({"disabled": true}))).await.expect(200);
    events.until_the_end("policy-denied").await;
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "policy-denied"));
    assert_eq!(world.try_enter(&engineers::ADA, enter("acme")).await.problem(), refused(403, "policy-denied"));
}

#[tokio::test]
async fn an_engineer_for_whom_somebody_acts_does_not_enter() {
    let world = World::start().await;
    world.grant(&members::OLGA, full()).await;
    let mut claims = engineers::ADA.claims();
    claims["act"] = json!({"sub": "mallory"});
    let entered = world.api("POST", "/sessions", &world.staff.sign(&claims), Some(enter("acme"))).await;
    assert_eq!(entered.problem(), refused(403, "chained-impersonation"));
}

#[tokio::test]
async fn an_owner_shows_an_engineer_out_and_an_operator_revokes() {
    let world = World::start().await;
    let grant = world.grant(&members::OLGA, full()).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let path = format!("/workspaces/acme/sessions/{}", ada.id);
    world.api("DELETE", &path, &world.member(&members::OTTO), None).await.expect(200);
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(401, "session-ended"));
    let again = world.enter(&engineers::ADA, "acme").await;
    let operator = world.token("operator");
    world.api("DELETE", &format!("/workspaces/acme/grants/{grant}"), &operator, None).await.expect(200);
    assert_eq!(world.ask(&again, "GET", "/w/acme/a").await.problem(), refused(403, "grant-revoked"));
}
