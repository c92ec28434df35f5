//! A thousand things that stay open: streams of events, WebSockets, uploads and downloads, in many sessions.
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::world::{Download, Events, Session, Socket, Upload, World, engineers, eventually};

/// How many sessions there are.
const SESSIONS: usize = 25;
/// How many of each kind are open in each.
const EACH: usize = 10;
/// How many are open in all.
pub(crate) const STREAMS: usize = SESSIONS * EACH * Kind::ALL.len();
/// How long an upload may take to reach the app.
const PATIENCE: Duration = Duration::from_secs(20);
const PIECE: &[u8] = b"0123456789";

/// What stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Events,
    Socket,
    Upload,
    Download,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Events, Self::Socket, Self::Upload, Self::Download];
}

/// When something was cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    pub(crate) kind: Kind,
    /// The last byte.
    pub(crate) at: Instant,
    /// When its session's last request began.
    pub(crate) last_request: Instant,
}

/// All of them, open; each is waited for by a task of its own.
pub(crate) struct Crowd {
    pub(crate) sessions: Vec<Session>,
    ends: JoinSet<Cut>,
}

enum Open {
    Events(Events),
    Socket(Box<Socket>),
    Upload(Upload),
    Download(Download),
}

impl Crowd {
    /// Ada enters acme again and again, and opens all kinds in each session. Each is seen to move.
    pub(crate) async fn gather(world: &World) -> Self {
        let (mut sessions, mut ends) = (Vec::new(), JoinSet::new());
        for _ in 0..SESSIONS {
            let session = world.enter(&engineers::ADA, "acme").await;
            let (mut open, mut last_request) = (Vec::new(), Instant::now());
            for _ in 0..EACH {
                for kind in Kind::ALL {
                    last_request = Instant::now();
                    open.push((kind, Open::one(world, &session, kind).await));
                }
            }
            for (kind, one) in open {
                ends.spawn(async move { Cut { kind, at: one.last_byte().await, last_request } });
            }
            sessions.push(session);
        }
        Self { sessions, ends }
    }

    /// When each was cut.
    pub(crate) async fn cut(self) -> Vec<Cut> {
        self.ends.join_all().await
    }
}

impl Open {
    async fn one(world: &World, session: &Session, kind: Kind) -> Self {
        match kind {
            Kind::Events => {
                let mut events = world.events(session, "/w/acme/slow-events").await;
                assert!(events.next().await.is_some(), "it moves");
                Self::Events(events)
            }
            Kind::Socket => {
                let mut socket = world.socket(session, "/w/acme/live").await.expect("a WebSocket");
                assert_eq!(socket.say("hello").await, "hello");
                Self::Socket(Box::new(socket))
            }
            Kind::Upload => {
                let before = world.app.uploaded();
                let mut upload = world.upload(session, "/w/acme/upload").await;
                upload.feed.send(Bytes::from_static(PIECE)).await.unwrap();
                let arrived = async || (world.app.uploaded() == before + PIECE.len() as u64).then_some(());
                upload.until(eventually("the upload moves", PATIENCE, arrived)).await;
                Self::Upload(upload)
            }
            Kind::Download => Self::Download(world.download(session, "/w/acme/slow-download").await),
        }
    }

    /// Waits for the end, and gives the moment of the last byte.
    async fn last_byte(self) -> Instant {
        match self {
            Self::Events(mut events) => {
                while events.next().await.is_some_and(|piece| !piece.contains("access-ended")) {}
            }
            Self::Socket(socket) => {
                assert!(socket.closed().await.is_some_and(|(status, _)| status == 1008), "closed by the gate");
            }
            Self::Upload(upload) => {
                let status = upload.answer().await.expect("an answer").status;
                assert!([401, 403].contains(&status.as_u16()), "refused: {status}");
            }
            Self::Download(download) => download.broken_off().await,
        }
        Instant::now()
    }
}
