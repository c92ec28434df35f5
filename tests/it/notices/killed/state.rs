//! What the gate says that there is, as the events of which it must have come.
use std::collections::BTreeSet;

use serde_json::Value;

use super::Fact;
use crate::world::{World, engineers, members};

/// The kinds of the events of which something must have come, as it is shown.
type History = fn(&Value) -> Vec<&'static str>;

/// Every event of which the state tells.
pub(super) async fn facts(world: &World) -> BTreeSet<Fact> {
    let (olga, carol) = (world.member(&members::OLGA), world.engineer(&engineers::CAROL));
    let mut facts = BTreeSet::new();
    let lists: [(&str, &str, History); 5] = [
        ("/workspaces/acme/grants", &olga, grant),
        ("/workspaces/acme/access-requests", &olga, access_request),
        ("/workspaces/acme/support-requests", &olga, support_request),
        ("/workspaces/acme/sessions", &olga, session),
        ("/emergencies", &carol, emergency),
    ];
    for (path, bearer, history) in lists {
        for item in list(world, path, bearer).await {
            let id = item["id"].as_str().unwrap();
            facts.extend(history(&item).into_iter().map(|kind| (kind.to_owned(), id.to_owned())));
        }
    }
    facts
}

async fn list(world: &World, path: &str, bearer: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = world.api("GET", &format!("{path}?limit=200{after}"), bearer, None).await.expect(200).json();
        all.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { return all };
        after = format!("&after={next}");
    }
}

fn grant(grant: &Value) -> Vec<&'static str> {
    let revoked = grant["standing"] == "revoked";
    [("grant.created", true), ("grant.revoked", revoked)].into_iter().filter_map(happened).collect()
}

fn access_request(request: &Value) -> Vec<&'static str> {
    let is = |state: &str| request["state"] == state;
    let facts = [("request.created", true), ("request.approved", is("approved")), ("request.declined", is("declined"))];
    facts.into_iter().filter_map(happened).collect()
}

fn support_request(case: &Value) -> Vec<&'static str> {
    let facts = [
        ("support.opened", true),
        ("support.started", case["started_at"].is_string()),
        ("support.resolved", case["status"] == "resolved"),
    ];
    facts.into_iter().filter_map(happened).collect()
}

fn session(session: &Value) -> Vec<&'static str> {
    let ended = session["ended_at"].is_string();
    [("session.started", true), ("session.ended", ended)].into_iter().filter_map(happened).collect()
}

/// A review ends an emergency too, but that is told by its own event.
fn emergency(emergency: &Value) -> Vec<&'static str> {
    let reviewed_at = &emergency["review"]["at"];
    let facts = [
        ("emergency.declared", true),
        ("emergency.approved", !emergency["approvals"].as_array().unwrap().is_empty()),
        ("emergency.ended", emergency["ended_at"].is_string() && emergency["ended_at"] != *reviewed_at),
        ("emergency.reviewed", reviewed_at.is_string()),
    ];
    facts.into_iter().filter_map(happened).collect()
}

fn happened((kind, happened): (&'static str, bool)) -> Option<&'static str> {
    happened.then_some(kind)
}
