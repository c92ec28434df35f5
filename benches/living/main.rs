//! How long it takes from a change to the last byte of what the change ends: the real binary, an engineer inside with a
//! stream of events and a WebSocket open, fifty times for each change.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]
mod change;
mod figures;
#[expect(dead_code, unused_imports, reason = "the stories of `tests/it` need more of their world than this")]
#[path = "../../tests/it/world/mod.rs"]
mod world;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use change::{Change, Ends};
use figures::Row;
use world::{Events, SEGMENT, Session, Socket, World, engineers};

/// How often each change is made.
const ROUNDS: usize = 50;
/// What chaperone promises.
const PROMISED: Duration = Duration::from_secs(1);
/// When a stream that is not cut is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// `cargo bench` calls this with `--bench`; a name after `--` chooses the changes that have it in theirs.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let chosen = |change: &&Change| {
        let mut names = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
        names.peek().is_none() || names.any(|name| change.name().contains(name.as_str()))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rows: Vec<Row> = runtime.block_on(async {
        let world = World::builder().policy("segment.cedar", SEGMENT).start().await;
        let mut rows = Vec::new();
        for change in Change::ALL.iter().filter(chosen) {
            eprintln!("{} ...", change.name());
            rows.push(measure(&world, *change).await);
        }
        rows
    });
    figures::print(&rows, ROUNDS);
    if rows.iter().all(|row| row.longest() <= PROMISED) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure(world: &World, change: Change) -> Row {
    let mut row = Row::new(change.name());
    for _ in 0..ROUNDS {
        let ends = Ends::prepare(world, change).await;
        let ada = world.enter(&engineers::ADA, "acme").await;
        let mut events = world.events(&ada, "/w/acme/events").await;
        assert!(events.next().await.is_some(), "it moves");
        let mut socket = world.socket(&ada, "/w/acme/live").await.expect("a WebSocket");
        assert_eq!(socket.say("hello").await, "hello");
        let open = async { tokio::join!(last_of_events(events), last_of_socket(socket)) };
        let (changed, last) = tokio::join!(ends.make(world, change), tokio::time::timeout(PATIENCE, open));
        let (events, socket) = last.unwrap_or_else(|_| panic!("{}: nothing was cut", change.name()));
        row.add(events.saturating_duration_since(changed), socket.saturating_duration_since(changed));
        assert_ne!(passes(world, &ada).await, 200, "{}", change.name());
        ends.undo(world, change).await;
    }
    row
}

async fn passes(world: &World, session: &Session) -> u16 {
    world.ask(session, "GET", "/w/acme/a").await.status.as_u16()
}

/// When the last byte of a stream of events came.
async fn last_of_events(mut events: Events) -> Instant {
    let mut last = Instant::now();
    while let Some(piece) = events.next().await {
        last = Instant::now();
        if piece.contains("access-ended") {
            break;
        }
    }
    last
}

/// When the last byte of a WebSocket came.
async fn last_of_socket(socket: Socket) -> Instant {
    let closed = socket.closed().await;
    let last = Instant::now();
    assert!(closed.is_some_and(|(status, _)| status == 1008), "closed by the gate");
    last
}
