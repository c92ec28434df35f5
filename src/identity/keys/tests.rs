//! The signing keys: kept, guarded, replaced without an app noticing, and recognised in what they signed.
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::verify;
use jsonwebtoken::jwk::JwkSet;

use crate::identity::testing::{Issuer, token};

use super::pair::thumbprint;
use super::*;

const US: &str = "https://support.example.com";
const FILE: &str = "assertion-key.pem";
const MINUTE: Span = Span::from_seconds(60);

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000).plus(Span::from_seconds(seconds))
}

fn names(dir: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(dir).expect("the folder");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect()
}

fn kids(keys: &Keys, now: Timestamp) -> Vec<String> {
    let document = keys.jwks(now);
    let list = document["keys"].as_array().expect("keys");
    list.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

fn active(keys: &Keys, now: Timestamp) -> String {
    keys.active(now).expect("a key").kid().to_owned()
}

/// An assertion that `keys` sign at `now`.
fn assertion(keys: &Keys, now: Timestamp) -> String {
    let pair = keys.active(now).expect("a key");
    let header = json!({ "alg": "EdDSA", "kid": pair.kid(), "typ": "JWT" });
    let claims = json!({ "iss": US, "iat": now.as_seconds(), "exp": now.as_seconds() + 60 });
    token(&header, &claims, |message| pair.sign(message).expect("a sound key signs"))
}

#[test]
fn the_first_start_makes_a_key_for_us_alone_and_the_next_one_finds_it() {
    let home = tempfile::tempdir().expect("a folder");
    let dir = home.path().join("state/keys");
    assert!(matches!(Keys::existing(&dir), Err(KeyError::None { .. })), "looking makes nothing");
    let made = Keys::open(&dir).expect("a new key");
    let found = Keys::open(&dir).expect("the same key");
    assert_eq!(made.jwks(at(0)), found.jwks(at(0)));
    assert_eq!((mode(&dir), mode(&dir.join(FILE))), (0o700, 0o600));
    assert_eq!(names(&dir), [FILE.to_owned()].into(), "no draft is left behind");
}

#[test]
fn many_first_starts_at_once_agree_on_one_key() {
    let home = tempfile::tempdir().expect("a folder");
    let found: BTreeSet<String> = std::thread::scope(|scope| {
        let starts: Vec<_> =
            (0..8).map(|_| scope.spawn(|| active(&Keys::open(home.path()).expect("a key"), at(0)))).collect();
        starts.into_iter().map(|start| start.join().expect("no panic")).collect()
    });
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_key_that_others_may_read_is_refused_with_a_hint() {
    let home = tempfile::tempdir().expect("a folder");
    Keys::open(home.path()).expect("a new key");
    for open in [0o640, 0o604, 0o620] {
        fs::set_permissions(home.path().join(FILE), fs::Permissions::from_mode(open)).expect("it is ours");
        let refused = Keys::open(home.path()).expect_err("others may read it").to_string();
        assert!(refused.contains(FILE) && refused.contains("chmod 600"), "{refused}");
    }
}

#[test]
fn a_file_without_a_key_is_refused_and_not_replaced() {
    let home = tempfile::tempdir().expect("a folder");
    Keys::open(home.path()).expect("a new key");
    let path = home.path().join(FILE);
    fs::write(&path, "half a ke").expect("it is ours");
    assert!(Keys::open(home.path()).expect_err("no key").to_string().contains("holds no Ed25519 key"));
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "half a ke");
}

#[test]
fn the_thumbprint_is_that_of_rfc_8037() {
    // RFC 8037, appendices A.2 and A.3.
    assert_eq!(
        thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn our_own_assertion_is_recognised_even_when_it_has_expired_and_nobody_elses_is() {
    let home = tempfile::tempdir().expect("a folder");
    let keys = Keys::open(home.path()).expect("a new key");
    let ours = assertion(&keys, at(0));
    assert!(keys.verifies(&ours), "it expired long ago, but was made inside a login");
    assert!(!keys.verifies("not a token"));

    let kid = active(&keys, at(0));
    let forger = Issuer::ed25519(&kid);
    let header = json!({ "alg": "EdDSA", "kid": kid, "typ": "JWT" });
    let claims = json!({ "iss": US, "iat": at(0).as_seconds(), "exp": at(60).as_seconds() });
    assert!(!keys.verifies(&token(&header, &claims, |message| forger.sign(message))), "another key, our kid");
}

#[test]
fn a_rotation_publishes_first_signs_later_and_forgets_the_old_key_after_a_day() {
    let home = tempfile::tempdir().expect("a folder");
    let gate = Keys::open(home.path()).expect("a new key");
    let old = active(&gate, at(0));
    // Another process rotates; the gate finds it by looking.
    let operator = Keys::existing(home.path()).expect("the key");
    let starts = begins(at(0), Span::from_seconds(600));
    assert_eq!(operator.rotate(at(0), starts, false).expect("a rotation"), Rotated::Published);
    assert!(gate.refresh(at(0)).expect("a look") && !gate.refresh(at(0)).expect("a look"));

    let (before, after) = (kids(&gate, at(599)), kids(&gate, at(600)));
    assert_eq!((before.len(), &before[0], active(&gate, at(599))), (2, &old, old.clone()));
    let new = before[1].clone();
    assert_eq!((after, active(&gate, at(600))), (vec![new.clone(), old.clone()], new.clone()));
    let last = assertion(&gate, at(599));
    assert!(gate.verifies(&last), "what the old key signed counts");

    let day = starts.plus(KEPT);
    assert_eq!(kids(&gate, day), [new]);
    assert_eq!(names(home.path()).len(), 2);
    let signature = gate.sign(&old, b"checkpoint").expect("it is still there");
    assert!(gate.refresh(day).expect("a look"));
    assert_eq!(gate.sign(&old, b"checkpoint"), None);
    let (kept, file) = ("retired.jwks.json".to_owned(), format!("assertion-key-{}.pem", starts.as_seconds()));
    assert_eq!(names(home.path()), [file, kept].into(), "of the key that is gone the public half is left");
    let vouching = Keys::existing(home.path()).expect("the key").vouching();
    let known: JwkSet = serde_json::from_value(vouching).expect("a JWKS document");
    let old = DecodingKey::from_jwk(known.find(&old).expect("the old key")).expect("a key");
    let signature = URL_SAFE_NO_PAD.encode(signature);
    assert!(verify(&signature, b"checkpoint", &old, Algorithm::EdDSA).expect("a signature"));
    for name in names(home.path()) {
        assert_eq!(mode(&home.path().join(name)), 0o600);
    }
}

#[test]
fn a_rotation_waits_for_the_one_before_unless_it_is_hastened() {
    let home = tempfile::tempdir().expect("a folder");
    let keys = Keys::open(home.path()).expect("a new key");
    let starts = begins(at(0), MINUTE);
    keys.rotate(at(0), starts, false).expect("a rotation");
    let next = kids(&keys, at(1))[1].clone();
    assert_eq!(keys.rotate(at(1), begins(at(1), MINUTE), false).expect("a look"), Rotated::Pending(starts));
    assert_eq!(keys.rotate(at(2), begins(at(2), Span::ZERO), true).expect("a rotation"), Rotated::Hastened);
    assert_eq!((active(&keys, at(2)), kids(&keys, at(2)).len()), (next, 2));
    let states: Vec<_> = keys.shown(at(2)).into_iter().map(|key| key.state).collect();
    assert_eq!(states, [KeyState::Retiring, KeyState::Active]);
}

#[test]
fn what_a_rotation_leaves_when_it_is_killed_changes_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let keys = Keys::open(home.path()).expect("a new key");
    let before = keys.jwks(at(0));
    // Killed while it wrote: the draft has another name than any key.
    fs::write(home.path().join(".assertion-key.pem.Zm9vYmFyYmF6"), "-----BEGIN PRIV").expect("it is ours");
    assert!(!keys.refresh(at(0)).expect("a look"));
    assert_eq!(Keys::open(home.path()).expect("the key").jwks(at(0)), before);
    // Killed between link and removal of the draft: the key is whole.
    keys.rotate(at(0), begins(at(0), MINUTE), false).expect("a rotation");
    let whole = names(home.path()).into_iter().find(|name| name.starts_with("assertion-key-")).expect("a key");
    fs::hard_link(home.path().join(whole), home.path().join(".assertion-key.pem.cXV4cXV4cXV4")).expect("it is ours");
    assert_eq!(kids(&Keys::open(home.path()).expect("the keys"), at(0)).len(), 2);
}

#[test]
fn a_key_that_cannot_be_read_leaves_the_known_ones_at_work() {
    let home = tempfile::tempdir().expect("a folder");
    let keys = Keys::open(home.path()).expect("a new key");
    let before = keys.jwks(at(0));
    fs::write(home.path().join("assertion-key-1795000000.pem"), "half a ke").expect("it is ours");
    assert!(keys.refresh(at(0)).is_err());
    assert_eq!(keys.jwks(at(0)), before);
}

/// An app that keeps the JWKS, and asks for it again by its own rule.
struct App {
    known: Vec<String>,
    asked_at: Timestamp,
}

impl App {
    fn knows(&self, kid: &str) -> bool {
        self.known.iter().any(|known| known == kid)
    }

    fn ask(&mut self, gate: &Keys, now: Timestamp) {
        *self = Self { known: kids(gate, now), asked_at: now };
    }
}

#[test]
fn apps_that_cache_the_jwks_verify_every_assertion_throughout_a_rotation() {
    let home = tempfile::tempdir().expect("a folder");
    let gate = Keys::open(home.path()).expect("a new key");
    let app = || App { known: kids(&gate, at(0)), asked_at: at(0) };
    let (mut patient, mut curious, mut asked) = (app(), app(), 0);
    for minute in 0..(26 * 60) {
        let now = at(minute * 60);
        if minute == 30 {
            gate.rotate(now, begins(now, Span::from_seconds(600)), false).expect("a rotation");
        }
        gate.refresh(now).expect("a look");
        // One looks every five minutes, whatever it is shown.
        if now.since(patient.asked_at) >= Span::from_seconds(300) {
            patient.ask(&gate, now);
        }
        let kid = active(&gate, now);
        assert!(patient.knows(&kid), "minute {minute}");
        // One looks only for a key that it does not know.
        if !curious.knows(&kid) {
            curious.ask(&gate, now);
            asked += 1;
        }
        assert!(curious.knows(&kid), "minute {minute}");
        // An assertion that was signed a minute ago still counts.
        let signed = assertion(&gate, now.plus(Span::from_seconds(-59)));
        assert!(gate.verifies(&signed), "minute {minute}");
    }
    assert_eq!(asked, 1, "the rotation was seen once");
}

#[test]
fn debug_output_shows_no_key() {
    let home = tempfile::tempdir().expect("a folder");
    let keys = Keys::open(home.path()).expect("a new key");
    assert_eq!(format!("{keys:?}"), format!("Keys {{ kids: [{:?}], .. }}", active(&keys, at(0))));
}
