//! What the app gets to see, signed: `X-Chaperone-Assertion`.
use http::HeaderValue;
use serde::Serialize;

use crate::config;

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

/// Signs the assertions of one route.
#[derive(Debug)]
pub struct Signer {}

impl Signer {
    /// A signer as the route's configuration says.
    #[must_use]
    pub fn new(assertion: &config::Assertion, keys: &Keys) -> Self {
        let _ = (assertion, keys);
        todo!()
    }

    /// Signs. The value is marked sensitive.
    ///
    /// # Errors
    /// Only when the library refuses the key; nothing is forwarded then.
    pub fn sign(&self, claims: &Claims<'_>) -> Result<HeaderValue, jsonwebtoken::errors::Error> {
        let _ = claims;
        todo!()
    }
}
