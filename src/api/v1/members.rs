//! Members: `GET PUT DELETE /workspaces/{workspace}/members/{member}`.
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
use crate::domain::id::{Email, MemberId, MemberKey, WorkspaceId};
use crate::domain::member::{Member, Role};

use super::reply;

/// What the directory says of a member.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PutMember {
    email: Email,
    role: Role,
}

/// Creates or replaces one.
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
pub(super) async fn get(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, MemberId)>,
) -> Result<Json<Member>, ApiError> {
    Ok(Json(access::members::get(&state.access, &actor, &MemberKey { workspace, id }).await?))
}

/// Removes one.
pub(super) async fn delete(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, MemberId)>,
) -> Result<StatusCode, ApiError> {
    access::members::delete(&state.access, &actor, &MemberKey { workspace, id }).await?;
    Ok(StatusCode::NO_CONTENT)
}
