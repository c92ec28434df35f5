//! A signed token in compact form (RFC 7515 section 7.1), taken apart strictly; its claims come out only through its
//! signature.
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::domain::time::Timestamp;

use super::jwt::JwtError;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 8 * 1024;

/// The last second that a claim may name: 9998-12-31T23:59:59Z, as in [`Timestamp`].
const LATEST_SECOND: f64 = 253_370_764_799.0;

/// How a token may be signed: by these and by nothing else. HMAC is missing on purpose: a public key would be its
/// secret (RFC 8725 section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alg {
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Alg {
    /// The algorithm of that name in a header or a JWK.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _other => None,
        }
    }

    const fn in_library(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

/// A token whose header is acceptable. Nothing in it is believed yet.
pub(super) struct Jws<'a> {
    pub(super) alg: Alg,
    pub(super) kid: Option<String>,
    parts: Parts<'a>,
}

impl<'a> Jws<'a> {
    /// Takes `token` apart and checks its header.
    pub(super) fn parse(token: &'a str) -> Result<Self, JwtError> {
        Self::of_type(token, &["jwt", "at+jwt"], "its `typ` is neither `JWT` nor `at+jwt`")
    }

    /// The same of a logout token, which is no other: what signs somebody out signs nobody in.
    pub(super) fn parse_logout(token: &'a str) -> Result<Self, JwtError> {
        Self::of_type(token, &["jwt", "logout+jwt"], "its `typ` is neither `JWT` nor `logout+jwt`")
    }

    fn of_type(token: &'a str, types: &[&str], mistyped: &'static str) -> Result<Self, JwtError> {
        let parts = Parts::split(token)?;
        let header = object(parts.header).ok_or(JwtError::Malformed("its header is not a JSON object in base64url"))?;
        if header.contains_key("crit") {
            return Err(JwtError::Malformed("its header has `crit`, and we know no extensions"));
        }
        if !header.get("typ").is_none_or(|typ| is_one_of(typ, types)) {
            return Err(JwtError::Malformed(mistyped));
        }
        let alg = header.get("alg").and_then(Value::as_str).and_then(Alg::from_name);
        let alg = alg.ok_or(JwtError::Malformed("its `alg` is none of RS256, ES256 and EdDSA"))?;
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_mistyped) => return Err(JwtError::Malformed("its `kid` is not a string")),
        };
        Ok(Self { alg, kid, parts })
    }

    /// The claims, if the token is signed by `key`.
    pub(super) fn verify(&self, key: &DecodingKey) -> Result<Map<String, Value>, JwtError> {
        let Parts { signed, signature, payload, .. } = self.parts;
        let genuine = jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, self.alg.in_library());
        if !genuine.unwrap_or(false) {
            return Err(JwtError::Signature);
        }
        object(payload).ok_or(JwtError::Malformed("its claims are not a JSON object with each name once"))
    }
}

/// The claims of `token` without any check.
pub(super) fn unverified_claims(token: &str) -> Option<Map<String, Value>> {
    Parts::split(token).ok().and_then(|parts| object(parts.payload))
}

/// The time claim `name`, if it is there.
///
/// # Errors
/// When it is anything but a number of seconds (RFC 7519 section 2, NumericDate) in our range. A text is a mistake:
/// libraries that read it as "not there" were attacked by that (CVE-2026-25537).
pub(super) fn time_claim(claims: &Map<String, Value>, name: &'static str) -> Result<Option<Timestamp>, JwtError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..=LATEST_SECOND).contains(seconds));
    let seconds = seconds.ok_or(JwtError::Claim(name))?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range was checked: fractions of a millisecond are dropped"
    )]
    Ok(Some(Timestamp::from_millis((seconds * 1000.0) as i64)))
}

/// The pieces of `header.payload.signature`.
#[derive(Clone, Copy)]
struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header and payload as they were signed.
    signed: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self, JwtError> {
        if token.len() > MAX_TOKEN {
            return Err(JwtError::Malformed("it is longer than 8 kB"));
        }
        token
            .rsplit_once('.')
            .and_then(|(signed, signature)| {
                let (header, payload) = signed.split_once('.')?;
                (!payload.contains('.')).then_some(Self { header, payload, signature, signed })
            })
            .ok_or(JwtError::Malformed("it is not made of three parts"))
    }
}

/// `JWT` or `at+jwt` (RFC 9068), in any case, with or without `application/` (RFC 7515 section 4.1.9).
fn is_one_of(typ: &Value, types: &[&str]) -> bool {
    typ.as_str().is_some_and(|typ| {
        let typ = typ.to_ascii_lowercase();
        types.contains(&typ.strip_prefix("application/").unwrap_or(&typ))
    })
}

fn object(encoded: &str) -> Option<Map<String, Value>> {
    let json = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    serde_json::from_slice::<Unambiguous>(&json).ok().map(|object| object.0)
}

/// A JSON object in which each name stands once: of two, readers disagree which one counts (RFC 8259 section 4).
struct Unambiguous(Map<String, Value>);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamesOnce)
    }
}

struct NamesOnce;

impl<'de> Visitor<'de> for NamesOnce {
    type Value = Unambiguous;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object in which each name stands once")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unambiguous, A::Error> {
        let mut object = Map::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Unambiguous(object))
    }
}
