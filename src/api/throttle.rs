//! Who calls too often is turned away before anything is looked up for them.
use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};

use crate::limits::{Client, Limits};

use super::error::ApiError;

/// Passes the call on unless its client has had enough; notes whose credentials were nobody's.
pub(super) async fn throttle(
    State(limits): State<Arc<Limits>>,
    Extension(Client(client)): Extension<Client>,
    request: Request,
    next: Next,
) -> Response {
    let counted = limits.request(client);
    let may = if presents(request.headers()) { counted.and_then(|()| limits.may_try(client)) } else { counted };
    if let Err(refusal) = may {
        return ApiError::from(refusal).into_response();
    }
    let response = next.run(request).await;
    if response.extensions().get::<ApiError>().is_some_and(ApiError::is_unauthenticated) {
        limits.failed(client);
    }
    response
}

/// Whether somebody says who they are: that must be looked up, or verified.
fn presents(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) || headers.contains_key(COOKIE)
}
