//! What every call gets: an id, a span for the log, and the fixed headers of its answer.
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue};
use tracing::{Instrument, field, info, info_span};

use crate::config::Vendor;
use crate::domain::id::RequestId;
use crate::domain::time::Clock;

use super::error::ApiError;
use super::page;

/// The header that tells a request's id.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the envelope works with.
#[derive(Debug)]
pub(super) struct Frame {
    /// The clocks.
    pub(super) clock: Arc<Clock>,
    /// What pages say.
    pub(super) vendor: Vendor,
}

/// Passes the call on and completes the answer: an [`ApiError`] becomes its document, which names the request's id, or a
/// page for whoever asks for one.
///
/// The log gets method, path, caller and status: no query, no header, no body.
pub(super) async fn envelope(State(frame): State<Arc<Frame>>, request: Request, next: Next) -> Response {
    let id = RequestId::mint(frame.clock.now());
    let reader = page::is_wanted(request.headers()).then(|| Arc::clone(&frame));
    let span = info_span!(
        "api",
        request_id = %id,
        method = %request.method(),
        path = request.uri().path(),
        caller = field::Empty,
        status = field::Empty,
    );
    let response = complete(next.run(request).instrument(span.clone()).await, &id, reader.as_deref());
    span.record("status", response.status().as_u16());
    span.in_scope(|| info!("answered"));
    response
}

fn complete(mut response: Response, id: &RequestId, reader: Option<&Frame>) -> Response {
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        let kept = std::mem::take(response.headers_mut());
        response = match reader {
            Some(frame) => page::refusal(&error.problem(id.clone()), &frame.vendor),
            None => error.document(id.clone()).into_response(),
        };
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
