//! A sign-in that has begun: what the callback must bring back, sealed in a short-lived cookie of the browser that began it.
use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::domain::random;
use crate::domain::time::{Span, Timestamp};

/// How long an engineer may take at the identity provider.
const PATIENCE: Span = Span::from_seconds(600);

/// A sign-in that has begun. All of it is secret but for its way back.
#[derive(Serialize, Deserialize)]
pub struct Flow {
    /// `state`: ties the callback to this browser.
    pub(super) state: String,
    /// `nonce`: ties the ID token to this sign-in.
    pub(super) nonce: String,
    /// The PKCE verifier: ties the code to whoever asked for it.
    pub(super) verifier: String,
    /// Where the browser goes afterwards: a path of ours.
    pub back: String,
    /// Whether the engineer must show anew who they are (step-up).
    pub fresh: bool,
    expires_at: Timestamp,
}

impl Flow {
    /// Begins one at `now` that leads to the path `back`; `fresh`: whatever the provider remembers of the engineer does not do.
    #[must_use]
    pub fn begin(back: String, fresh: bool, now: Timestamp) -> Self {
        let secret = || URL_SAFE_NO_PAD.encode(random::bytes::<32>());
        Self { state: secret(), nonce: secret(), verifier: secret(), back, fresh, expires_at: now.plus(PATIENCE) }
    }

    /// Whether somebody who proved at `auth_time` who they are did so for this sign-in; clocks differ by up to half a minute.
    #[must_use]
    pub fn is_met_by(&self, auth_time: Timestamp) -> bool {
        let begun_at = self.expires_at.as_millis() - PATIENCE.as_millis();
        auth_time >= Timestamp::from_millis(begun_at).plus(Span::from_seconds(-30))
    }

    /// Whether `state` is the one that it began with.
    #[must_use]
    pub fn is_answered_by(&self, state: &str) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.state.as_bytes(), state.as_bytes()).is_ok()
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flow(…)")
    }
}

/// Seals flows with a key that lives as long as the process: who signs in across a restart begins again.
pub struct Seal(LessSafeKey);

impl Seal {
    /// One with a new key.
    ///
    /// # Panics
    /// Never: a key of that length fits the algorithm.
    #[must_use]
    #[expect(clippy::expect_used, reason = "32 bytes are what AES-256 takes")]
    pub fn new() -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &random::bytes::<32>()).expect("32 bytes are a key");
        Self(LessSafeKey::new(key))
    }

    /// The flow as a cookie's value; none only for one that is too long to seal.
    #[must_use]
    pub fn seal(&self, flow: &Flow) -> Option<String> {
        let nonce = random::bytes::<NONCE_LEN>();
        let mut sealed = serde_json::to_vec(flow).ok()?;
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// The flow in a cookie's value, if we sealed it and its time is not over at `now`.
    #[must_use]
    pub fn open(&self, value: &str, now: Timestamp) -> Option<Flow> {
        let octets = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (nonce, sealed) = octets.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        serde_json::from_slice::<Flow>(opened).ok().filter(|flow| now < flow.expires_at)
    }
}

impl Default for Seal {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    #[test]
    fn a_flow_comes_back_out_of_its_seal_in_its_time_and_under_its_key_alone() {
        let (seal, flow) = (Seal::new(), Flow::begin("/w/acme".into(), false, NOW));
        let sealed = seal.seal(&flow).expect("a cookie");
        let opened = seal.open(&sealed, NOW).expect("a flow");
        assert_eq!((opened.back.as_str(), opened.nonce.as_str()), ("/w/acme", flow.nonce.as_str()));
        assert!(opened.is_answered_by(&flow.state) && !opened.is_answered_by(&flow.nonce));
        assert!(seal.open(&sealed, NOW.plus(PATIENCE)).is_none(), "its time is over");
        assert!(Seal::new().open(&sealed, NOW).is_none(), "another key");
        let flipped = format!("{}{}", if sealed.starts_with('A') { "B" } else { "A" }, &sealed[1..]);
        for forged in ["", "AAAA", &sealed[2..], &flipped] {
            assert!(seal.open(forged, NOW).is_none(), "{forged}");
        }
        assert!(!sealed.contains(&flow.state) && !format!("{flow:?} {seal:?}").contains(&flow.state));
    }
}
