//! `Idempotency-Key`: what makes a creating call safe to repeat.
use aws_lc_rs::digest::{Context, Digest, SHA256, digest};
use axum::extract::{FromRequest, Request};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::access::Idempotency;

use super::error::ApiError;
use super::input;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header of a creating call, as the API's document tells of it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes the header that `key` reads")]
pub(crate) struct IdempotencyKey {
    /// Makes the call safe to repeat for 24 hours: same key and body, same answer; same key, other body: 409.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255)]
    key: Option<String>,
}

/// The body of a creating call, and what makes it safe to repeat, if the client wants that.
#[derive(Debug)]
pub(crate) struct Creating<T> {
    /// The body.
    pub(crate) body: T,
    /// The client's key with the digest of this call.
    pub(crate) idempotency: Option<Idempotency>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Creating<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let key = key(&parts.headers)?;
        let bytes = input::json_bytes(&parts.headers, body).await?;
        let idempotency = key.map(|key| Idempotency { key, digest: fingerprint(&parts, &bytes) });
        Ok(Self { body: input::parse(&bytes)?, idempotency })
    }
}

/// The key of a call whose body comes in parts, with the digest of what has come.
#[derive(Debug)]
pub(crate) struct Key(String);

impl Key {
    /// The key of the call, if the client sent one.
    pub(crate) fn of(parts: &Parts) -> Result<Option<Self>, ApiError> {
        Ok(key(&parts.headers)?.map(Self))
    }

    /// A digest of the call without its body.
    pub(crate) fn begin(parts: &Parts) -> Context {
        let mut digest = Context::new(&SHA256);
        digest.update(format!("{}\n{}\n", parts.method, parts.uri.path()).as_bytes());
        digest
    }

    /// The key with the digest of the whole call.
    pub(crate) fn with(self, whole: Context) -> Idempotency {
        Idempotency { key: self.0, digest: bytes(&whole.finish()) }
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(first) = given.next() else { return Ok(None) };
    let key = first.to_str().ok().filter(|key| is_visible(key));
    match (key, given.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        (Some(_) | None, _) => {
            Err(ApiError::bad_request("`Idempotency-Key` is not one key of 1 to 255 visible ASCII characters"))
        }
    }
}

/// Whether this is a key: 1 to 255 visible ASCII characters.
pub(crate) fn is_visible(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A digest of method, path and body. Neither method nor path has a line break, so no two calls look the same.
pub(crate) fn fingerprint(parts: &Parts, body: &[u8]) -> [u8; 32] {
    let call = [parts.method.as_str().as_bytes(), b"\n", parts.uri.path().as_bytes(), b"\n", body].concat();
    bytes(&digest(&SHA256, &call))
}

fn bytes(digest: &Digest) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}
