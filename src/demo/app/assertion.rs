//! The gate's word on who is there: `X-Chaperone-Assertion`, verified by the gate's public keys.
//!
//! The plain `X-Chaperone-*` headers are not looked at: anybody who reaches this port could write them.
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::demo::api::Api;

/// The header that carries it.
pub(super) const HEADER: &str = "x-chaperone-assertion";
/// An unknown key is asked for at most this often, whatever tokens are thrown at us.
const PAUSE: Duration = Duration::from_secs(1);

/// What a genuine assertion says.
#[derive(Debug, Deserialize)]
pub(super) struct Assertion {
    /// The member whose login is lent.
    pub(super) sub: String,
    pub(super) workspace: String,
    pub(super) session: String,
    /// `read_only` or `full`.
    pub(super) access: String,
    /// Who acts.
    pub(super) act: Act,
}

/// The actor (RFC 8693).
#[derive(Debug, Deserialize)]
pub(super) struct Act {
    pub(super) sub: String,
    pub(super) email: String,
}

/// Why an assertion counts for nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadAssertion {
    /// The gate's keys cannot be fetched, or have none of that id.
    #[error("no key of the gate's is known for it")]
    UnknownKey,
    /// Forged, expired, for another app, or not an assertion at all.
    #[error(transparent)]
    Invalid(#[from] jsonwebtoken::errors::Error),
}

/// The gate's public keys, fetched when a new one is first seen.
pub(super) struct GateKeys {
    api: Api,
    rules: Validation,
    cached: Mutex<Cached>,
}

#[derive(Default)]
struct Cached {
    keys: Option<JwkSet>,
    asked: Option<Instant>,
}

impl GateKeys {
    /// The keys of the gate whose public URL, and so the assertions' `iss`, is `gate`.
    pub(super) fn new(api: Api, gate: String) -> Self {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[super::AUDIENCE]);
        rules.set_issuer(&[gate]);
        rules.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        rules.validate_nbf = true;
        rules.leeway = 5;
        Self { api, rules, cached: Mutex::default() }
    }

    /// Verifies one assertion.
    pub(super) async fn verify(&self, token: &str) -> Result<Assertion, BadAssertion> {
        let kid = jsonwebtoken::decode_header(token)?.kid.ok_or(BadAssertion::UnknownKey)?;
        let jwk = self.key(&kid).await.ok_or(BadAssertion::UnknownKey)?;
        let key = DecodingKey::from_jwk(&jwk)?;
        Ok(jsonwebtoken::decode::<Assertion>(token, &key, &self.rules)?.claims)
    }

    async fn key(&self, kid: &str) -> Option<Jwk> {
        let mut cached = self.cached.lock().await;
        if let Some(known) = cached.keys.as_ref().and_then(|keys| keys.find(kid)) {
            return Some(known.clone());
        }
        if cached.asked.is_some_and(|asked| asked.elapsed() < PAUSE) {
            return None;
        }
        cached.asked = Some(Instant::now());
        let answer = self.api.keys().await.ok().filter(|a| a.status.is_success())?;
        cached.keys = serde_json::from_value(answer.body).ok();
        cached.keys.as_ref()?.find(kid).cloned()
    }
}
