//! Which pages may call from a browser: those of `customers.origins`, exactly, and never with cookies.
use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderValue, Method, StatusCode};

/// Answers preflights of the known origins, and marks every answer to them as theirs to read. To other origins nothing
/// is said, which a browser takes as a no.
pub(super) async fn cors(State(origins): State<Arc<BTreeSet<String>>>, request: Request, next: Next) -> Response {
    let origin = known_origin(&request, &origins);
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match origin {
        Some(_) if preflight => permitted(),
        Some(_) | None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("X-Request-Id, Retry-After"));
    }
    response
}

/// The one `Origin` of the request, if it is known.
fn known_origin(request: &Request, origins: &BTreeSet<String>) -> Option<HeaderValue> {
    let mut given = request.headers().get_all(ORIGIN).iter();
    let (Some(origin), None) = (given.next(), given.next()) else { return None };
    origin.to_str().is_ok_and(|text| origins.contains(text)).then(|| origin.clone())
}

/// The answer to a preflight.
fn permitted() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
