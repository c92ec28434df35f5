//! Keys that rotate, sources that fail, and issuers that send us elsewhere.
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::Jwks;
use super::cache::{Asked, Pauses};
use crate::config::JwksFrom;
use crate::domain::time::{Clock, Uptime};
use crate::identity::jws::Alg;
use crate::identity::jwt::JwtError;
use crate::identity::testing::{Issuer, jwks};

/// An issuer's web server on loopback.
struct Web {
    origin: String,
    pages: Arc<Mutex<Pages>>,
}

#[derive(Default)]
struct Pages {
    /// Status, `Location` and body, by path.
    answers: HashMap<String, (u16, &'static str, String)>,
    /// The paths asked for.
    asked: Vec<String>,
}

impl Web {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let pages = Arc::<Mutex<Pages>>::default();
        let (shown, tasks) = (Arc::clone(&pages), TaskTracker::new());
        tasks.clone().spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let shown = Arc::clone(&shown);
                let service =
                    service_fn(move |request| std::future::ready(Ok::<_, Infallible>(answer(&shown, &request))));
                let server = hyper::server::conn::http1::Builder::new();
                tasks.spawn(server.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { origin, pages }
    }

    fn show(&self, path: &str, status: u16, location: &'static str, body: &str) {
        let mut pages = self.pages.lock().expect("no panic");
        pages.answers.insert(path.to_owned(), (status, location, body.to_owned()));
    }

    fn asked(&self) -> usize {
        self.pages.lock().expect("no panic").asked.len()
    }

    fn url(&self, path: &str) -> Uri {
        format!("{}{path}", self.origin).parse().expect("an address")
    }

    fn keys_at(&self, path: &str) -> Arc<Jwks> {
        Jwks::new(JwksFrom::Url(self.url(path)), "https://idp.example.com", Clock::system())
    }

    fn keys_by_discovery(&self) -> Arc<Jwks> {
        Jwks::new(JwksFrom::Discovery, &self.origin, Clock::system())
    }
}

fn answer(pages: &Mutex<Pages>, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let mut pages = pages.lock().expect("no panic");
    let path = request.uri().path().to_owned();
    let (status, location, body) = pages.answers.get(&path).cloned().unwrap_or((404, "", String::new()));
    pages.asked.push(path);
    let answer = Response::builder().status(status).header("location", location).body(Full::from(body));
    answer.expect("a sound answer")
}

async fn has(keys: &Arc<Jwks>, kid: &str) -> Result<(), JwtError> {
    keys.key(Some(kid), Alg::EdDsa).await.map(drop)
}

#[tokio::test]
async fn a_new_key_in_the_file_counts_at_once_and_an_old_one_no_longer() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("jwks.json");
    let (old, new) = (Issuer::ed25519("old"), Issuer::ed25519("new"));
    std::fs::write(&file, jwks(&[&old])).expect("it is ours");
    let keys = Jwks::new(JwksFrom::File(file.clone()), "", Clock::system());
    keys.warm().await.expect("a sound file");
    assert_eq!((has(&keys, "old").await, has(&keys, "new").await), (Ok(()), Err(JwtError::Signature)));

    let draft = dir.path().join("draft");
    std::fs::write(&draft, jwks(&[&new])).expect("it is ours");
    std::fs::rename(&draft, &file).expect("it is ours");
    assert_eq!((has(&keys, "old").await, has(&keys, "new").await), (Err(JwtError::Signature), Ok(())));
}

#[tokio::test]
async fn whoever_relies_on_keys_hears_when_they_are_others_and_only_then() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("jwks.json");
    let (old, new) = (Issuer::ed25519("old"), Issuer::ed25519("new"));
    std::fs::write(&file, jwks(&[&old])).expect("it is ours");
    let keys = Jwks::new(JwksFrom::File(file.clone()), "", Clock::system());
    assert_eq!(keys.holds("anything"), None, "nothing is known yet");
    keys.warm().await.expect("a sound file");
    let (_, signed_by) = keys.key(Some("old"), Alg::EdDsa).await.expect("the key");
    let mut changes = keys.changes();
    assert!(!keys.refresh().await.expect("a sound file") && !changes.has_changed().expect("it is there"));

    std::fs::write(&file, "{").expect("it is ours");
    keys.refresh().await.expect_err("no keys");
    assert_eq!((keys.holds(&signed_by), changes.has_changed().expect("it is there")), (Some(true), false));

    std::fs::write(&file, jwks(&[&old, &new])).expect("it is ours");
    assert!(keys.refresh().await.expect("a sound file, at once after a bad one"));
    changes.changed().await.expect("it is there");
    assert_eq!(keys.holds(&signed_by), Some(true));
    std::fs::write(&file, jwks(&[&new])).expect("it is ours");
    assert_eq!(has(&keys, "new").await, Ok(()), "a token makes the file be read, too");
    changes.changed().await.expect("it is there");
    assert_eq!(keys.holds(&signed_by), Some(false));
}

#[tokio::test]
async fn keys_at_an_address_are_refreshed_unless_it_has_just_failed() {
    let web = Web::start().await;
    web.show("/jwks", 200, "", &jwks(&[&Issuer::ed25519("old")]));
    let keys = web.keys_at("/jwks");
    keys.warm().await.expect("only files fail");
    let (_, signed_by) = keys.key(Some("old"), Alg::EdDsa).await.expect("the key");
    web.show("/jwks", 200, "", &jwks(&[&Issuer::ed25519("new")]));
    assert!(keys.refresh().await.expect("an answer"));
    assert_eq!(keys.holds(&signed_by), Some(false));
    web.show("/jwks", 500, "", "");
    keys.refresh().await.expect_err("no keys");
    let asked = web.asked();
    assert!(!keys.refresh().await.expect("nothing is asked") && web.asked() == asked);
}

#[tokio::test]
async fn a_file_that_vanishes_or_breaks_leaves_the_last_known_keys() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("jwks.json");
    std::fs::write(&file, jwks(&[&Issuer::ed25519("k")])).expect("it is ours");
    let keys = Jwks::new(JwksFrom::File(file.clone()), "", Clock::system());
    keys.warm().await.expect("a sound file");
    std::fs::write(&file, "{").expect("it is ours");
    assert_eq!(has(&keys, "k").await, Ok(()));
    std::fs::remove_file(&file).expect("it is ours");
    assert_eq!(has(&keys, "k").await, Ok(()));
}

#[tokio::test]
async fn a_file_without_keys_fails_the_start_and_says_what_is_needed() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("jwks.json");
    let keys = Jwks::new(JwksFrom::File(file.clone()), "", Clock::system());
    let missing = keys.warm().await.expect_err("no file").to_string();
    assert!(missing.contains("jwks.json") && missing.contains("check that the file exists"), "{missing}");
    std::fs::write(&file, r#"{"keys":[]}"#).expect("it is ours");
    let empty = keys.warm().await.expect_err("no keys").to_string();
    assert!(empty.contains("has no key that we use"), "{empty}");
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_and_found_after_a_rotation() {
    let web = Web::start().await;
    web.show("/jwks", 200, "", &jwks(&[&Issuer::ed25519("old")]));
    let keys = web.keys_at("/jwks");
    keys.warm().await.expect("only files fail");
    assert_eq!((has(&keys, "old").await, web.asked()), (Ok(()), 1));

    web.show("/jwks", 200, "", &jwks(&[&Issuer::ed25519("new")]));
    assert_eq!((has(&keys, "new").await, web.asked()), (Ok(()), 2), "the first one is served at once");
    assert_eq!((has(&keys, "old").await, web.asked()), (Err(JwtError::Signature), 2), "the next one has to wait");
}

#[tokio::test]
async fn a_crowd_with_made_up_kids_makes_one_fetch() {
    let web = Web::start().await;
    web.show("/jwks", 200, "", &jwks(&[&Issuer::ed25519("k")]));
    let keys = web.keys_at("/jwks");
    keys.warm().await.expect("only files fail");
    let crowd = (0..50).map(|n| {
        let keys = Arc::clone(&keys);
        async move { has(&keys, &format!("made-up-{n}")).await }
    });
    let refused = futures_util::future::join_all(crowd).await;
    assert!(refused.iter().all(|result| *result == Err(JwtError::Signature)));
    assert_eq!(web.asked(), 2);
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_stop_the_fetch_that_others_need() {
    let web = Web::start().await;
    web.show("/jwks", 200, "", &jwks(&[&Issuer::ed25519("old")]));
    let keys = web.keys_at("/jwks");
    keys.warm().await.expect("only files fail");
    web.show("/jwks", 200, "", &jwks(&[&Issuer::ed25519("new")]));

    assert_eq!(has(&keys, "made-up").now_or_never(), None, "dropped while it waits");
    assert_eq!(has(&keys, "new").await, Ok(()));
}

#[tokio::test]
async fn an_address_that_does_not_answer_yet_is_no_reason_not_to_start() {
    let web = Web::start().await;
    let keys = web.keys_at("/jwks");
    keys.warm().await.expect("only files fail");
    web.show("/jwks", 200, "", &jwks(&[&Issuer::ed25519("k")]));
    assert_eq!(has(&keys, "k").await, Ok(()));
}

#[tokio::test]
async fn without_any_keys_nothing_is_believed_and_the_source_is_not_flooded() {
    let web = Web::start().await;
    let keys = web.keys_at("/jwks");
    for _ in 0..5 {
        assert_eq!(has(&keys, "k").await, Err(JwtError::Keys));
    }
    assert_eq!(web.asked(), 1);
}

#[tokio::test]
async fn redirects_errors_and_giants_are_not_keys() {
    let good = jwks(&[&Issuer::ed25519("k")]);
    let giant = good.replacen('{', &format!("{{{}", " ".repeat(256 * 1024)), 1);
    for (status, body) in [(302, &good), (307, &good), (203, &good), (500, &good), (200, &giant)] {
        let web = Web::start().await;
        web.show("/jwks", status, "/elsewhere", body);
        web.show("/elsewhere", 200, "", &good);
        assert_eq!(has(&web.keys_at("/jwks"), "k").await, Err(JwtError::Keys), "{status}");
        assert_eq!(web.asked(), 1, "{status}");
    }
}

#[tokio::test]
async fn discovery_leads_to_the_keys_of_the_issuer_that_was_asked_for() {
    let web = Web::start().await;
    web.show("/keys", 200, "", &jwks(&[&Issuer::ed25519("k")]));
    let discovery = |issuer: &str, uri: &str| format!(r#"{{"issuer":"{issuer}","jwks_uri":"{uri}"}}"#);
    let path = "/.well-known/openid-configuration";
    let keys_url = web.url("/keys").to_string();

    web.show(path, 200, "", &discovery(&web.origin, &keys_url));
    assert_eq!(has(&web.keys_by_discovery(), "k").await, Ok(()));

    for (issuer, uri) in [
        ("https://another.example.com", keys_url.as_str()),
        (&format!("{}/", web.origin), &keys_url),
        (&web.origin, "http://192.0.2.1/keys"),
        (&web.origin, "file:///etc/passwd"),
    ] {
        web.show(path, 200, "", &discovery(issuer, uri));
        assert_eq!(has(&web.keys_by_discovery(), "k").await, Err(JwtError::Keys), "{issuer} {uri}");
    }
}

#[test]
fn the_source_is_left_alone_for_a_while_after_each_kind_of_question() {
    let pauses = Pauses { failed: Duration::from_secs(5), unknown: Duration::from_secs(10) };
    let at = |seconds: u64| Uptime::from_nanos(seconds * 1_000_000_000);
    let mut asked = Asked::default();
    assert!(asked.may_ask_for_unknown(pauses, at(100)));
    asked.ended(true, at(101));
    assert!(!asked.may_ask_for_unknown(pauses, at(109)));
    assert!(asked.may_ask(pauses, at(109)), "old keys are refreshed all the same");
    assert!(asked.may_ask_for_unknown(pauses, at(110)));
    asked.ended(false, at(115));
    assert!(!asked.may_ask(pauses, at(119)) && asked.may_ask(pauses, at(120)));
    assert!(!asked.may_ask_for_unknown(pauses, at(119)) && asked.may_ask_for_unknown(pauses, at(120)));
}
