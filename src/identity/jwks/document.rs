//! A JWKS document (RFC 7517): which of its keys we use, and for which algorithm. All others are passed over.
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use crate::identity::jws::Alg;

/// The fewest bits of an RSA key (RFC 7518 section 3.3).
const MIN_RSA_BITS: usize = 2048;

/// The keys of a document that may verify a signature.
#[derive(Debug)]
pub(super) struct KeySet(Vec<Key>);

/// A key, bound to the one algorithm that fits its kind.
#[derive(Debug)]
struct Key {
    kid: Option<String>,
    alg: Alg,
    public: DecodingKey,
    thumbprint: String,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    public_use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

impl KeySet {
    /// The usable keys of the document `json`; none if it is no JWKS document.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(json).ok()?;
        Some(Self(document.keys.into_iter().filter_map(Key::read).collect()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key with this thumbprint is among them.
    pub(super) fn holds(&self, thumbprint: &str) -> bool {
        self.0.iter().any(|key| key.thumbprint == thumbprint)
    }

    /// Whether both hold the same keys under the same names.
    pub(super) fn same(&self, other: &Self) -> bool {
        let names =
            |set: &Self| -> Vec<_> { set.0.iter().map(|key| (key.kid.clone(), key.thumbprint.clone())).collect() };
        names(self) == names(other)
    }

    /// Every key for `alg` that may be meant by `kid`.
    pub(super) fn fitting(&self, kid: Option<&str>, alg: Alg) -> impl Iterator<Item = &DecodingKey> {
        let named = move |key: &Key| kid.is_none() || key.kid.is_none() || key.kid.as_deref() == kid;
        self.0.iter().filter(move |key| key.alg == alg && named(key)).map(|key| &key.public)
    }

    /// The one key for `alg` under that `kid`, and its thumbprint; without a `kid` the only key for `alg`. None when
    /// several would do.
    pub(super) fn find(&self, kid: Option<&str>, alg: Alg) -> Option<(&DecodingKey, &str)> {
        let fits = |key: &&Key| key.alg == alg && (kid.is_none() || key.kid.as_deref() == kid);
        let mut fitting = self.0.iter().filter(fits);
        let first = fitting.next()?;
        fitting.next().is_none().then_some((&first.public, first.thumbprint.as_str()))
    }
}

impl Key {
    fn read(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let (alg, public, thumbprint) = jwk.public()?;
        let is_for_signatures = jwk.public_use.as_deref().is_none_or(|public_use| public_use == "sig");
        let verifies = jwk.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let fits = jwk.alg.as_deref().is_none_or(|name| Alg::from_name(name) == Some(alg));
        (is_for_signatures && verifies && fits).then_some(Self { kid: jwk.kid, alg, public, thumbprint })
    }
}

impl Jwk {
    /// The key by its kind, and its thumbprint: the digest of the members that make the key, in the order of their names
    /// (RFC 7638 section 3.2, RFC 8037 section 2). Symmetric keys (`oct`) have no place in a public document and are never taken.
    fn public(&self) -> Option<(Alg, DecodingKey, String)> {
        let Self { n, e, x, y, .. } = self;
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => {
                let key = DecodingKey::from_rsa_components(n, e).ok()?;
                let members = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
                (bits(n)? >= MIN_RSA_BITS).then(|| (Alg::Rs256, key, thumbprint(&members)))
            }
            ("EC", Some("P-256")) => {
                let key = DecodingKey::from_ec_components(x, y).ok()?;
                let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
                (bytes(x)? == 32 && bytes(y)? == 32).then(|| (Alg::Es256, key, thumbprint(&members)))
            }
            ("OKP", Some("Ed25519")) => {
                let key = DecodingKey::from_ed_components(x).ok()?;
                let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
                (bytes(x)? == 32).then(|| (Alg::EdDsa, key, thumbprint(&members)))
            }
            _another_kind => None,
        }
    }
}

fn thumbprint(members: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}

fn bytes(encoded: &str) -> Option<usize> {
    URL_SAFE_NO_PAD.decode(encoded).ok().map(|bytes| bytes.len())
}

/// How many bits the number `encoded` (base64url, big-endian) has.
fn bits(encoded: &str) -> Option<usize> {
    let number = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let mut significant = number.iter().skip_while(|byte| **byte == 0);
    let first = significant.next()?;
    Some(significant.count() * 8 + 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn keys(keys: &Value) -> KeySet {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).expect("a JWKS document")
    }

    fn rsa(bits: usize) -> Value {
        let mut n = vec![0xff; bits / 8];
        n[0] = 0xff >> (8 - (bits - 1) % 8 - 1);
        json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": "AQAB" })
    }

    #[test]
    fn keys_that_are_not_for_our_algorithms_are_passed_over() {
        for other in [
            json!({ "kty": "oct", "k": X }),
            json!({ "kty": "oct", "k": X, "alg": "HS256", "use": "sig" }),
            json!({ "kty": "OKP", "crv": "X25519", "x": X }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": &X[..40] }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "use": "enc" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "alg": "ES256" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "alg": "HS256" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "key_ops": ["sign"] }),
            json!({ "kty": "EC", "crv": "P-384", "x": X, "y": X }),
            json!({ "kty": "EC", "crv": "P-256", "x": X }),
            json!("not a key"),
        ] {
            assert!(keys(&json!([other])).is_empty(), "{other}");
        }
        assert!(!keys(&json!([{ "kty": "OKP", "crv": "Ed25519", "x": X, "use": "sig", "alg": "EdDSA" }])).is_empty());
    }

    #[test]
    fn rsa_keys_need_2048_bits_counted_without_leading_zeros() {
        for (bits, taken) in [(1024, false), (2040, false), (2048, true), (4096, true)] {
            assert_eq!(!keys(&json!([rsa(bits)])).is_empty(), taken, "{bits} bits");
        }
        let mut padded = vec![0; 256];
        padded[200] = 1;
        let padded = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(padded), "e": "AQAB" });
        assert!(keys(&json!([padded])).is_empty());
    }

    #[test]
    fn a_key_is_found_by_kid_or_when_it_is_the_only_one_that_fits() {
        let ed = |kid: &str| json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": kid });
        let two = keys(&json!([ed("a"), ed("b")]));
        assert!(two.find(Some("a"), Alg::EdDsa).is_some());
        assert!(two.find(Some("a"), Alg::Rs256).is_none(), "the kid of a key of another kind");
        assert!(two.find(Some("c"), Alg::EdDsa).is_none());
        assert!(two.find(None, Alg::EdDsa).is_none(), "two would do");
        assert!(keys(&json!([ed("a"), rsa(2048)])).find(None, Alg::EdDsa).is_some());
        assert!(keys(&json!([ed("a"), ed("a")])).find(Some("a"), Alg::EdDsa).is_none(), "one kid, two keys");
    }

    #[test]
    fn a_key_is_known_by_its_thumbprint_whatever_its_name() {
        // RFC 8037, appendix A.3.
        let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        let ed = |kid: &str| json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": kid });
        let set = keys(&json!([ed("a")]));
        assert_eq!(set.find(Some("a"), Alg::EdDsa).map(|(_, thumbprint)| thumbprint), Some(thumbprint));
        assert!(keys(&json!([ed("b")])).holds(thumbprint) && !keys(&json!([rsa(2048)])).holds(thumbprint));
        assert!(set.same(&keys(&json!([ed("a"), "not a key"]))) && !set.same(&keys(&json!([ed("b")]))));
    }

    #[test]
    fn what_is_no_jwks_document_is_no_empty_set_either() {
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, "<html>"] {
            assert!(KeySet::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
