//! Whose signature on a checkpoint counts, and who signs. The keys themselves are none of this room's business.
use std::fmt;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::checkpoint::Checkpoint;
use super::flaw::CheckpointFlaw;

/// Signs checkpoints with the gate's own key.
pub trait Seal: fmt::Debug + Send + Sync {
    /// The name of the key that signs now, as the JWKS lists it.
    fn kid(&self) -> String;
    /// The Ed25519 signature of `message` by the key of that name; none when there is no such key any more.
    fn sign(&self, kid: &str, message: &[u8]) -> Option<[u8; 64]>;
    /// Every key by which the gate's own checkpoints verify.
    fn trust(&self) -> Trust;
}

/// Why a JWKS document cannot be trusted by.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It is something else.
    #[error("this is not a JWKS document: {0}")]
    Document(String),
    /// It has no key that could have signed a checkpoint.
    #[error(
        "this JWKS document has no Ed25519 key (`kty` OKP, `crv` Ed25519) with a `kid`; take chaperone's own, from `/.chaperone/jwks.json`"
    )]
    NoKey,
}

/// The keys whose signatures count. By default nobody's do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    keys: Vec<(String, Vec<u8>)>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    kid: Option<String>,
}

impl Trust {
    /// The Ed25519 keys of a JWKS document (RFC 7517, RFC 8037).
    ///
    /// # Errors
    /// When it is none, or has no such key.
    pub fn from_jwks(document: &[u8]) -> Result<Self, TrustError> {
        let document: Document =
            serde_json::from_slice(document).map_err(|error| TrustError::Document(error.to_string()))?;
        let keys: Vec<_> = document.keys.into_iter().filter_map(ed25519).collect();
        if keys.is_empty() { Err(TrustError::NoKey) } else { Ok(Self { keys }) }
    }

    /// Trusts the keys of `other` as well.
    pub fn extend(&mut self, other: Self) {
        self.keys.extend(other.keys);
    }

    /// Whether nobody's signature counts.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a trusted key has signed it; false when none of that name is trusted.
    ///
    /// # Errors
    /// When the signature is not of the key that it names.
    pub(super) fn vouches_for(&self, checkpoint: &Checkpoint) -> Result<bool, CheckpointFlaw> {
        let mut named = self.keys.iter().filter(|(kid, _)| *kid == checkpoint.members.kid).peekable();
        if named.peek().is_none() {
            return Ok(false);
        }
        let signed = checkpoint.signed();
        let genuine = |key: &[u8]| UnparsedPublicKey::new(&ED25519, key).verify(&signed, &checkpoint.signature).is_ok();
        if named.any(|(_, key)| genuine(key)) { Ok(true) } else { Err(CheckpointFlaw::Signature) }
    }
}

fn ed25519(key: Jwk) -> Option<(String, Vec<u8>)> {
    let fits = key.kty == "OKP" && key.crv.as_deref() == Some("Ed25519");
    let x = key.x.filter(|_| fits).and_then(|x| URL_SAFE_NO_PAD.decode(x).ok());
    key.kid.zip(x.filter(|x| x.len() == 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ed25519_keys_with_a_name_are_trusted() {
        let key = |x: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"a","x":"{x}","use":"sig"}}"#);
        let good = key(&URL_SAFE_NO_PAD.encode([7; 32]));
        let document = |keys: &str| Trust::from_jwks(format!(r#"{{"keys":[{keys}]}}"#).as_bytes());
        assert_eq!(document(&format!(r#"{{"kty":"RSA","kid":"b"}},{good}"#)).unwrap().keys.len(), 1);
        for none in ["", r#"{"kty":"RSA","kid":"b"}"#, &key("c2hvcnQ"), &good.replace("\"kid\"", "\"name\"")] {
            assert!(matches!(document(none), Err(TrustError::NoKey)), "{none}");
        }
        assert!(matches!(Trust::from_jwks(b"[]"), Err(TrustError::Document(_))));
    }
}
