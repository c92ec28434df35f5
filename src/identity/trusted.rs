//! Other gates that are trusted to tell when a request comes from inside a login of theirs.
//!
//! A request waits for no keys: they are fetched beside it. Where it cannot be told whether an assertion is genuine, it
//! counts as genuine: whoever makes one up can leave it out.
use std::sync::Arc;

use http::Uri;
use tokio::sync::Notify;

use crate::config::JwksFrom;
use crate::domain::time::Clock;

use super::jwks::{Attested, Jwks};
use super::jws::Jws;

/// The keys of every trusted gate.
#[derive(Debug)]
pub struct TrustedGates {
    gates: Vec<Arc<Jwks>>,
    unsure: Notify,
}

impl TrustedGates {
    /// Gates whose keys are at these addresses. Nothing is fetched yet, and never by a request.
    #[must_use]
    pub fn new(addresses: &[Uri], clock: &Arc<Clock>) -> Arc<Self> {
        let keys = |url: &Uri| Jwks::new(JwksFrom::Url(url.clone()), &url.to_string(), Arc::clone(clock));
        Arc::new(Self { gates: addresses.iter().map(keys).collect(), unsure: Notify::new() })
    }

    /// The keys of each, to be refreshed.
    #[must_use]
    pub fn keys(&self) -> &[Arc<Jwks>] {
        &self.gates
    }

    /// Whether one of them signed `token`, whenever, for whomever; or may have, with keys that are not known now.
    #[must_use]
    pub fn may_have_signed(&self, token: &str) -> bool {
        let Ok(jws) = Jws::parse(token) else { return false };
        self.gates.iter().any(|gate| match gate.attest(&jws) {
            Attested::Genuine => true,
            Attested::Foreign => false,
            Attested::Unsure => {
                self.unsure.notify_one();
                true
            }
        })
    }

    /// Resolves when some request could not tell for want of newer keys.
    pub async fn unsure(&self) {
        self.unsure.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::testing::Issuer;

    #[test]
    fn what_is_no_token_of_a_gate_never_counts_and_a_token_counts_while_no_keys_are_known() {
        let clock = Clock::system();
        let token = Issuer::ed25519("theirs").token(&json!({ "iss": "https://gate.example.com" }));
        let trusted = TrustedGates::new(&[Uri::from_static("https://gate.example.com/jwks.json")], &clock);
        assert!(trusted.may_have_signed(&token), "their keys were never seen");
        let shared = token.replacen(token.split('.').next().expect("a header"), "eyJhbGciOiJIUzI1NiJ9", 1);
        for other in ["", "a.b", "a.b.c", shared.as_str()] {
            assert!(!trusted.may_have_signed(other), "{other}");
        }
        assert!(!TrustedGates::new(&[], &clock).may_have_signed(&token), "nobody is trusted");
    }
}
