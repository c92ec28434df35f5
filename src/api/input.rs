//! What a call brings along, parsed once and strictly: ids in the path, paging in the query, JSON in the body.
use std::error::Error;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http_body_util::LengthLimitError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::access::PageRequest;
use crate::domain::obvious_secret;
use crate::domain::refusal::{Code, Refusal};

use super::error::ApiError;

/// The largest body, in bytes.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);
/// The longest explanation of a malformed body, in characters: a client's own text may be part of it.
const DETAIL_LIMIT: usize = 300;

/// A JSON body without unknown fields. As an extractor it comes last, after the caller.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        parse(&json_bytes(&parts.headers, body).await?).map(Self)
    }
}

/// Ids in the path, as `Id` or a tuple of them.
#[derive(Debug)]
pub(crate) struct AtPath<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for AtPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        found.map(|Path(ids)| Self(ids)).map_err(|error| ApiError::bad_request(detail(&error)))
    }
}

/// Which page of a list.
#[derive(Debug)]
pub(crate) struct Paging(pub(super) PageRequest);

/// The query of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Where to go on: `next` of the page before.
    after: Option<String>,
    /// How many items at most; 50 when it is left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Query(PageQuery { after, limit }) =
            Query::try_from_uri(&parts.uri).map_err(|error| ApiError::bad_request(detail(&error)))?;
        Ok(Self(PageRequest { after, limit: checked(limit)? }))
    }
}

/// The number of items that was asked for, if a page may have as many.
pub(crate) fn checked(limit: Option<u32>) -> Result<Option<u32>, ApiError> {
    match limit {
        Some(limit) if !(1..=200).contains(&limit) => {
            Err(ApiError::bad_request("`limit` is not a number from 1 to 200"))
        }
        Some(_) | None => Ok(limit),
    }
}

/// The bytes of a JSON body: of the right type, not too large, not too slow.
pub(crate) async fn json_bytes(headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    if !is_json(headers) {
        return Err(Code::UnsupportedMediaType.into());
    }
    match tokio::time::timeout(BODY_TIME, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_over_limit(&error) => Err(Code::TooLarge.into()),
        Ok(Err(_)) => Err(ApiError::bad_request("the body ended before it was complete")),
        Err(_) => Err(ApiError::bad_request(format!("the body took longer than {} s", BODY_TIME.as_secs()))),
    }
}

fn is_over_limit(error: &axum::Error) -> bool {
    error.source().and_then(|cause| cause.downcast_ref::<LengthLimitError>()).is_some()
}

/// Reads a body. What is wrong is named by its field.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    Json::from_bytes(bytes).map(|Json(body)| body).map_err(|error| ApiError::bad_request(detail(&error)))
}

/// Refuses a text in which somebody would find a password; of the text, the answer says nothing.
pub(crate) fn without_secrets(field: &str, text: &str) -> Result<(), ApiError> {
    let Some(found) = obvious_secret::find(text) else { return Ok(()) };
    let refusal =
        Refusal::because(Code::BadRequest, format!("`{field}` seems to hold {found}: nothing of it was kept"));
    let next = "take it out and send the rest: support never needs it. If it is a real one, change it";
    Err(refusal.next(next).into())
}

/// Whether the one `Content-Type` is `application/json`, with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let (Some(kind), None) = (given.next(), given.next()) else { return false };
    let essence = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// The innermost cause, which names field and value, without the framework's words around it.
pub(crate) fn detail(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string().chars().take(DETAIL_LIMIT).collect()
}
