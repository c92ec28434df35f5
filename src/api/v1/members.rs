//! Members: `GET PUT DELETE /workspaces/{workspace}/members/{member}`.
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
use crate::domain::id::{Email, MemberId, MemberKey, WorkspaceId};
use crate::domain::member::{Member, Role};

use super::reply;

/// What the directory says of a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "olga@acme.example", "role": "owner"}))]
pub(super) struct PutMember {
    email: Email,
    role: Role,
}

/// Creates or replaces one.
#[utoipa::path(
    put,
    path = "/workspaces/{workspace}/members/{member}",
    operation_id = "putMember",
    tag = "directory",
    request_body = PutMember,
    responses((status = 200, body = Member, description = "replaced"), (status = 201, body = Member, description = "created"), NoSuchThing),
    security(("api_key" = ["directory"]))
)]
pub(super) async fn put(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, MemberId)>,
    JsonBody(PutMember { email, role }): JsonBody<PutMember>,
) -> Result<impl IntoResponse, ApiError> {
    let member = Member { workspace, id, email, role };
    let new = access::members::put(&state.access, &actor, member.clone()).await?;
    Ok(reply::put(new, member))
}

/// Reads one.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/members/{member}",
    operation_id = "getMember",
    tag = "directory",
    responses((status = 200, body = Member, description = "as it is now"), NoSuchThing),
    security(("api_key" = ["directory"]), ("api_key" = ["operator"]))
)]
pub(super) async fn get(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, MemberId)>,
) -> Result<Json<Member>, ApiError> {
    Ok(Json(access::members::get(&state.access, &actor, &MemberKey { workspace, id }).await?))
}

/// Removes one.
#[utoipa::path(
    delete,
    path = "/workspaces/{workspace}/members/{member}",
    operation_id = "deleteMember",
    tag = "directory",
    responses((status = 204, description = "it is gone"), NoSuchThing),
    security(("api_key" = ["directory"]))
)]
pub(super) async fn delete(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, MemberId)>,
) -> Result<StatusCode, ApiError> {
    access::members::delete(&state.access, &actor, &MemberKey { workspace, id }).await?;
    Ok(StatusCode::NO_CONTENT)
}
