//! Tokens as an issuer's honest users, its forgers and its bugs present them.
use aws_lc_rs::hmac;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::JwksFrom;
use crate::domain::time::Clock;
use crate::identity::testing::{Issuer, jwks, raw_token, token};

const ISSUER: &str = "https://idp.example.com";
const NOW: i64 = 1_795_000_000;

/// A verifier, and the issuer whose tokens it takes.
struct Scene {
    issuer: Issuer,
    verifier: Verifier,
    _dir: tempfile::TempDir,
}

impl Scene {
    fn with(issuer: Issuer) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("staff.jwks.json");
        std::fs::write(&file, jwks(&[&issuer])).expect("it is ours");
        let keys = Jwks::new(JwksFrom::File(file), ISSUER, Clock::system());
        Self { issuer, verifier: Verifier::new(ISSUER.to_owned(), "chaperone".to_owned(), keys), _dir: dir }
    }

    fn new() -> Self {
        Self::with(Issuer::ed25519("k1"))
    }

    async fn verify(&self, token: &str) -> Result<VerifiedJwt, JwtError> {
        self.verifier.verify(token, at(NOW)).await
    }

    /// What becomes of a genuine token whose claim `name` has this value; `Null` in the table means: left out.
    async fn with_claim(&self, name: &str, value: Value) -> Result<VerifiedJwt, JwtError> {
        let mut claims = claims();
        match value {
            Value::Null => claims.as_object_mut().expect("an object").remove(name),
            value => claims.as_object_mut().expect("an object").insert(name.to_owned(), value),
        };
        self.verify(&self.issuer.token(&claims)).await
    }

    /// What becomes of a genuine token whose header has this member.
    async fn with_header(&self, name: &str, value: Value) -> Result<VerifiedJwt, JwtError> {
        let mut header = self.issuer.header();
        header[name] = value;
        self.verify(&token(&header, &claims(), |message| self.issuer.sign(message))).await
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": "chaperone", "sub": "ada", "iat": NOW, "exp": NOW + 300, "groups": ["support"] })
}

fn why(result: Result<VerifiedJwt, JwtError>) -> JwtError {
    result.expect_err("it must be refused")
}

#[tokio::test]
async fn a_genuine_token_of_each_algorithm_tells_who_it_is_about() {
    for issuer in [Issuer::rsa("r"), Issuer::p256("e"), Issuer::ed25519("d")] {
        let scene = Scene::with(issuer);
        let verified = scene.verify(&scene.issuer.token(&claims())).await.expect("a genuine token");
        assert_eq!((verified.subject.as_str(), verified.acted), ("ada", false));
        assert_eq!((verified.issued_at, verified.expires_at), (at(NOW), at(NOW + 300)));
        assert_eq!(verified.claims["groups"], json!(["support"]));
        assert_eq!(verified.text("iss"), Some(ISSUER));
    }
}

#[tokio::test]
async fn nobody_chooses_an_algorithm_that_needs_no_private_key() {
    for issuer in [Issuer::rsa("k1"), Issuer::p256("k1"), Issuer::ed25519("k1")] {
        let scene = Scene::with(issuer);
        let public = hmac::Key::new(hmac::HMAC_SHA256, &scene.issuer.public());
        let by_public_key = |message: &[u8]| hmac::sign(&public, message).as_ref().to_vec();
        for alg in ["HS256", "HS384", "HS512"] {
            let forged = token(&json!({ "alg": alg, "kid": "k1" }), &claims(), by_public_key);
            assert!(matches!(why(scene.verify(&forged).await), JwtError::Malformed(_)), "{alg}");
        }
        for alg in [json!("none"), json!("None"), json!(""), Value::Null, json!(0), json!(["EdDSA"])] {
            let unsigned = token(&json!({ "alg": alg, "kid": "k1" }), &claims(), |_| Vec::new());
            assert!(matches!(why(scene.verify(&unsigned).await), JwtError::Malformed(_)), "{alg}");
        }
    }
}

#[tokio::test]
async fn a_key_serves_only_the_algorithm_of_its_kind() {
    let scene = Scene::new();
    for alg in ["RS256", "ES256"] {
        assert_eq!(why(scene.with_header("alg", json!(alg)).await), JwtError::Signature);
    }
    for alg in ["RS384", "PS256", "ES384", "eddsa"] {
        assert!(matches!(why(scene.with_header("alg", json!(alg)).await), JwtError::Malformed(_)), "{alg}");
    }
}

#[tokio::test]
async fn the_kid_chooses_the_key_and_may_be_left_out_when_there_is_only_one() {
    let scene = Scene::new();
    assert_eq!(why(scene.with_header("kid", json!("k2")).await), JwtError::Signature);
    assert!(matches!(why(scene.with_header("kid", json!(1)).await), JwtError::Malformed(_)));
    let without = token(&json!({ "alg": "EdDSA" }), &claims(), |message| scene.issuer.sign(message));
    scene.verify(&without).await.expect("there is only one key");
}

#[tokio::test]
async fn keys_inside_the_token_are_not_looked_at() {
    let (scene, thief) = (Scene::new(), Issuer::ed25519("k1"));
    let own_key: Value = serde_json::from_str(&jwks(&[&thief])).expect("JSON");
    let mut header = thief.header();
    header["jwk"] = own_key["keys"][0].clone();
    let forged = token(&header, &claims(), |message| thief.sign(message));
    assert_eq!(why(scene.verify(&forged).await), JwtError::Signature);
}

#[tokio::test]
async fn a_changed_token_does_not_verify() {
    let scene = Scene::new();
    let genuine = scene.issuer.token(&claims());
    let (other, signature) = (scene.issuer.token(&json!({ "sub": "eve" })), genuine.rsplit_once('.').expect("a JWS").1);
    let swapped = format!("{}.{signature}", other.rsplit_once('.').expect("a JWS").0);
    assert_eq!(why(scene.verify(&swapped).await), JwtError::Signature);
    for at in 0..genuine.len() {
        let mut bytes = genuine.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("ASCII");
        assert!(scene.verify(&changed).await.is_err(), "byte {at}");
    }
}

#[tokio::test]
async fn only_access_and_identity_tokens_are_taken() {
    let scene = Scene::new();
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"] {
        scene.with_header("typ", json!(typ)).await.expect(typ);
    }
    for typ in [json!("logout+jwt"), json!("dpop+jwt"), json!("text/jwt"), json!(""), json!(1), Value::Null] {
        assert!(matches!(why(scene.with_header("typ", typ.clone()).await), JwtError::Malformed(_)), "{typ}");
    }
    let without = token(&json!({ "alg": "EdDSA", "kid": "k1" }), &claims(), |message| scene.issuer.sign(message));
    scene.verify(&without).await.expect("`typ` may be left out");
}

#[tokio::test]
async fn extensions_that_we_do_not_know_are_refused() {
    let scene = Scene::new();
    for crit in [json!(["b64"]), json!([]), Value::Null] {
        assert!(matches!(why(scene.with_header("crit", crit).await), JwtError::Malformed(_)));
    }
}

#[tokio::test]
async fn a_token_for_somebody_else_or_from_somebody_else_is_refused() {
    let scene = Scene::new();
    for (name, wrong) in [
        ("iss", json!("https://idp.example.com/")),
        ("iss", json!([ISSUER])),
        ("iss", Value::Null),
        ("aud", json!("another-app")),
        ("aud", json!(["another-app"])),
        ("aud", json!([])),
        ("aud", json!({ "chaperone": true })),
        ("aud", Value::Null),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", Value::Null),
    ] {
        let refused = why(scene.with_claim(name, wrong.clone()).await);
        assert!(matches!(refused, JwtError::Claim(claim) if claim == name), "{name} = {wrong}: {refused}");
    }
    scene.with_claim("aud", json!(["another-app", "chaperone"])).await.expect("one of several audiences");
}

#[tokio::test]
async fn times_are_numbers_or_the_token_is_refused() {
    let scene = Scene::new();
    for name in ["exp", "iat", "nbf"] {
        for wrong in
            [json!((NOW + 9).to_string()), json!(true), json!([NOW]), json!(-1), json!(1e300), json!(NOW * 1000)]
        {
            let refused = why(scene.with_claim(name, wrong.clone()).await);
            assert!(matches!(refused, JwtError::Claim(claim) if claim == name), "{name} = {wrong}: {refused}");
        }
    }
    for name in ["exp", "iat"] {
        let refused = why(scene.with_claim(name, Value::Null).await);
        assert!(matches!(refused, JwtError::Claim(claim) if claim == name), "{name} is required");
    }
    let fraction = scene.with_claim("exp", json!(1_795_000_000.5)).await.expect("RFC 7519 allows fractions");
    assert_eq!(fraction.expires_at, Timestamp::from_millis(1_795_000_000_500));
}

#[tokio::test]
async fn clocks_may_differ_by_thirty_seconds_and_no_more() {
    let scene = Scene::new();
    for (name, last_good, first_bad) in
        [("exp", NOW - 29, NOW - 30), ("iat", NOW + 30, NOW + 31), ("nbf", NOW + 30, NOW + 31)]
    {
        scene.with_claim(name, json!(last_good)).await.expect(name);
        assert_eq!(why(scene.with_claim(name, json!(first_bad)).await), JwtError::Time, "{name}");
    }
}

#[tokio::test]
async fn somebody_acting_for_the_subject_is_seen() {
    let scene = Scene::new();
    for act in [json!({ "sub": "eve" }), json!({}), json!(false), json!("")] {
        assert!(scene.with_claim("act", act.clone()).await.expect("a genuine token").acted, "{act}");
    }
}

#[tokio::test]
async fn a_claim_that_stands_twice_is_refused() {
    let scene = Scene::new();
    let twice = claims().to_string().replacen('{', r#"{"sub":"eve","#, 1);
    let token = raw_token(&scene.issuer.header().to_string(), &twice, |message| scene.issuer.sign(message));
    assert!(matches!(why(scene.verify(&token).await), JwtError::Malformed(_)));
}

#[tokio::test]
async fn what_is_no_compact_jws_of_sane_size_is_refused_before_any_key_is_looked_at() {
    let scene = Scene::new();
    let genuine = scene.issuer.token(&claims());
    let padding = scene.issuer.token(&json!({ "padding": "x".repeat(8192) }));
    for bad in ["", ".", "..", "a.b", "chap_abc", &format!("{genuine}.a"), &format!("{genuine}.a.b"), &padding] {
        assert!(matches!(why(scene.verify(bad).await), JwtError::Malformed(_)), "{bad:.20}");
    }
    let no_claims = raw_token(&scene.issuer.header().to_string(), "[]", |message| scene.issuer.sign(message));
    assert!(matches!(why(scene.verify(&no_claims).await), JwtError::Malformed(_)));
}

#[test]
fn the_issuer_can_be_told_before_anything_is_believed() {
    let forged = token(&json!({ "alg": "none" }), &claims(), |_| Vec::new());
    assert_eq!(unverified_issuer(&forged).as_deref(), Some(ISSUER));
    assert_eq!(unverified_issuer(&token(&json!({}), &json!({ "iss": 1 }), |_| Vec::new())), None);
    assert_eq!(unverified_issuer("chap_abc"), None);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_fail(text in "[A-Za-z0-9._-]{0,200}|.{0,50}") {
        prop_assert!(unverified_issuer(&text).is_none());
        prop_assert!(Jws::parse(&text).is_err());
    }
}
