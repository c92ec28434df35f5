//! What the gate itself may write: beyond a limit of file sizes (`ulimit -f`) the system sends a signal that would end it.
use std::fs;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;

use super::raw::PATIENCE;
use crate::world::{World, chaperone, engineers, eventually, members, refused};

/// Lets the gate's files grow to this size and no further; none: as they like.
fn limit_files(world: &World, size: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(world.gate.pid()).unwrap());
    prlimit(pid, Resource::Fsize, Rlimit { current: size, maximum: None }).unwrap();
}

#[tokio::test]
async fn a_trail_that_may_not_grow_lets_nobody_pass_until_it_may_again() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    limit_files(&world, Some(1));
    for method in ["GET", "POST"] {
        assert_eq!(world.ask(&ada, method, "/w/acme/b").await.problem(), refused(503, "audit-unavailable"), "{method}");
    }
    assert_eq!(world.app.seen().len(), 1, "nothing of it came upstream");
    let ready = world.ops("/readyz").await.expect(503).json();
    assert_eq!(ready["audit"], "unavailable: the trail cannot be written");
    limit_files(&world, None);
    let passes = async || (world.ask(&ada, "GET", "/w/acme/c").await.status == 200).then_some(());
    eventually("somebody passes again", PATIENCE, passes).await;
    let verified = chaperone(&["audit", "verify", "--config", &world.config()]);
    assert_eq!(verified.code, Some(0), "{}", verified.stdout);
    assert!(fs::read_dir(world.path("audit")).unwrap().count() > 0);
}
