//! What changes while sessions live and streams are open, and that it is in force at once, without a restart.
//!
//! * here: everything that can be open at once, and how it ends.
//! * `people`: engineers, members and workspaces change. `policies`, `keys`, `certificates`: files change.
//!
//! The lease is long here, and files are polled seldom: whatever is cut in time was told of, and not found by chance.
mod certificates;
mod keys;
mod people;
mod policies;

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::world::{
    Builder, Download, Events, Session, Socket, Upload, World, engineers, eventually, members, refused,
};

/// Between what telling takes, well under a second, and what finding by chance takes, ten.
const TOLD: Duration = Duration::from_secs(5);

/// A world in which nothing but being told of a change ends a stream in time.
fn world() -> Builder {
    World::builder().section("[store]\nlease = \"10s\"")
}

fn full() -> Value {
    json!({"access": "full", "duration": "1d"})
}

fn enter() -> Value {
    json!({"workspace": "acme", "reason": "an invoice is wrong"})
}

/// Ada, in acme by olga's grant.
async fn inside(world: &World) -> Session {
    world.grant(&members::OLGA, full()).await;
    world.enter(&engineers::ADA, "acme").await
}

/// One of each that stays open.
struct Open {
    events: Events,
    socket: Socket,
    upload: Upload,
    download: Download,
}

impl Open {
    /// Opens all, and sees each move.
    async fn all(world: &World, session: &Session) -> Self {
        let mut events = world.events(session, "/w/acme/events").await;
        assert!(events.next().await.is_some());
        let mut socket = world.socket(session, "/w/acme/live").await.expect("a WebSocket");
        assert_eq!(socket.say("hello").await, "hello");
        let before = world.app.uploaded();
        let mut upload = world.upload(session, "/w/acme/upload").await;
        upload.feed.send(Bytes::from_static(b"0123456789")).await.unwrap();
        let arrived = async || (world.app.uploaded() == before + 10).then_some(());
        upload.until(eventually("the upload moves", Duration::from_secs(10), arrived)).await;
        let download = world.download(session, "/w/acme/download").await;
        Self { events, socket, upload, download }
    }

    /// Waits until all are cut because of `refusal`, which a change at `changed` is to bring about.
    async fn cut(self, changed: Instant, refusal: (u16, &str)) {
        let (status, code) = refusal;
        let (_, closed, uploaded, ()) = tokio::join!(
            self.events.until_the_end(code),
            self.socket.closed(),
            self.upload.answer(),
            self.download.broken_off()
        );
        assert!(changed.elapsed() < TOLD, "{:?}", changed.elapsed());
        assert_eq!(closed, Some((1008, code.to_owned())));
        assert_eq!(uploaded.expect("an answer").problem(), refused(status, code));
    }
}

/// Ada's streams are cut by `change`, and her session passes no more.
async fn shuts_out(world: &World, change: impl AsyncFnOnce(), refusal: (u16, &str)) {
    let ada = inside(world).await;
    let open = Open::all(world, &ada).await;
    let before = world.app.seen().len();
    let changed = Instant::now();
    change().await;
    open.cut(changed, refusal).await;
    for method in ["GET", "POST"] {
        assert_eq!(world.ask(&ada, method, "/w/acme/a").await.problem(), refused(refusal.0, refusal.1), "{method}");
    }
    assert!(world.socket(&ada, "/w/acme/live").await.is_err(), "no new socket either");
    assert_eq!(world.app.seen().len(), before, "nothing of it came upstream");
}
