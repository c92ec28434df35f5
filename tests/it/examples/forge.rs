//! Assertions that the gate did not make, or not for this app and moment.
use std::path::Path;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

/// The gate's own key, as only the gate should have it.
pub(super) fn gates_key(path: &Path) -> Ed25519KeyPair {
    let der = PrivatePkcs8KeyDer::from_pem_file(path).unwrap();
    Ed25519KeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap()
}

/// The header of an assertion.
pub(super) fn header(assertion: &str) -> Value {
    part(assertion, 0)
}

/// The claims of an assertion.
pub(super) fn claims(assertion: &str) -> Value {
    part(assertion, 1)
}

fn part(assertion: &str, index: usize) -> Value {
    let part = assertion.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A token with this header and these claims.
pub(super) fn signed(header: &Value, claims: &Value, key: &Ed25519KeyPair) -> String {
    token(header, claims, |text| key.sign(text).as_ref().to_vec())
}

fn token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(text.as_bytes()));
    format!("{text}.{signature}")
}

/// The same document with other members.
fn with(document: &Value, members: &Value) -> Value {
    let mut document = document.clone();
    for (name, value) in members.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

/// Everything that an app must not believe, made from a genuine assertion; `key` is the gate's.
pub(super) fn assertions(genuine: &str, key: &Ed25519KeyPair) -> Vec<(&'static str, String)> {
    let (header, claims) = (header(genuine), claims(genuine));
    let now = claims["iat"].as_i64().unwrap();
    let changed = |members: Value| signed(&header, &with(&claims, &members), key);
    let mut endless = claims.clone();
    endless.as_object_mut().unwrap().remove("exp");
    let other = Ed25519KeyPair::generate().unwrap();
    let parts: Vec<&str> = genuine.split('.').collect();
    let for_max = signed(&header, &with(&claims, &json!({"sub": "max"})), &other);
    let mut all = vec![
        ("nothing", String::new()),
        ("noise", "support, please".to_owned()),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        (
            "another claim under a genuine signature",
            format!("{}.{}.{}", parts[0], for_max.split('.').nth(1).unwrap(), parts[2]),
        ),
        ("expired", changed(json!({"iat": now - 120, "nbf": now - 120, "exp": now - 60}))),
        ("not yet", changed(json!({"nbf": now + 60, "exp": now + 120}))),
        ("without an end", signed(&header, &endless, key)),
        ("for another app", changed(json!({"aud": "https://other.example.com"}))),
        ("of another gate", changed(json!({"iss": "https://other.example.com"}))),
        ("by another key", signed(&header, &claims, &other)),
        ("by an unknown key", signed(&with(&header, &json!({"kid": "k9"})), &claims, &other)),
        ("without a key's name", signed(&with(&header, &json!({"kid": null})), &claims, key)),
        ("none", token(&with(&header, &json!({"alg": "none"})), &claims, |_| Vec::new())),
        ("signed, but said to be not", signed(&with(&header, &json!({"alg": "none"})), &claims, key)),
        ("an extension that must be understood", signed(&with(&header, &json!({"crit": ["x"], "x": 1})), &claims, key)),
    ];
    all.extend(by_the_public_key(&header, &claims, key));
    all
}

/// HS256 with what everybody knows as the secret, in every spelling that a library might take for one.
fn by_the_public_key(header: &Value, claims: &Value, key: &Ed25519KeyPair) -> Vec<(&'static str, String)> {
    let raw = key.public_key().as_ref();
    let info = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..], raw].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&info));
    let spellings = [
        ("HS256 with the public key", raw.to_vec()),
        ("HS256 with the public key as in the JWKS", URL_SAFE_NO_PAD.encode(raw).into_bytes()),
        ("HS256 with the public key in DER", info),
        ("HS256 with the public key in PEM", pem.into_bytes()),
    ];
    let header = with(header, &json!({"alg": "HS256"}));
    let tokens = spellings.into_iter().map(|(what, secret)| {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        (what, token(&header, claims, |text| hmac::sign(&secret, text).as_ref().to_vec()))
    });
    tokens.collect()
}
