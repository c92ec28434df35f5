//! What the app gets to see, signed: `X-Chaperone-Assertion`.
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::config::{self, AssertionKey};
use crate::domain::time::Timestamp;

use super::keys::{Keys, Pair};

/// The claims of an assertion (contract, section 5). Times are seconds since 1970.
#[derive(Debug, Clone, Serialize)]
pub struct Claims<'a> {
    /// Our public URL.
    pub iss: &'a str,
    /// The route's audience.
    pub aud: &'a str,
    /// The member whose login is lent.
    pub sub: &'a str,
    /// Where.
    pub workspace: &'a str,
    /// The session's id.
    pub session: &'a str,
    /// The grant's id; none for an emergency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<&'a str>,
    /// `read_only` or `full`.
    pub access: &'a str,
    /// `consented` or `emergency`.
    pub mode: &'a str,
    /// The case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<&'a str>,
    /// When it was signed.
    pub iat: i64,
    /// From when it counts.
    pub nbf: i64,
    /// Until when it counts: at most 60 s, never past the grant.
    pub exp: i64,
    /// Its id.
    pub jti: String,
    /// Who acts.
    pub act: Act<'a>,
    /// The method, when it is bound to the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'a str>,
    /// The path as sent upstream, when it is bound to the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<&'a str>,
}

/// The actor (RFC 8693 section 4.1).
#[derive(Debug, Clone, Serialize)]
pub struct Act<'a> {
    /// The engineer's id.
    pub sub: &'a str,
    /// The engineer's e-mail address.
    pub email: &'a str,
}

/// Why an assertion could not be signed. Nothing is forwarded then.
#[derive(Debug, thiserror::Error)]
#[error("the assertion cannot be signed")]
pub struct SignError;

/// Signs the assertions of one route.
pub struct Signer(Source);

/// Where its key comes from.
enum Source {
    /// Our own keys, which are replaced now and then.
    Ours(Arc<Keys>),
    /// A secret shared with the app.
    Shared(Arc<hmac::Key>),
}

/// The key that signs at a moment. An assertion that is kept is good while this is the same.
#[derive(Clone)]
pub struct SigningKey(Material);

#[derive(Clone)]
enum Material {
    EdDsa(Arc<Pair>),
    Hs256(Arc<hmac::Key>),
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Ours(_) => "Signer(EdDSA)",
            Source::Shared(_) => "Signer(HS256)",
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id())
    }
}

impl Signer {
    /// A signer as the route's configuration says.
    #[must_use]
    pub fn new(assertion: &config::Assertion, keys: &Arc<Keys>) -> Self {
        Self(match &assertion.key {
            AssertionKey::EdDsa => Source::Ours(Arc::clone(keys)),
            AssertionKey::Hs256(secret) => {
                Source::Shared(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes())))
            }
        })
    }

    /// The key that signs at `now`.
    ///
    /// # Errors
    /// When there is none; nothing is forwarded then.
    pub fn key(&self, now: Timestamp) -> Result<SigningKey, SignError> {
        let material = match &self.0 {
            Source::Ours(keys) => Material::EdDsa(keys.active(now).ok_or(SignError)?),
            Source::Shared(key) => Material::Hs256(Arc::clone(key)),
        };
        Ok(SigningKey(material))
    }

    /// Whether the secret that this route shares with its app signed `token`, whenever (for the chain check). What our
    /// own keys signed, [`Keys::verifies`] tells.
    #[must_use]
    pub fn secret_verifies(&self, token: &str) -> bool {
        let key = match &self.0 {
            Source::Ours(_) => return false,
            Source::Shared(key) => key,
        };
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            URL_SAFE_NO_PAD.decode(signature).ok().map(|signature| (signed, signature))
        });
        parts.is_some_and(|(signed, signature)| hmac::verify(key, signed.as_bytes(), &signature).is_ok())
    }
}

impl SigningKey {
    /// What tells it from other keys of the same route.
    #[must_use]
    pub fn id(&self) -> &str {
        match &self.0 {
            Material::EdDsa(pair) => pair.kid(),
            Material::Hs256(_) => "HS256",
        }
    }

    /// Signs. The value is marked sensitive.
    ///
    /// # Errors
    /// Only when the library refuses the key; nothing is forwarded then.
    pub fn sign(&self, claims: &Claims<'_>) -> Result<HeaderValue, SignError> {
        let claims = serde_json::to_vec(claims).map_err(|_| SignError)?;
        let mut token = URL_SAFE_NO_PAD.encode(self.header()) + ".";
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = match &self.0 {
            Material::EdDsa(pair) => pair.sign(token.as_bytes()).ok_or(SignError)?,
            Material::Hs256(key) => hmac::sign(key, token.as_bytes()).as_ref().to_vec(),
        };
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        let mut value = HeaderValue::try_from(token).map_err(|_| SignError)?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn header(&self) -> String {
        match &self.0 {
            // A thumbprint is base64url: nothing in it needs escaping.
            Material::EdDsa(pair) => format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"JWT"}}"#, pair.kid()),
            Material::Hs256(_) => r#"{"alg":"HS256","typ":"JWT"}"#.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Binding;

    fn claims() -> Claims<'static> {
        Claims {
            iss: "https://support.example.com",
            aud: "https://app.example.com",
            sub: "olga",
            workspace: "acme",
            session: "se_1",
            grant: Some("gr_1"),
            access: "read_only",
            mode: "consented",
            ticket: None,
            iat: 1_795_000_000,
            nbf: 1_795_000_000,
            exp: 1_795_000_060,
            jti: "as_1".to_owned(),
            act: Act { sub: "ada", email: "ada@vendor.example" },
            method: Some("GET"),
            path: Some("/w/acme/caf%C3%A9"),
        }
    }

    fn signer(key: AssertionKey, keys: &Arc<Keys>) -> Signer {
        let assertion =
            config::Assertion { bind: Binding::Request, key, audience: "https://app.example.com".to_owned() };
        Signer::new(&assertion, keys)
    }

    fn signed(key: AssertionKey, keys: &Arc<Keys>) -> HeaderValue {
        let signer = signer(key, keys);
        signer.key(at(1_795_000_000)).and_then(|key| key.sign(&claims())).expect("a sound key signs")
    }

    /// What an app does with its JWT library; times are not its business here.
    fn read_by_an_app(token: &HeaderValue, key: &DecodingKey, alg: Algorithm) -> Value {
        let mut validation = Validation::new(alg);
        validation.set_audience(&["https://app.example.com"]);
        validation.validate_exp = false;
        jsonwebtoken::decode(token.as_bytes(), key, &validation).expect("the app's library accepts it").claims
    }

    #[test]
    fn an_app_verifies_an_assertion_by_our_jwks_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Arc::new(Keys::open(dir.path()).expect("a new key"));
        let token = signed(AssertionKey::EdDsa, &keys);

        let published: JwkSet = serde_json::from_value(keys.jwks(at(1_795_000_000))).expect("a JWKS document");
        let header = jsonwebtoken::decode_header(token.as_bytes()).expect("a header");
        let key = published.find(&header.kid.expect("a kid")).expect("the key is published");
        let claims = read_by_an_app(&token, &DecodingKey::from_jwk(key).expect("a key"), Algorithm::EdDSA);
        assert_eq!(claims["act"], json!({ "sub": "ada", "email": "ada@vendor.example" }));
        assert_eq!((&claims["path"], &claims["exp"]), (&json!("/w/acme/caf%C3%A9"), &json!(1_795_000_060)));
        assert_eq!(claims.get("ticket"), None, "what there is not is left out, not null");
    }

    #[test]
    fn an_app_verifies_an_hs256_assertion_by_the_shared_secret() {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Arc::new(Keys::open(dir.path()).expect("a new key"));
        let token = signed(AssertionKey::Hs256("a secret of at least 32 bytes, shared".into()), &keys);

        let key = DecodingKey::from_secret(b"a secret of at least 32 bytes, shared");
        assert_eq!(read_by_an_app(&token, &key, Algorithm::HS256)["sub"], "olga");
    }

    #[test]
    fn each_key_recognises_what_it_signed_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Arc::new(Keys::open(dir.path()).expect("a new key"));
        let of = |key| signed(key, &keys).to_str().expect("ASCII").to_owned();
        let secret = |text: &str| AssertionKey::Hs256(text.into());
        let (by_key, by_secret) = (of(AssertionKey::EdDsa), of(secret("hush hush hush")));
        assert_eq!((keys.verifies(&by_key), keys.verifies(&by_secret)), (true, false));
        let verifies = |key, token: &str| signer(key, &keys).secret_verifies(token);
        assert!(verifies(secret("hush hush hush"), &by_secret));
        assert!(!verifies(secret("another"), &by_secret) && !verifies(AssertionKey::EdDsa, &by_secret));
        for other in [by_key.as_str(), "", "a.b.", "a.b.c", by_secret.trim_end_matches(|c| c != '.')] {
            assert!(!verifies(secret("hush hush hush"), other), "{other}");
        }
    }

    #[test]
    fn neither_the_assertion_nor_the_secret_shows_in_debug_output() {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Arc::new(Keys::open(dir.path()).expect("a new key"));
        let token = signed(AssertionKey::EdDsa, &keys);
        assert_eq!(format!("{token:?}"), "Sensitive");
        let assertion = config::Assertion {
            bind: Binding::Session,
            key: AssertionKey::Hs256("hush".into()),
            audience: String::new(),
        };
        let signer = Signer::new(&assertion, &keys);
        let key = signer.key(at(1_795_000_000)).expect("a key");
        assert_eq!(format!("{signer:?} {key:?}"), "Signer(HS256) SigningKey(HS256)");
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }
}
