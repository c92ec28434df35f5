//! Engineers: `GET PUT DELETE /engineers/{engineer}`.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access;
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::input::{AtPath, JsonBody};
use crate::api::openapi::NoSuchThing;
use crate::domain::engineer::Engineer;
use crate::domain::id::EngineerId;

use super::reply;

/// What the directory says of an engineer; everything else the identity provider says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"disabled": true}))]
pub(super) struct PutEngineer {
    disabled: bool,
}

/// Switches one off or on.
#[utoipa::path(
    put,
    path = "/engineers/{engineer}",
    operation_id = "putEngineer",
    tag = "directory",
    request_body = PutEngineer,
    responses((status = 200, body = Engineer, description = "replaced"), (status = 201, body = Engineer, description = "created")),
    security(("api_key" = ["directory"]))
)]
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
#[utoipa::path(
    get,
    path = "/engineers/{engineer}",
    operation_id = "getEngineer",
    tag = "directory",
    responses((status = 200, body = Engineer, description = "as it is now"), NoSuchThing),
    security(("api_key" = ["directory"]), ("api_key" = ["operator"]))
)]
pub(super) async fn get(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EngineerId>,
) -> Result<Json<Engineer>, ApiError> {
    Ok(Json(access::engineers::get(&state.access, &actor, &id).await?))
}

/// Forgets one.
#[utoipa::path(
    delete,
    path = "/engineers/{engineer}",
    operation_id = "deleteEngineer",
    tag = "directory",
    responses((status = 204, description = "it is gone"), NoSuchThing),
    security(("api_key" = ["directory"]))
)]
pub(super) async fn delete(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EngineerId>,
) -> Result<StatusCode, ApiError> {
    access::engineers::delete(&state.access, &actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
