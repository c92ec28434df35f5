//! Tokens of staff and customers: verified strictly, or refused with a reason for the log.
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::time::{Span, Timestamp};

use super::jwks::Jwks;
use super::jws::{Jws, time_claim, unverified_claims};

#[cfg(test)]
mod tests;

/// By how much the clocks of an issuer and ours may differ (contract, section 4).
const LEEWAY: Span = Span::from_seconds(30);

/// Why a token was refused. The text is for our log and for the token's sender: it holds nothing of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Not a JWS in compact form, or one of a kind that is never taken.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// Not signed by a key of the issuer.
    #[error("the token's signature does not verify under the issuer's keys")]
    Signature,
    /// A claim is missing, of the wrong type or has the wrong value.
    #[error("the token's claim `{0}` is missing, mistyped or wrong")]
    Claim(&'static str),
    /// Outside its time.
    #[error("the token has expired, or is not valid yet")]
    Time,
    /// The issuer's keys are out of reach.
    #[error("the issuer's keys cannot be fetched")]
    Keys,
}

/// The claims of a genuine token.
#[derive(Debug, Clone)]
pub struct VerifiedJwt {
    /// `sub`.
    pub subject: String,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
    /// Whether it has an `act` claim (RFC 8693): somebody acts for its subject.
    pub acted: bool,
    /// The thumbprint (RFC 7638) of the key that signed it.
    pub signed_by: String,
    /// All claims.
    pub claims: Map<String, Value>,
}

impl VerifiedJwt {
    /// The text claim `name`.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }
}

/// Verifies tokens of one issuer.
#[derive(Debug)]
pub struct Verifier {
    issuer: String,
    audience: String,
    jwks: Arc<Jwks>,
}

impl Verifier {
    /// A verifier for tokens of `issuer` for `audience`, by the keys of `jwks`.
    #[must_use]
    pub fn new(issuer: String, audience: String, jwks: Arc<Jwks>) -> Self {
        Self { issuer, audience, jwks }
    }

    /// A verifier for tokens of the same issuer, by the same keys, for another audience.
    #[must_use]
    pub fn for_audience(&self, audience: String) -> Self {
        Self { issuer: self.issuer.clone(), audience, jwks: Arc::clone(&self.jwks) }
    }

    /// Verifies one token: RS256, ES256 or EdDSA by a key of the JWKS whose kind fits; `typ` absent, JWT or at+jwt;
    /// `iss`, `aud`, `exp` and `iat` required, numeric, with 30 s of leeway (`nbf` too when present).
    ///
    /// # Errors
    /// Says which check failed.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedJwt, JwtError> {
        self.verify_as(Jws::parse(token)?, now).await
    }

    /// Verifies a logout token as strictly: its `typ` is `logout+jwt`, or is not told (OpenID Connect Back-Channel Logout 1.0,
    /// section 2.4).
    ///
    /// # Errors
    /// Says which check failed.
    pub(super) async fn verify_logout(&self, token: &str, now: Timestamp) -> Result<VerifiedJwt, JwtError> {
        self.verify_as(Jws::parse_logout(token)?, now).await
    }

    async fn verify_as(&self, jws: Jws<'_>, now: Timestamp) -> Result<VerifiedJwt, JwtError> {
        let (key, signed_by) = self.jwks.key(jws.kid.as_deref(), jws.alg).await?;
        self.check(jws.verify(&key)?, signed_by, now)
    }

    /// The `iss` of the tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The issuer's keys.
    #[must_use]
    pub fn keys(&self) -> &Arc<Jwks> {
        &self.jwks
    }

    fn check(&self, claims: Map<String, Value>, signed_by: String, now: Timestamp) -> Result<VerifiedJwt, JwtError> {
        if text(&claims, "iss") != Some(&self.issuer) {
            return Err(JwtError::Claim("iss"));
        }
        if !claims.get("aud").is_some_and(|aud| names(aud, &self.audience)) {
            return Err(JwtError::Claim("aud"));
        }
        let subject = text(&claims, "sub").filter(|sub| !sub.is_empty()).ok_or(JwtError::Claim("sub"))?.to_owned();
        let (issued_at, expires_at) = check_times(&claims, now)?;
        let acted = claims.get("act").is_some_and(|act| !act.is_null());
        Ok(VerifiedJwt { subject, issued_at, expires_at, acted, signed_by, claims })
    }
}

/// `iat` and `exp`, if `now` is inside the token's time.
pub(super) fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Result<(Timestamp, Timestamp), JwtError> {
    let expires_at = time_claim(claims, "exp")?.ok_or(JwtError::Claim("exp"))?;
    let issued_at = time_claim(claims, "iat")?.ok_or(JwtError::Claim("iat"))?;
    let not_before = time_claim(claims, "nbf")?.unwrap_or(issued_at);
    let latest = now.plus(LEEWAY);
    if now >= expires_at.plus(LEEWAY) || issued_at > latest || not_before > latest {
        return Err(JwtError::Time);
    }
    Ok((issued_at, expires_at))
}

/// The `iss` that a token claims, without any check: only for telling whose token this would be.
#[must_use]
pub fn unverified_issuer(token: &str) -> Option<String> {
    unverified_claims(token).and_then(|claims| text(&claims, "iss").map(str::to_owned))
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// Whether `aud` is `audience`, or a list that has it (RFC 7519 section 4.1.3).
fn names(aud: &Value, audience: &str) -> bool {
    match aud {
        Value::String(one) => one == audience,
        Value::Array(several) => several.iter().any(|one| one.as_str() == Some(audience)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}
