//! Emergencies: entry without consent, for exceptional urgent recovery, and never unseen (TSA, T32 to T35).
use std::time::Duration;

use chaperone::domain::time::{Span, Timestamp};
use http::Response;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::world::{
    Connection, Engineer, Member, Reply, Session, Via, World, body, chaperone, engineers, eventually, members, refused,
    request,
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A member of acme who follows what happens there, for as long as this lives.
struct Onlooker {
    _connection: Connection,
    _stream: Response<Incoming>,
}

impl Onlooker {
    async fn of(world: &World, member: &Member) -> Self {
        let mut connection = world.connect(Via::Http1).await;
        let asked = request("GET", &format!("/.chaperone/api/v1/workspaces/{}/events", member.workspace));
        let asked = asked.header("authorization", format!("Bearer {}", world.member(member))).body(body("")).unwrap();
        let stream = connection.begin(asked).await.unwrap();
        assert_eq!(stream.status(), 200);
        Self { _connection: connection, _stream: stream }
    }
}

/// A world in which somebody of the customer's looks on, and so can be told. Nobody has granted anything.
async fn told() -> (World, Onlooker) {
    let world = World::start().await;
    let otto = Onlooker::of(&world, &members::OTTO).await;
    (world, otto)
}

fn declaration() -> Value {
    json!({"workspace": "acme", "subject": "olga", "incident": "INC-7", "reason_code": "outage",
        "reason": "nobody at acme can sign in, and the payroll run is due at noon"})
}

async fn declare(world: &World, who: &Engineer, document: Value) -> Reply {
    world.api("POST", "/emergencies", &world.engineer(who), Some(document)).await
}

/// Ada declares one; gives its id.
async fn declared(world: &World) -> String {
    let shown = declare(world, &engineers::ADA, declaration()).await.expect(201).json();
    assert_eq!((&shown["standing"], &shown["declared_by"]), (&json!("declared"), &json!("ada")));
    shown["id"].as_str().unwrap().to_owned()
}

async fn approve(world: &World, who: &Engineer, id: &str) -> Reply {
    world.api("POST", &format!("/emergencies/{id}/approve"), &world.engineer(who), None).await
}

/// Ada declares one, and Brian approves it; gives its id.
pub(super) async fn approved(world: &World) -> String {
    let id = declared(world).await;
    let shown = approve(world, &engineers::BRIAN, &id).await.expect(200).json();
    assert_eq!((&shown["standing"], &shown["approvals"][0]["by"]), (&json!("approved"), &json!("brian")));
    id
}

async fn review(world: &World, who: &Engineer, id: &str, outcome: &str) -> Reply {
    let document = json!({"outcome": outcome, "comment": "the run was down, and she touched nothing else"});
    world.api("POST", &format!("/emergencies/{id}/review"), &world.engineer(who), Some(document)).await
}

pub(super) async fn try_enter(world: &World, who: &Engineer, emergency: &str) -> Reply {
    let document = json!({"workspace": "acme", "emergency": emergency, "reason": "restarting the payroll run"});
    world.try_enter(who, document).await
}

pub(super) async fn entered(world: &World, emergency: &str) -> Session {
    let started = try_enter(world, &engineers::ADA, emergency).await.expect(201).json();
    assert_eq!((&started["mode"], &started["emergency"]), (&json!("emergency"), &json!(emergency)));
    assert!(started["grant"].is_null());
    let text = |name: &str| started[name].as_str().unwrap().to_owned();
    Session { id: text("id"), token: text("token") }
}

/// The records of the trail of this kind, as soon as there are some.
async fn records(world: &World, kind: &str) -> Vec<Value> {
    eventually(&format!("{kind} in the trail"), PATIENCE, async || {
        let exported = chaperone(&["audit", "export", "--config", &world.config()]).stdout;
        let lines = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found: Vec<_> = lines.filter(|record| record["kind"] == kind).collect();
        (!found.is_empty()).then_some(found)
    })
    .await
}

#[tokio::test]
async fn t32_an_emergency_is_a_clearly_labelled_path_without_waiting_for_consent() {
    let (world, _otto) = told().await;
    let id = approved(&world).await;
    let ada = entered(&world, &id).await;
    world.ask(&ada, "POST", "/w/acme/payroll/restart").await.expect(200);
    let request = world.app.last();
    assert_eq!((request.one("x-chaperone-mode"), request.one("x-chaperone-subject")), ("emergency", "olga"));
    assert_eq!((request.one("x-chaperone-access"), request.one("x-chaperone-actor")), ("full", "ada"));
    assert!(!request.headers.contains_key("x-chaperone-grant"), "no consent is made up");
    let listed = world.api("GET", "/workspaces/acme/sessions", &world.member(&members::OLGA), None).await.expect(200);
    assert_eq!(listed.json()["items"][0]["mode"], "emergency");
    assert_eq!(world.metric("chaperone_sessions_live{mode=\"emergency\"}").await, 1);
    assert_eq!(world.metric("chaperone_sessions_live{mode=\"consented\"}").await, 0);
}

#[tokio::test]
async fn t33_it_is_for_exceptional_urgent_recovery_alone() {
    let (world, _otto) = told().await;
    for (field, value) in [
        ("reason_code", json!("curiosity")),
        ("reason", json!(".")),
        ("reason", json!("aaaaaaaaaaaaaaaa")),
        ("incident", json!(" ")),
    ] {
        let mut document = declaration();
        document[field] = value;
        assert_eq!(declare(&world, &engineers::ADA, document).await.problem(), refused(400, "bad-request"), "{field}");
    }
    let id = declared(&world).await;
    assert_eq!(try_enter(&world, &engineers::ADA, &id).await.problem(), refused(409, "conflict"), "not yet approved");
    let shown = approve(&world, &engineers::BRIAN, &id).await.expect(200).json();
    let moment = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    let lasts = moment(&shown["expires_at"]).since(moment(&shown["approvals"][0]["at"]));
    assert_eq!(lasts, Span::from_seconds(3600), "its clock starts at the approval");
}

#[tokio::test]
async fn t34_it_is_logged_from_the_declaration_to_the_review() {
    let (world, _otto) = told().await;
    let id = approved(&world).await;
    let ada = entered(&world, &id).await;
    world.ask(&ada, "GET", "/w/acme/payroll").await.expect(200);
    review(&world, &engineers::CAROL, &id, "justified").await.expect(200);
    for kind in
        ["emergency.declared", "emergency.approved", "session.started", "access.permitted", "emergency.reviewed"]
    {
        let record = &records(&world, kind).await[0];
        assert_eq!((&record["emergency"], &record["engineer"]), (&json!(id), &json!("ada")), "{kind}");
        assert_eq!((&record["workspace"], &record["subject"]), (&json!("acme"), &json!("olga")), "{kind}");
        assert_eq!((&record["grant"], &record["ticket"]), (&json!(null), &json!("INC-7")), "{kind}");
    }
    let reviewed = &records(&world, "emergency.reviewed").await[0]["decision"]["facts"];
    assert_eq!((&reviewed["outcome"], &reviewed["reviewed_by"]), (&json!("justified"), &json!("carol")));
}

#[tokio::test]
async fn t35_the_customer_is_told_before_the_first_byte_and_of_the_outcome() {
    let world = World::start().await;
    let untold = approved(&world).await;
    let refusal = try_enter(&world, &engineers::ADA, &untold).await;
    assert_eq!(refusal.problem(), refused(503, "customer-not-told"));
    assert!(refusal.header("retry-after").is_some());
    assert_eq!(world.metric("chaperone_sessions_live{mode=\"emergency\"}").await, 0);
    review(&world, &engineers::BRIAN, &untold, "unjustified").await.expect(200);

    let _otto = Onlooker::of(&world, &members::OTTO).await;
    let id = approved(&world).await;
    let ada = entered(&world, &id).await;
    world.ask(&ada, "GET", "/w/acme/payroll").await.expect(200);
    let overview = world.api("GET", "/workspaces/acme/support-access", &world.member(&members::OLGA), None).await;
    let seen = overview.expect(200).json()["emergencies"].clone();
    assert_eq!((&seen[0]["id"], &seen[0]["standing"]), (&json!(id), &json!("approved")));
    assert_eq!((&seen[1]["id"], &seen[1]["review"]["outcome"]), (&json!(untold), &json!("unjustified")));
}

#[tokio::test]
async fn nobody_approves_or_reviews_their_own_by_whatever_token() {
    let (world, _otto) = told().await;
    let id = declared(&world).await;
    let mut claims = engineers::ADA.claims();
    claims["email"] = json!("ada@private.example");
    claims["jti"] = json!("another");
    let another = world.staff.sign(&claims);
    for call in ["approve", "review"] {
        for token in [world.engineer(&engineers::ADA), another.clone()] {
            let document = (call == "review").then(|| json!({"outcome": "justified", "comment": "all was well"}));
            let answer = world.api("POST", &format!("/emergencies/{id}/{call}"), &token, document).await;
            assert_eq!(answer.problem(), refused(403, "self-approval"), "{call}");
        }
    }
    let mut claims = engineers::BRIAN.claims();
    claims["act"] = json!({"sub": "ada"});
    let lent = world.api("POST", &format!("/emergencies/{id}/approve"), &world.staff.sign(&claims), None).await;
    assert_eq!(lent.problem(), refused(403, "chained-impersonation"));
}

#[tokio::test]
async fn an_emergency_is_its_declarers_alone_and_of_its_own_workspace() {
    let (world, _otto) = told().await;
    let id = approved(&world).await;
    let other = try_enter(&world, &engineers::BRIAN, &id).await;
    assert_eq!(other.problem(), refused(403, "not-named"));
    let elsewhere = json!({"workspace": "globex", "emergency": id, "reason": "restarting the payroll run"});
    assert_eq!(world.try_enter(&engineers::ADA, elsewhere).await.problem(), refused(404, "not-found"));
    let made_up = try_enter(&world, &engineers::ADA, "em_1").await;
    assert_eq!(made_up.problem(), refused(404, "not-found"));
    let both = json!({"workspace": "acme", "emergency": id, "grant": "gr_1", "reason": "restarting the payroll run"});
    assert_eq!(world.try_enter(&engineers::ADA, both).await.problem(), refused(400, "bad-request"));
}

#[tokio::test]
async fn the_next_emergency_waits_for_the_review_of_the_last_by_somebody_else() {
    let (world, _otto) = told().await;
    // Two at a time do not get around it either.
    let second = declared(&world).await;
    let first = approved(&world).await;
    let refusal = approve(&world, &engineers::BRIAN, &second).await;
    assert_eq!(refusal.problem(), refused(403, "emergency-unreviewed"));
    let next = declare(&world, &engineers::ADA, declaration()).await;
    assert_eq!(next.problem(), refused(403, "emergency-unreviewed"));

    let ada = entered(&world, &first).await;
    let once = review(&world, &engineers::BRIAN, &first, "justified").await.expect(200).json();
    assert_eq!(once["review"]["outcome"], "justified");
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "emergency-ended"));
    assert_eq!(try_enter(&world, &engineers::ADA, &first).await.problem(), refused(403, "emergency-ended"));
    review(&world, &engineers::BRIAN, &first, "justified").await.expect(200);
    let other = review(&world, &engineers::CAROL, &first, "unjustified").await;
    assert_eq!(other.problem(), refused(409, "conflict"), "the first review stands");
    declare(&world, &engineers::ADA, declaration()).await.expect(201);
}

#[tokio::test]
async fn forced_sso_and_the_contract_exclude_emergencies_and_end_them_for_good() {
    for (facts, back, code) in [
        (json!({"forced_sso": true}), json!({"forced_sso": false}), "forced-sso"),
        (json!({"emergency_access": "never"}), json!({"emergency_access": "allowed"}), "emergency-never"),
    ] {
        let (world, _otto) = told().await;
        let id = approved(&world).await;
        let ada = entered(&world, &id).await;
        let events = world.events(&ada, "/w/acme/events").await;
        world.put_workspace("acme", facts).await;
        events.until_the_end(code).await;
        assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, code));
        let brian = declare(&world, &engineers::BRIAN, declaration()).await;
        assert_eq!(brian.problem(), refused(403, code));
        assert_eq!(try_enter(&world, &engineers::ADA, &id).await.problem(), refused(403, code));
        world.put_workspace("acme", back).await;
        assert_eq!(try_enter(&world, &engineers::ADA, &id).await.problem(), refused(403, "emergency-ended"));
        review(&world, &engineers::BRIAN, &id, "justified").await.expect(200);
    }
}

#[tokio::test]
async fn the_customer_and_the_directory_end_it() {
    let (world, _otto) = told().await;
    let id = approved(&world).await;
    let ada = entered(&world, &id).await;
    let path = format!("/workspaces/acme/sessions/{}", ada.id);
    world.api("DELETE", &path, &world.member(&members::OTTO), None).await.expect(200);
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(401, "session-ended"));
    let again = try_enter(&world, &engineers::ADA, &id).await;
    assert_eq!(again.problem(), refused(403, "emergency-ended"), "who is shown out does not come back by it");
    review(&world, &engineers::BRIAN, &id, "unjustified").await.expect(200);

    let id = approved(&world).await;
    let ada = entered(&world, &id).await;
    world.api("DELETE", "/workspaces/acme/members/olga", &world.directory, None).await.expect(204);
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "emergency-ended"));
    let gone = declare(&world, &engineers::BRIAN, declaration()).await;
    assert_eq!(gone.problem(), refused(404, "not-found"), "nobody enters as somebody who is not there");
}

#[tokio::test]
async fn a_session_that_is_reported_takes_its_emergency_along() {
    let (world, _otto) = told().await;
    let id = approved(&world).await;
    let ada = entered(&world, &id).await;
    let path = format!("/workspaces/acme/sessions/{}/report", ada.id);
    world.api("POST", &path, &world.member(&members::OTTO), None).await.expect(200);
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(401, "session-ended"));
    let again = try_enter(&world, &engineers::ADA, &id).await;
    assert_eq!(again.problem(), refused(403, "emergency-ended"));
    assert_eq!(records(&world, "emergency.ended").await.len(), 1);
}

#[tokio::test]
async fn an_engineer_who_is_switched_off_loses_the_emergency() {
    let (world, _otto) = told().await;
    let id = approved(&world).await;
    let ada = entered(&world, &id).await;
    let switch = async |disabled: bool| {
        world.api("PUT", "/engineers/ada", &world.directory, Some(json!({"disabled": disabled}))).await.expect(200)
    };
    switch(true).await;
    assert_eq!(world.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(403, "policy-denied"));
    switch(false).await;
    assert_eq!(try_enter(&world, &engineers::ADA, &id).await.problem(), refused(403, "emergency-ended"));
}

#[tokio::test]
async fn an_emergency_never_changes_grants_or_reads_the_trail() {
    let (world, _otto) = told().await;
    let grant =
        world.grant(&members::OTTO, json!({"access": "read_only", "duration": "1d", "engineers": ["brian"]})).await;
    let id = approved(&world).await;
    let ada = entered(&world, &id).await;
    let token = world.engineer(&engineers::ADA);
    let full = json!({"access": "full", "duration": "1d"});
    let one = format!("/workspaces/acme/grants/{grant}");
    for (method, path, document) in [
        ("POST", "/workspaces/acme/grants".to_owned(), Some(full.clone())),
        ("GET", "/workspaces/acme/grants".to_owned(), None),
        ("PATCH", one.clone(), Some(json!({"duration": "2d"}))),
        ("DELETE", one, None),
        ("GET", "/workspaces/acme/support-access".to_owned(), None),
    ] {
        let answer = world.api(method, &path, &token, document).await;
        assert_eq!(answer.problem(), refused(403, "policy-denied"), "{method} {path}");
    }
    // Nor from inside the customer's login.
    let path = "/.chaperone/api/v1/workspaces/acme/grants";
    let inside = request("POST", path).header("cookie", ada.cookie());
    let own = inside.header("authorization", format!("Bearer {}", world.member(&members::OLGA)));
    assert_eq!(world.call(own, Some(full)).await.problem(), refused(403, "consent-while-impersonated"));
    let minted = world.ask(&ada, "GET", "/api/chaperone-token").await;
    assert_eq!(minted.problem(), refused(403, "consent-while-impersonated"));
}

#[tokio::test]
async fn several_approvers_are_several_people() {
    let world = World::builder().section("[emergency]\nmax = \"20m\"\napprovers = 2").start().await;
    let _otto = Onlooker::of(&world, &members::OTTO).await;
    let id = declared(&world).await;
    for _ in 0..2 {
        let shown = approve(&world, &engineers::BRIAN, &id).await.expect(200).json();
        assert_eq!((&shown["standing"], shown["approvals"].as_array().unwrap().len()), (&json!("declared"), 1));
    }
    assert_eq!(try_enter(&world, &engineers::ADA, &id).await.problem(), refused(409, "conflict"), "not yet approved");
    let shown = approve(&world, &engineers::CAROL, &id).await.expect(200).json();
    assert_eq!(shown["standing"], "approved");
    entered(&world, &id).await;
}

#[tokio::test]
async fn a_repeated_declaration_is_the_same_emergency_and_an_approval_counts_once() {
    let (world, _otto) = told().await;
    let call = || {
        let call = request("POST", "/.chaperone/api/v1/emergencies").header("idempotency-key", "one");
        call.header("authorization", format!("Bearer {}", world.engineer(&engineers::ADA)))
    };
    let first = world.call(call(), Some(declaration())).await.expect(201).json();
    let again = world.call(call(), Some(declaration())).await.expect(201).json();
    assert_eq!(first["id"], again["id"]);
    let id = first["id"].as_str().unwrap();
    let (one, two) = (approve(&world, &engineers::BRIAN, id).await, approve(&world, &engineers::BRIAN, id).await);
    assert_eq!(one.expect(200).json()["expires_at"], two.expect(200).json()["expires_at"], "no clock starts anew");
    assert_eq!(records(&world, "emergency.approved").await.len(), 1);
}

#[tokio::test]
async fn engineers_see_their_own_and_what_waits_for_them() {
    let (world, _otto) = told().await;
    let id = declared(&world).await;
    let seen = async |who: &Engineer| {
        let list = world.api("GET", "/emergencies", &world.engineer(who), None).await.expect(200).json();
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["standing"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (seen(&engineers::ADA).await, seen(&engineers::BRIAN).await),
        (vec!["declared".into()], vec!["declared".into()])
    );
    approve(&world, &engineers::BRIAN, &id).await.expect(200);
    assert_eq!(seen(&engineers::BRIAN).await, ["approved"], "it is theirs to review");
    review(&world, &engineers::BRIAN, &id, "justified").await.expect(200);
    assert_eq!((seen(&engineers::ADA).await, seen(&engineers::BRIAN).await.len()), (vec!["reviewed".into()], 0));
    let refusal = world.api("GET", "/emergencies", &world.member(&members::OLGA), None).await;
    assert_eq!(refusal.problem(), refused(403, "policy-denied"));
}
