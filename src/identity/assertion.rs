//! What the app gets to see, signed: `X-Chaperone-Assertion`.
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;

use crate::config::{self, AssertionKey};

use super::keys::Keys;

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
#[derive(Debug)]
pub struct Signer {
    /// The header, encoded, with its dot: the same for every assertion.
    header: String,
    key: SigningKey,
}

enum SigningKey {
    EdDsa(Arc<Ed25519KeyPair>),
    Hs256(Box<hmac::Key>),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EdDsa(_) => "EdDsa(…)",
            Self::Hs256(_) => "Hs256(…)",
        })
    }
}

impl Signer {
    /// A signer as the route's configuration says.
    #[must_use]
    pub fn new(assertion: &config::Assertion, keys: &Keys) -> Self {
        let (header, key) = match &assertion.key {
            AssertionKey::EdDsa => {
                (json!({ "alg": "EdDSA", "kid": keys.kid(), "typ": "JWT" }), SigningKey::EdDsa(keys.pair()))
            }
            AssertionKey::Hs256(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
                (json!({ "alg": "HS256", "typ": "JWT" }), SigningKey::Hs256(Box::new(key)))
            }
        };
        Self { header: URL_SAFE_NO_PAD.encode(header.to_string()) + ".", key }
    }

    /// Signs. The value is marked sensitive.
    ///
    /// # Errors
    /// Only when the library refuses the key; nothing is forwarded then.
    pub fn sign(&self, claims: &Claims<'_>) -> Result<HeaderValue, SignError> {
        let claims = serde_json::to_vec(claims).map_err(|_| SignError)?;
        let mut token = self.header.clone();
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.key.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        let mut value = HeaderValue::try_from(token).map_err(|_| SignError)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Whether the secret that this route shares with its app signed `token`, whenever (for the chain check). What our
    /// own keys signed, [`Keys::verifies`] tells.
    #[must_use]
    pub fn secret_verifies(&self, token: &str) -> bool {
        let key = match &self.key {
            SigningKey::EdDsa(_) => return false,
            SigningKey::Hs256(key) => key,
        };
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            URL_SAFE_NO_PAD.decode(signature).ok().map(|signature| (signed, signature))
        });
        parts.is_some_and(|(signed, signature)| hmac::verify(key, signed.as_bytes(), &signature).is_ok())
    }
}

impl SigningKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match self {
            Self::EdDsa(pair) => Ok(pair.try_sign(message).map_err(|_| SignError)?.as_ref().to_vec()),
            Self::Hs256(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};
    use serde_json::Value;

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

    fn signer(key: AssertionKey, keys: &Keys) -> Signer {
        let assertion =
            config::Assertion { bind: Binding::Request, key, audience: "https://app.example.com".to_owned() };
        Signer::new(&assertion, keys)
    }

    fn signed(key: AssertionKey, keys: &Keys) -> HeaderValue {
        signer(key, keys).sign(&claims()).expect("a sound key signs")
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
        let keys = Keys::open(dir.path()).expect("a new key");
        let token = signed(AssertionKey::EdDsa, &keys);

        let published: JwkSet = serde_json::from_value(keys.jwks()).expect("a JWKS document");
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
        let keys = Keys::open(dir.path()).expect("a new key");
        let token = signed(AssertionKey::Hs256("a secret of at least 32 bytes, shared".into()), &keys);

        let key = DecodingKey::from_secret(b"a secret of at least 32 bytes, shared");
        assert_eq!(read_by_an_app(&token, &key, Algorithm::HS256)["sub"], "olga");
    }

    #[test]
    fn each_key_recognises_what_it_signed_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Keys::open(dir.path()).expect("a new key");
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
        let keys = Keys::open(dir.path()).expect("a new key");
        let token = signed(AssertionKey::EdDsa, &keys);
        assert_eq!(format!("{token:?}"), "Sensitive");
        let assertion = config::Assertion {
            bind: Binding::Session,
            key: AssertionKey::Hs256("hush".into()),
            audience: String::new(),
        };
        assert!(format!("{:?}", Signer::new(&assertion, &keys)).ends_with("key: Hs256(…) }"));
    }
}
