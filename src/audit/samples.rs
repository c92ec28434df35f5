//! Events and journals for the tests of this room.
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::value::RawValue;

use crate::config::{Audit, Durability};
use crate::domain::time::{Clock, Span, Timestamp};
use crate::telemetry::metrics::Metrics;

use super::{Decision, Event, Evidence, Journal, Kind, Outcome, Report, RequestFacts, Response, Seal, Trust, verify};

/// 2026-11-22T16:00:00Z and `n` seconds.
pub(super) fn at(n: u32) -> Timestamp {
    Timestamp::from_millis(1_795_363_200_000 + i64::from(n) * 1000)
}

/// The `n`th of a busy day in three workspaces: mostly requests, now and then a grant, which is Ada's as `olga`.
pub(super) fn event(n: u32) -> Event {
    let workspace = ["acme", "globex", "initech"][n as usize % 3];
    let (kind, request) = match n % 5 {
        0 => (Kind::GrantCreated, None),
        1 => (Kind::AccessRefused, Some(request(n))),
        _ => (Kind::AccessPermitted, Some(request(n))),
    };
    Event {
        workspace: Some(workspace.parse().unwrap()),
        engineer: Some("ada".parse().unwrap()),
        subject: Some("olga".parse().unwrap()),
        session: Some("se_1".parse().unwrap()),
        grant: Some("gr_1".parse().unwrap()),
        reason: Some("the export \"hangs\"\nsince Monday".to_owned()),
        ticket: Some("CASE-17".to_owned()),
        decision: request.is_some().then(|| decision(n % 5 != 1)),
        request,
        ..Event::new(at(n), kind)
    }
}

/// A completion: without a workspace, as for a request that named none.
pub(super) fn completion(n: u32) -> Event {
    let response =
        Response { status: 200, bytes_in: 0, bytes_out: 5120, duration_us: 1830, outcome: Outcome::Complete };
    Event { response: Some(response), ..Event::new(at(n), Kind::AccessCompleted) }
}

fn request(n: u32) -> RequestFacts {
    RequestFacts {
        id: format!("rq_{n}").parse().unwrap(),
        method: "GET".to_owned(),
        host: "support.example.com".to_owned(),
        path: format!("/w/acme/reports/{n}"),
        effect: "read".to_owned(),
        labels: vec!["reports".to_owned()],
        ip: "192.0.2.7".to_owned(),
        user_agent: Some("Mozilla/5.0 (Zürich)".to_owned()),
    }
}

fn decision(allow: bool) -> Decision {
    Decision {
        allow,
        code: (!allow).then(|| "read-only".to_owned()),
        policies: ["consented".into()].into(),
        bundle: "sha256:1f".into(),
        facts: RawValue::from_string(r#"{"now":"2026-11-22T16:00:00Z"}"#.to_owned()).unwrap(),
    }
}

/// The configuration of a trail in `dir`.
pub(super) fn audit(dir: &Path, durability: Durability) -> Audit {
    Audit { dir: dir.to_owned(), durability, segment: 256 << 20, checkpoint: Span::from_seconds(3600) }
}

/// A key that is known by one letter.
#[derive(Debug)]
pub(crate) struct TestSeal(pub(crate) char);

impl TestSeal {
    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[self.0 as u8; 32]).unwrap()
    }

    /// Its public half.
    pub(super) fn jwks(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.pair().public_key());
        format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"{}"}}]}}"#, self.0)
    }
}

impl Seal for TestSeal {
    fn kid(&self) -> String {
        self.0.to_string()
    }

    fn sign(&self, kid: &str, message: &[u8]) -> Option<[u8; 64]> {
        (kid == self.kid()).then(|| self.pair().sign(message).as_ref().try_into().unwrap())
    }

    fn trust(&self) -> Trust {
        Trust::from_jwks(self.jwks().as_bytes()).unwrap()
    }
}

/// The key that signs in most tests.
pub(crate) fn seal() -> Arc<dyn Seal> {
    Arc::new(TestSeal('s'))
}

/// What an auditor finds who trusts that key.
pub(super) fn report(path: &Path) -> Report {
    verify(path, &Evidence { trust: seal().trust(), kept: Vec::new() }).unwrap()
}

/// Writes `count` events to the journal in `dir`, which begins with it or goes on.
pub(super) async fn write(dir: &Path, count: u32) {
    write_with(dir, count, seal()).await;
}

/// As [`write`], with a key of one's own.
pub(super) async fn write_with(dir: &Path, count: u32, seal: Arc<dyn Seal>) {
    let journal =
        Journal::open(&audit(dir, Durability::Relaxed), "node-1", &Clock::system(), &Metrics::new(), seal).unwrap();
    for n in 0..count {
        journal.append(if n % 10 == 9 { completion(n) } else { event(n) }).await.unwrap();
    }
    journal.close().await;
}

/// A folder with a journal of `count` events.
pub(super) async fn journal_of(count: u32) -> Arc<tempfile::TempDir> {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    write(dir.path(), count).await;
    dir
}

/// The only segment of the journal in `dir`.
pub(super) fn segment(dir: &Path) -> std::path::PathBuf {
    dir.join("journal-000001.jsonl")
}

/// The two events that docs/TRAIL.md shows as records.
pub(super) fn documented() -> [Event; 2] {
    let granted = Event {
        at: at(0),
        event_id: "ev_019aacc56a0070008000000000000001".parse().unwrap(),
        kind: Kind::GrantCreated,
        engineer: None,
        session: None,
        reason: None,
        request: None,
        decision: None,
        ..event(0)
    };
    let passed = Event {
        at: at(42),
        event_id: "ev_019aacc60e1070008000000000000002".parse().unwrap(),
        workspace: Some("acme".parse().unwrap()),
        ..event(2)
    };
    [granted, passed]
}
