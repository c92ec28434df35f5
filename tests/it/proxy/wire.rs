//! The gate, the bytes that are sent to it, and what must hold whatever is sent.
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::frames::answer_of;
use super::origin::Origin;
use crate::attacks::{CLOSED, ROUTE};
use crate::world::{HOST, SEGMENT, Session, World, engineers, members};

/// How long an answer may take on a busy machine, how long one is awaited that need not come, and how long more of it.
const PATIENCE: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_millis(500);
const MORE: Duration = Duration::from_millis(50);

/// What every forged value is.
pub(super) const FORGED: &str = "mallory";

/// What has to become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It reaches the app, once, cleaned.
    Passes,
    /// It is answered by 4xx, or the connection ends; nothing reaches the app.
    Refused,
    /// Either of these, for both are safe.
    Safe,
    /// Its body breaks: no whole request reaches the app.
    Broken,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The first digit of the final status; none: no answer.
    pub(super) status: Option<u8>,
    /// Every byte that came back, one character each.
    pub(super) answer: String,
    /// The whole requests that the app got.
    pub(super) seen: Vec<String>,
}

/// A gate in plaintext before an app that notes every byte, and a session with full access.
pub(super) struct Wire {
    pub(super) world: World,
    pub(super) session: Session,
    pub(super) origin: Origin,
}

impl Wire {
    pub(super) async fn start() -> Self {
        let origin = Origin::start().await;
        let builder = World::builder().app_at(origin.address).route(ROUTE);
        let world = builder.policy("segment.cedar", SEGMENT).policy("closed.cedar", CLOSED).start().await;
        world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
        let session = world.enter(&engineers::ADA, "acme").await;
        Self { world, session, origin }
    }

    /// The head of a request in the session; `lines` end with CRLF each.
    pub(super) fn head(&self, start: &str, lines: &str) -> String {
        format!("{start} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {}\r\n{lines}\r\n", self.session.cookie())
    }

    /// Sends these bytes, one for each character, over a connection of their own, and looks at all that comes of it;
    /// waits so long for an answer.
    async fn send(&self, bytes: &str, patience: Duration) -> Outcome {
        let bytes: Vec<u8> = bytes.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let is_http2 = bytes.starts_with(b"PRI ");
        let mut socket = TcpStream::connect(self.world.gate.address).await.unwrap();
        // The gate may have turned away before everything is sent.
        let _ = socket.write_all(&bytes).await;
        let answer = if is_http2 { answer_of } else { final_status };
        let mut got = Vec::new();
        while answer(&got).is_none() {
            let mut piece = vec![0; 65_536];
            match timeout(patience, socket.read(&mut piece)).await {
                Ok(Ok(length @ 1..)) => got.extend(&piece[..length]),
                Ok(_) | Err(_) => break,
            }
        }
        let mut rest = Vec::new();
        let _ = timeout(MORE, socket.read_to_end(&mut rest)).await;
        got.extend(rest);
        let (status, seen) = (answer(&got), self.seen().await);
        Outcome { status, answer: got.into_iter().map(char::from).collect(), seen }
    }

    /// Sends these bytes and waits for the answer.
    pub(super) async fn send_patiently(&self, bytes: &str) -> Outcome {
        self.send(bytes, PATIENCE).await
    }

    /// What the app has got: all of it, for an honest request that comes later gets its own answer.
    async fn seen(&self) -> Vec<String> {
        let mut socket = TcpStream::connect(self.world.gate.address).await.unwrap();
        socket.write_all(self.head("GET /canary", "Connection: close\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, socket.read_to_string(&mut answer)).await.expect("the gate lives").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("fine"), "another's answer: {answer}");
        let (canaries, seen): (Vec<_>, Vec<_>) =
            self.origin.take().into_iter().partition(|request| request.starts_with("GET /canary HTTP/1.1\r\n"));
        assert_eq!(canaries.len(), 1, "{seen:?}");
        seen
    }

    /// Sends these bytes, expects this fate, and what must hold for each request that the app gets.
    pub(super) async fn expect(&self, fate: Fate, title: &str, bytes: &str) -> Outcome {
        let patience = if fate == Fate::Broken { SILENCE } else { PATIENCE };
        let outcome = self.send(bytes, patience).await;
        let Outcome { status, seen, .. } = &outcome;
        let (passes, refused) =
            (*status == Some(2) && seen.len() == 1, matches!(status, Some(4) | None) && seen.is_empty());
        let met = match fate {
            Fate::Passes => passes,
            Fate::Refused => refused,
            Fate::Safe => passes || refused,
            Fate::Broken => seen.is_empty() && *status != Some(2),
        };
        assert!(met, "{title:?} is not {fate:?}: {outcome:#?}");
        for request in seen {
            self.is_clean(title, request);
        }
        outcome
    }

    fn is_clean(&self, title: &str, request: &str) {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let lower = head.to_lowercase();
        let count = |name: &str| lower.lines().filter(|line| line.starts_with(&format!("{name}:"))).count();
        assert!(!lower.contains(FORGED), "{title}: something forged: {head}");
        let ours = !lower.contains("__host-chaperone") && !request.contains(&self.session.token);
        assert!(ours, "{title}: our cookie: {head}");
        for once in ["host", "x-chaperone-assertion", "x-chaperone-subject", "x-chaperone-actor", "forwarded"] {
            assert_eq!(count(once), 1, "{title}: {once}: {head}");
        }
        assert!(count("content-length") + count("transfer-encoding") <= 1, "{title}: two framings: {head}");
        assert!(!lower.contains("\r\nupgrade: h2c") && count("http2-settings") == 0, "{title}: {head}");
        assert!(!head.replace("\r\n", "").contains(char::is_control), "{title}: a control character: {head:?}");
        let target = lower.split(' ').nth(1).unwrap();
        assert!(target.starts_with('/') && !target.starts_with("//") && !target.contains('#'), "{title}: {target}");
        assert!(
            target.split(['/', '?', ';']).nth(1) != Some("admin") && !lower.starts_with("delete"),
            "{title}: {head}"
        );
        let trailers = body.rsplit_once("\r\n0\r\n").map_or("", |(_, trailers)| trailers);
        assert!(!trailers.to_lowercase().contains(FORGED), "{title}: something forged: {trailers}");
    }
}

/// The first digit of the first final status.
fn final_status(got: &[u8]) -> Option<u8> {
    let text = String::from_utf8_lossy(got);
    let digits = text.match_indices("HTTP/1.").filter_map(|(at, _)| text.as_bytes().get(at + 9..at + 12));
    let first = digits.map(|digits| if digits == b"101" { b'2' } else { digits[0] }).find(|digit| *digit != b'1')?;
    text.contains("\r\n\r\n").then(|| first - b'0')
}
