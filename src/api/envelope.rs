//! What every call gets: an id, a span for the log, and the fixed headers of its answer.
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue};
use tracing::{Instrument, field, info, info_span};

use crate::domain::id::RequestId;
use crate::domain::time::Clock;

use super::error::ApiError;

/// The header that tells a request's id.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Passes the call on and completes the answer: an [`ApiError`] becomes its document, which names the request's id.
///
/// The log gets method, path, caller and status: no query, no header, no body.
pub(super) async fn envelope(State(clock): State<Arc<Clock>>, request: Request, next: Next) -> Response {
    let id = RequestId::mint(clock.now());
    let span = info_span!(
        "api",
        request_id = %id,
        method = %request.method(),
        path = request.uri().path(),
        caller = field::Empty,
        status = field::Empty,
    );
    let response = complete(next.run(request).instrument(span.clone()).await, &id);
    span.record("status", response.status().as_u16());
    span.in_scope(|| info!("answered"));
    response
}

fn complete(mut response: Response, id: &RequestId) -> Response {
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        let kept = std::mem::take(response.headers_mut());
        response = error.document(id.clone()).into_response();
        response.headers_mut().extend(kept);
    }
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(X_REQUEST_ID, value);
    }
    response
}
