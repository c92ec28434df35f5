//! Engineers: `GET PUT DELETE /engineers/{engineer}`.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use serde::Deserialize;

use crate::access;
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::input::{AtPath, JsonBody};
use crate::domain::engineer::Engineer;
use crate::domain::id::EngineerId;

use super::reply;

/// What the directory says of an engineer; everything else the identity provider says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PutEngineer {
    disabled: bool,
}

/// Switches one off or on.
pub(super) async fn put(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EngineerId>,
    JsonBody(PutEngineer { disabled }): JsonBody<PutEngineer>,
) -> Result<impl IntoResponse, ApiError> {
    let new = access::engineers::put(&state.access, &actor, &id, disabled).await?;
    let engineer = access::engineers::get(&state.access, &actor, &id).await?;
    Ok(reply::put(new, engineer))
}

/// Reads one.
pub(super) async fn get(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EngineerId>,
) -> Result<Json<Engineer>, ApiError> {
    Ok(Json(access::engineers::get(&state.access, &actor, &id).await?))
}

/// Forgets one.
pub(super) async fn delete(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EngineerId>,
) -> Result<StatusCode, ApiError> {
    access::engineers::delete(&state.access, &actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
