//! How long a call may take: a caller is told that the store does not answer, rather than kept waiting.
//!
//! Whoever takes something away is answered when nothing of it can pass any more, so with a store that cannot be read they
//! would wait as long as that lasts. What was committed stays, and is in force as soon as somebody can read it; until
//! then nothing passes, for this limit is longer than the lease.
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use crate::access::AccessError;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Span;

use super::error::ApiError;

/// What a call may take beyond the lease: longer than the store waits for another writer.
const BEYOND: Duration = Duration::from_secs(6);

/// The limit where state may be used for `lease` without being confirmed.
pub(super) fn limit(lease: Span) -> Duration {
    lease.to_std().saturating_add(BEYOND)
}

/// How long a body with files may take in all: one that comes too slowly is cut before that.
const UPLOAD: Duration = Duration::from_mins(15);

/// Passes the call on, for so long; one that brings files, for longer.
pub(super) async fn bounded(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let limit = if kind.starts_with("multipart/") { UPLOAD } else { limit };
    if let Ok(response) = tokio::time::timeout(limit, next.run(request)).await {
        return response;
    }
    tracing::error!("a call is given up: the store did not answer in time");
    ApiError::from(unconfirmed()).into_response()
}

/// What `call` gives, if that takes no longer than a call may which brings no files.
pub(super) async fn within<T>(lease: Span, call: impl Future<Output = Result<T, AccessError>>) -> Result<T, ApiError> {
    match tokio::time::timeout(limit(lease), call).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(unconfirmed().into()),
    }
}

fn unconfirmed() -> Refusal {
    let reason = "the state of grants and sessions did not answer in time, so this is not confirmed";
    Refusal::because(Code::StaleState, reason).next("send it again: it may have been done already")
}
