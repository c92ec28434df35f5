//! What is done with a gate, and how long it takes.
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Empty;
use serde_json::json;

use crate::app;
use crate::fill::{Seat, Size, fill};
use crate::world::{Connection, Via, World, request};

/// Connections that ask at the same time.
const CONNECTIONS: usize = 16;
/// How many requests are timed one by one.
const TIMED: usize = 10_000;
/// How many grants are revoked.
const REVOKED: usize = 100;
const PATIENCE: Duration = Duration::from_mins(1);

/// What was measured of one gate.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) size: Size,
    /// From the start of the process until it serves, in milliseconds.
    pub(crate) start: f64,
    /// Resident after the start, in megabytes.
    pub(crate) at_rest: f64,
    /// Resident for each session, once each has made a request, in kilobytes.
    pub(crate) each: f64,
    /// Means, in microseconds: the decision on a session's first request, and on a later one.
    pub(crate) first: f64,
    pub(crate) later: f64,
    /// A request of some session, one after the other: median and 99th percentile, in microseconds.
    pub(crate) request: (f64, f64),
    /// A revoke, until it is acknowledged: median and longest, in milliseconds.
    pub(crate) revoke: (f64, f64),
    /// The operators' metrics, in milliseconds.
    pub(crate) scrape: f64,
}

/// Everything, with a gate of its own.
pub(crate) async fn all(size: Size) -> Figures {
    eprintln!("{} grants, {} live sessions: filling the store", size.grants, size.sessions);
    let mut world = World::builder().app_at(app::start()).start().await;
    world.gate.terminate();
    world.gate.ended(PATIENCE).await;
    let seats = fill(&world.path("chaperone.db"), size).await;

    eprintln!("starting");
    let began = Instant::now();
    world.restart().await;
    let start = millis(began.elapsed());
    let at_rest = resident(&world);

    eprintln!("each session's first request");
    let before = decisions(&world).await;
    everybody_asks(&world, &seats).await;
    let after = decisions(&world).await;
    let each = (resident(&world) - at_rest) * 1000.0 / f(seats.len());

    eprintln!("{TIMED} requests one after the other");
    let request = one_after_the_other(&world, &seats).await;
    let at_last = decisions(&world).await;
    let began = Instant::now();
    world.ops("/metrics").await.expect(200);
    let scrape = millis(began.elapsed());

    eprintln!("{REVOKED} revokes");
    let revoke = revokes(&world, &seats).await;
    let (first, later) = (after.mean_since(&before), at_last.mean_since(&after));
    Figures { size, start, at_rest, each, first, later, request, revoke, scrape }
}

/// One request of every session, over several connections.
async fn everybody_asks(world: &World, seats: &[Seat]) {
    let parts = seats.chunks(seats.len().div_ceil(CONNECTIONS)).map(async |part| {
        let mut connection = world.connect(Via::Http1).await;
        for seat in part {
            ask(&mut connection, seat, "first").await;
        }
    });
    futures_util::future::join_all(parts).await;
}

/// Requests of sessions here and there, each timed.
async fn one_after_the_other(world: &World, seats: &[Seat]) -> (f64, f64) {
    let mut connection = world.connect(Via::Http1).await;
    let mut took = Vec::with_capacity(TIMED);
    for n in 0..TIMED {
        // A prime step visits them in no order.
        let seat = &seats[n * 7919 % seats.len()];
        let began = Instant::now();
        ask(&mut connection, seat, "later").await;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    (millis(took[TIMED / 2]) * 1000.0, millis(took[TIMED * 99 / 100]) * 1000.0)
}

async fn ask(connection: &mut Connection, seat: &Seat, page: &str) {
    let asked = request("GET", &format!("/w/{}/{page}", seat.workspace)).header("cookie", &seat.cookie);
    connection.send(asked.body(Empty::<Bytes>::new()).unwrap()).await.expect(200);
}

/// Owners revoke grants on each of which a session lives.
async fn revokes(world: &World, seats: &[Seat]) -> (f64, f64) {
    let mut took = Vec::new();
    for seat in seats.iter().step_by(seats.len() / REVOKED) {
        let Seat { workspace, grant, .. } = seat;
        let claims = json!({"sub": "olga", "workspace": workspace, "role": "owner", "email": format!("olga@{workspace}.example")});
        let (path, bearer) = (format!("/workspaces/{workspace}/grants/{grant}"), world.customers.sign(&claims));
        let began = Instant::now();
        let told = world.api("DELETE", &path, &bearer, None).await.expect(200).json();
        took.push(began.elapsed());
        assert_eq!(told["sessions_ended"], 1, "{told}");
    }
    took.sort_unstable();
    (millis(took[took.len() / 2]), millis(took[took.len() - 1]))
}

/// How many decisions there were, and how long all took together.
struct Decisions {
    count: f64,
    seconds: f64,
}

impl Decisions {
    /// The mean of those since, in microseconds.
    fn mean_since(&self, before: &Self) -> f64 {
        (self.seconds - before.seconds) * 1e6 / (self.count - before.count)
    }
}

async fn decisions(world: &World) -> Decisions {
    let metrics = world.ops("/metrics").await.expect(200).text();
    let value = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).expect("the metric is there");
        line.trim().parse().unwrap()
    };
    Decisions { count: value("chaperone_decision_seconds_count"), seconds: value("chaperone_decision_seconds_sum") }
}

/// The gate's resident memory, in megabytes.
fn resident(world: &World) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.gate.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1000.0
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn f(count: usize) -> f64 {
    count as f64
}
