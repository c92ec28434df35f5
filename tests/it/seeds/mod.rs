//! What the support accesses that exist demand, sentence by sentence: each sentence is a test by its number, through the gate
//! as its profile configures it (`config/profiles`).
mod bizible;
mod lambdatest;
mod salesforce;
mod segment;
mod tsa;

use std::time::Duration;

use chaperone::domain::time::{Clock, Span};
use serde_json::{Value, json};

use crate::world::{Engineer, Member, Session, World, chaperone, eventually, refused};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A gate by the rules of this profile.
async fn gate(profile: &str) -> World {
    World::builder().profile(profile).start().await
}

/// What a member sees of support access to their workspace.
async fn seen(world: &World, member: &Member) -> Value {
    let path = format!("/workspaces/{}/support-access", member.workspace);
    world.api("GET", &path, &world.member(member), None).await.expect(200).json()
}

/// What an engineer says who wants to enter.
fn entry(workspace: &str) -> Value {
    json!({"workspace": workspace, "reason": "an invoice is wrong"})
}

/// Why an engineer does not get in.
async fn shut_to(world: &World, engineer: &Engineer, workspace: &str) -> (u16, String) {
    world.try_enter(engineer, entry(workspace)).await.problem()
}

/// A grant on which an engineer can look and change things.
async fn works(world: &World, session: &Session, workspace: &str) {
    world.ask(session, "GET", &format!("/w/{workspace}/invoices")).await.expect(200);
    world.ask(session, "POST", &format!("/w/{workspace}/invoices/7")).await.expect(200);
}

/// A call of the API by a member in whose login somebody acts.
async fn impersonated(world: &World, member: &Member, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
    let mut claims = member.claims();
    claims["act"] = json!({"sub": "admin"});
    world.api(method, path, &world.customers.sign(&claims), body).await.problem()
}

/// Within a grant that ends by itself in some seconds, until it has: `terms` are the others.
async fn until_its_end(world: &World, member: &Member, engineer: &Engineer, mut terms: Value) {
    let end = Clock::system().now().plus(Span::from_seconds(4));
    terms["expires_at"] = end.to_string().into();
    world.grant(member, terms).await;
    let session = world.enter(engineer, member.workspace).await;
    let events = world.events(&session, &format!("/w/{}/events", member.workspace)).await;
    events.until_the_end("grant-ended").await;
    assert!(Clock::system().now() >= end);
    let path = format!("/w/{}/invoices", member.workspace);
    assert_eq!(world.ask(&session, "GET", &path).await.problem(), refused(403, "grant-ended"));
    assert_eq!(shut_to(world, engineer, member.workspace).await, refused(403, "grant-ended"));
}

/// The records of this kind, once there are so many.
async fn recorded(world: &World, kind: &str, count: usize) -> Vec<Value> {
    let config = world.config();
    let arguments = ["audit", "tail", "--config", &config, "--kind", kind, "--format", "jsonl", "-n", "100"];
    eventually(kind, PATIENCE, async || {
        let shown = chaperone(&arguments).stdout;
        let records: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (records.len() >= count).then_some(records)
    })
    .await
}
