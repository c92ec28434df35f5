//! Every call, about everything of another customer's, by everybody who is a stranger there: nothing of it is told, and
//! nothing of it changes.
//!
//! Calls, what they name, and what is there to be read come from the document: a call that is added is tried, and a kind
//! of object that is not known here fails.
use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Engineer, Reply, SEGMENT, World, engineers, eventually, request};

use super::PATIENCE;
use super::callers::{CALLERS, Caller, engineer};
use super::calls::{Call, calls};
use super::place::{Keys, Place};

/// Engineers work for the customers of their own organization alone.
const APART: &str = r#"
@id("own-customers") @reason("this customer belongs to another organization")
forbid (principal is Engineer, action in Action::"Work", resource) when { resource.region != principal.organization };"#;

/// Engineers of the other organization.
const CARLA: Engineer = Engineer { id: "carla", group: "partner-support", organization: "northwind" };
const CHRIS: Engineer = Engineer { id: "chris", group: "partner-support", organization: "northwind" };

/// A colleague of those who work for the other customer, who has nothing to do with it.
const COLLEAGUE: Caller = Caller {
    name: "colleague",
    bearer: |world, _| engineer(world, &json!({"sub": "dora", "email": "dora@x.example"})),
};
const OF_ANOTHER_ORGANIZATION: Caller =
    Caller { name: "engineer of another organization", bearer: |world, _| world.engineer(&CARLA) };

/// What colleagues may do for each customer of their organization.
const OF_COLLEAGUES: [&str; 11] = [
    "GET /emergencies",
    "GET /support-requests",
    "POST /access-requests",
    "POST /emergencies",
    "POST /emergencies/{emergency}/approve",
    "POST /emergencies/{emergency}/review",
    "POST /support-requests/{support_request}/resolve",
    "POST /support-requests/{support_request}/start",
    "GET /workspaces/{workspace}/support-requests",
    "GET /workspaces/{workspace}/support-requests/{support_request}",
    "GET /workspaces/{workspace}/support-requests/{support_request}/attachments/{attachment}",
];

/// The list of which engineers see what they may work on: for strangers there is nothing in it.
const FILTERED: &str = "GET /workspaces/{workspace}/support-requests";

#[tokio::test]
async fn what_is_another_customers_is_neither_told_nor_changed_by_any_call_of_anybody() {
    let tickets = "[tickets]\nsecret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"";
    let world = World::builder().policy("own.cedar", format!("{SEGMENT}{APART}")).section(tickets).start().await;
    let (keys, calls) = (Keys::new(&world), calls(&world).await);
    let theirs = Place::of(&world, &keys, &engineers::ADA, &engineers::BRIAN).await;
    let own = Place::of(&world, &keys, &CARLA, &CHRIS).await;
    for place in [&theirs, &own] {
        is_recorded(&world, place).await;
    }
    let scene = Scene { world, theirs, own };
    let before = scene.state(&calls).await;
    let mut tried = 0;
    for call in &calls {
        for foreign in combinations(call) {
            for stranger in strangers(call, &foreign) {
                scene.is_shut(call, &foreign, stranger).await;
                tried += 1;
            }
        }
        for (read, now) in scene.state(&calls).await {
            assert_eq!(now, before[&read], "{} changed what {read} tells", call.name());
        }
    }
    assert!(tried > 1000, "{tried}");
    for name in OF_COLLEAGUES {
        assert!(calls.iter().any(|call| call.name() == name), "there is no `{name}` any more");
    }
}

/// The trail is written beside the answers: waits until all that happened in a place is in it.
async fn is_recorded(world: &World, place: &Place) {
    let path = format!("/workspaces/{}/trail?kind=emergency.declared", place.workspace);
    eventually("the last record of the place", PATIENCE, async || {
        let page = world.api("GET", &path, &place.owner(world), None).await.expect(200).json();
        page["items"][0].is_object().then_some(())
    })
    .await;
}

/// What a call names: in its path, its query, its body or its cookies, by the schemas of the document.
fn named(call: &Call) -> impl Iterator<Item = (&str, bool)> {
    let parameters = call.document["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.map(|parameter| (parameter["name"].as_str().unwrap(), &parameter["schema"]));
    let members = call.members.as_object().unwrap().iter().map(|(name, schema)| (name.as_str(), schema));
    let by_schema =
        parameters.chain(members).filter_map(|(name, schema)| Some((name, is_one_customers(&kind(schema)?))));
    by_schema.chain(call.is_for("session_cookie").then_some(("session", true)))
}

/// The kind of id that a schema is.
fn kind(schema: &Value) -> Option<String> {
    let text = schema.to_string();
    let kind = text.split("#/components/schemas/").nth(1)?.split('"').next()?;
    kind.ends_with("Id").then(|| kind.to_owned())
}

/// Whether an id of this kind names, by itself, what belongs to one customer.
fn is_one_customers(kind: &str) -> bool {
    match kind {
        "WorkspaceId" | "GrantId" | "AccessRequestId" | "SupportRequestId" | "AttachmentId" | "SessionId"
        | "EmergencyId" => true,
        // The same ids are there in every workspace; engineers are the vendor's; requests are looked up by operators.
        "MemberId" | "EngineerId" | "RequestId" => false,
        other => panic!("to whom does what a `{other}` names belong? Say so in tests/it/coverage/foreign.rs"),
    }
}

/// Which of the names in a call are the other customer's: each alone, and all that the call needs together.
fn combinations(call: &Call) -> Vec<Vec<&str>> {
    let names: Vec<&str> =
        named(call).filter_map(|(name, is_one_customers)| is_one_customers.then_some(name)).collect();
    let needed =
        |name: &&str| call.names().contains(name) || call.example.as_ref().is_some_and(|body| body.get(name).is_some());
    let needed: Vec<&str> = names.iter().copied().filter(needed).collect();
    let mut all: Vec<Vec<&str>> = names.iter().map(|name| vec![*name]).collect();
    if needed.len() != 1 {
        all.push(needed);
    }
    all
}

/// Who is a stranger to such a call: everybody, but those whose business it is in every workspace.
fn strangers(call: &Call, foreign: &[&str]) -> Vec<Caller> {
    let inside = ["engineer", "another engineer"];
    let callers = CALLERS.into_iter().filter(|caller| !inside.contains(&caller.name));
    // Theirs are all workspaces; what lies in one is not to be found by way of another.
    let everywhere = foreign.contains(&"workspace") || !call.names().contains(&"workspace") || foreign.is_empty();
    let is_stranger = |caller: &Caller| match caller.name.strip_prefix("key: ") {
        Some(scope) => !(call.is_for_key(scope) && everywhere),
        None => caller.name != COLLEAGUE.name || !OF_COLLEAGUES.contains(&call.name().as_str()),
    };
    callers.chain([COLLEAGUE, OF_ANOTHER_ORGANIZATION]).filter(is_stranger).collect()
}

/// Two customers: the one of those who call, and the other.
struct Scene {
    world: World,
    theirs: Place,
    own: Place,
}

impl Scene {
    /// Sends a call in which what is `foreign` is the other customer's.
    async fn send(&self, call: &Call, foreign: &[&str], stranger: Caller) -> Reply {
        let id = |name: &str| if foreign.contains(&name) { self.theirs.id(name) } else { self.own.id(name) };
        let path = call
            .names()
            .into_iter()
            .fold(call.path.clone(), |path, name| path.replace(&format!("{{{name}}}"), id(name)));
        let query = foreign.iter().find(|name| call.takes_in_query(name));
        let query = query.map(|name| format!("?{name}={}", id(name))).unwrap_or_default();
        let mut asked = request(&call.method, &format!("/.chaperone/api/v1{path}{query}"));
        let bearer = (stranger.bearer)(&self.world, &self.own);
        if !bearer.is_empty() {
            asked = asked.header("authorization", format!("Bearer {bearer}"));
        }
        if call.is_for("session_cookie") {
            let place = if foreign.contains(&"session") { &self.theirs } else { &self.own };
            asked = asked.header("cookie", place.cookie());
        }
        if call.streams() {
            return self.world.opened(asked).await;
        }
        let body = call.example.clone().map(|mut body| {
            for (name, _) in named(call).filter(|(name, _)| call.members.get(name).is_some()) {
                if foreign.contains(&name) || body[name].is_string() {
                    body[name] = id(name).into();
                }
            }
            body
        });
        call.send(&self.world, asked, body).await
    }

    /// The call is refused, or tells of nothing.
    async fn is_shut(&self, call: &Call, foreign: &[&str], stranger: Caller) {
        let answer = self.send(call, foreign, stranger).await;
        let what = format!("{} about their {foreign:?} as {}: {}", call.name(), stranger.name, answer.status);
        assert!(!answer.text().contains(&self.theirs.private), "{what} {}", answer.text());
        let only_asks = call.method == "GET" && foreign.iter().all(|name| call.takes_in_query(name));
        let only_asks = only_asks || (call.name() == FILTERED && stranger.name == OF_ANOTHER_ORGANIZATION.name);
        let is_shut = match answer.status {
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => stranger.is_known(),
            // Some calls take no word of who calls, but a cookie of one's own or a signature.
            StatusCode::UNAUTHORIZED => {
                !stranger.is_known() || call.is_for("session_cookie") || call.is_for("webhook_signature")
            }
            StatusCode::OK => stranger.is_known() && only_asks,
            _ => false,
        };
        assert!(is_shut, "{what} {}", answer.text());
    }

    /// All that can be read of the other customer, by those who may.
    async fn state(&self, calls: &[Call]) -> BTreeMap<String, Value> {
        let (world, theirs) = (&self.world, &self.theirs);
        let readers = [
            theirs.owner(world),
            world.directory.clone(),
            world.engineer(&engineers::ADA),
            world.engineer(&engineers::BRIAN),
        ];
        let mut state = BTreeMap::new();
        for call in calls.iter().filter(|call| {
            call.method == "GET" && !call.names().is_empty() && !call.streams() && !call.path.ends_with("/export")
        }) {
            for reader in &readers {
                let answer = world.api("GET", &theirs.path(call), reader, None).await;
                if answer.status.is_success() {
                    state.insert(call.name(), lasting(&answer));
                    break;
                }
            }
            assert!(state.contains_key(&call.name()), "nobody can read {}", call.name());
        }
        state
    }
}

/// What an answer tells, but for how far the gate's whole trail has come, and for records of those who were refused.
fn lasting(answer: &Reply) -> Value {
    let Ok(mut told) = serde_json::from_slice::<Value>(&answer.body) else { return answer.text().into() };
    if let Some(receipt) = told.as_object_mut() {
        receipt.retain(|name, _| !["checkpoint", "covered"].contains(&name.as_str()));
    }
    if let Some(records) = told["items"].as_array_mut() {
        records.retain(|record| record["kind"] != "session.refused");
    }
    told
}
