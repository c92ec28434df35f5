//! Every call of the API, as its own document tells of it, and who gets which answer.
//!
//! * `calls`: the calls, read from the document. `place`: what a call is made about. `callers`: who makes it.
//! * `foreign`: what is another customer's, whoever asks for it, by whatever call.
//! * `fuzzed`: what schemathesis, a tester of others, makes of the document.
//!
//! A call that is added needs no line here as long as its names in the path and its body's example are known; otherwise
//! these tests fail and say what is missing.
mod callers;
mod calls;
mod foreign;
mod fuzzed;
mod place;

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;

use crate::world::{World, body, members, request};

use callers::CALLERS;
use calls::{Call, calls};
use place::{Keys, Place};

/// How long it may take on a busy machine until what happened is in the trail.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn every_call_answers_every_kind_of_caller_as_this_table_says() {
    let world = World::start().await;
    let keys = Keys::new(&world);
    let mut lines = Vec::new();
    for call in calls(&world).await {
        let mut place = Place::new(&world, &keys).await;
        let mut answers: Vec<(String, Vec<&str>)> = Vec::new();
        for caller in CALLERS {
            if place.is_used {
                place = Place::new(&world, &keys).await;
            }
            let answer = place.ask(&world, &call, caller).await;
            match answers.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, callers)) => callers.push(caller.name),
                None => answers.push((answer, vec![caller.name])),
            }
        }
        lines.push(format!("{} {}", call.method, call.path));
        lines.extend(answers.into_iter().map(|(answer, callers)| format!("    {answer:<26} {}", callers.join(", "))));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn another_customers_objects_are_not_there_for_any_call() {
    let world = World::start().await;
    let keys = Keys::new(&world);
    let place = Place::new(&world, &keys).await;
    let stranger = world.member(&members::GUS);
    for call in calls(&world).await.iter().filter(|call| call.path.contains("{workspace}")) {
        let of_others = place.path(call);
        let nowhere = of_others.replace(&place.workspace, "nowhere");
        let mut paths = vec![of_others.clone(), nowhere];
        if call.names().len() > 1 {
            // Their own workspace, and an id of the other one.
            paths.push(of_others.replace(&place.workspace, "globex"));
        }
        let mut answers = BTreeSet::new();
        for path in &paths {
            let asked = request(&call.method, &format!("/.chaperone/api/v1{path}"));
            let asked = asked.header("authorization", format!("Bearer {stranger}"));
            answers.insert(call.send(&world, asked, place.body(call)).await.problem());
        }
        let expected = if call.is_for("customer_jwt") { (404, "not-found") } else { (403, "policy-denied") };
        let expected = BTreeSet::from([(expected.0, expected.1.to_owned())]);
        assert_eq!(answers, expected, "{} {}: {paths:?}", call.method, call.path);
    }
}

#[tokio::test]
async fn a_path_takes_the_methods_of_the_document_and_no_others() {
    let world = World::start().await;
    let keys = Keys::new(&world);
    let (all, place) = (calls(&world).await, Place::new(&world, &keys).await);
    for call in &all {
        let answer = world.api("TRACE", &place.path(call), &world.directory, None).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{}", call.path);
        let allowed: BTreeSet<&str> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
        let told: BTreeSet<&str> =
            all.iter().filter(|other| other.path == call.path).map(|other| other.method.as_str()).collect();
        let allowed: BTreeSet<&str> = allowed.into_iter().filter(|method| *method != "HEAD").collect();
        assert_eq!(allowed, told, "{}", call.path);
    }
}

#[tokio::test]
async fn the_document_is_for_everybody() {
    let world = World::start().await;
    let asked = request("GET", "/.chaperone/api/openapi.json").header("origin", "https://ledgerly.example");
    let answer = world.send(asked.body(body("")).unwrap()).await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("vary").is_some_and(|vary| vary.contains("Origin")));
    let document = answer.json();
    assert_eq!(document["servers"][0]["url"], "https://support.example.com");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["components"]["schemas"]["Problem"].is_object());
}

/// What a call's answer must be, by its document.
fn check(call: &Call, caller: &str, status: StatusCode, code: &str) {
    let told = &call.document["responses"][status.as_str()];
    let listed = told["x-codes"].as_array().is_some_and(|codes| codes.iter().any(|known| known == code));
    let fine = told.is_object() && (status.is_success() || listed);
    assert!(fine, "{} {} as {caller}: {status} {code} is not in the document", call.method, call.path);
}
