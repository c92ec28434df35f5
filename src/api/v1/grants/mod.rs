//! Grants: `GET POST /workspaces/{workspace}/grants` and `GET PATCH DELETE …/{grant}`.
//!
//! * `asked`: what a member sends. `shown`: what the API answers with.
mod asked;
mod shown;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;

use crate::access::grants::{self, NewGrant};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::idempotency::{Creating, IdempotencyKey};
use crate::api::input::{AtPath, JsonBody, PageQuery, Paging};
use crate::api::openapi::{GivesConsent, Oversees};
use crate::domain::id::{GrantId, WorkspaceId};

pub(super) use asked::{ChangeGrant, CreateGrant};
pub(super) use shown::{GrantShown, RevokedShown};

use super::reply::List;

/// Creates one, whose subject is the caller.
#[utoipa::path(
    post,
    path = "/workspaces/{workspace}/grants",
    operation_id = "createGrant",
    tag = "grants",
    params(IdempotencyKey),
    request_body = CreateGrant,
    responses((status = 201, body = GrantShown, description = "the grant"), GivesConsent),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(super) async fn create(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    Creating { body, idempotency }: Creating<CreateGrant>,
) -> Result<impl IntoResponse, ApiError> {
    let new = NewGrant::try_from(body)?;
    let grant = grants::create(&state.access, &actor, &workspace, new, idempotency).await?;
    Ok((StatusCode::CREATED, Json(GrantShown::new(grant, state.clock.now()))))
}

/// Lists a workspace's.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/grants",
    operation_id = "listGrants",
    tag = "grants",
    params(PageQuery),
    responses((status = 200, body = List<GrantShown>, description = "newest first"), Oversees),
    security(("customer_jwt" = []), ("member_cookie" = []), ("api_key" = ["operator"]))
)]
pub(super) async fn list(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    Paging(page): Paging,
) -> Result<Json<List<GrantShown>>, ApiError> {
    let page = grants::list(&state.access, &actor, &workspace, &page).await?;
    let now = state.clock.now();
    Ok(List::of(page, |grant| GrantShown::new(grant, now)))
}

/// Reads one.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/grants/{grant}",
    operation_id = "getGrant",
    tag = "grants",
    responses((status = 200, body = GrantShown, description = "as it stands now"), Oversees),
    security(("customer_jwt" = []), ("member_cookie" = []), ("api_key" = ["operator"]))
)]
pub(super) async fn get(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, GrantId)>,
) -> Result<Json<GrantShown>, ApiError> {
    let grant = grants::get(&state.access, &actor, &workspace, &id).await?;
    Ok(Json(GrantShown::new(grant, state.clock.now())))
}

/// Extends or shortens one.
#[utoipa::path(
    patch,
    path = "/workspaces/{workspace}/grants/{grant}",
    operation_id = "changeGrant",
    tag = "grants",
    request_body = ChangeGrant,
    responses((status = 200, body = GrantShown, description = "with its new end"), GivesConsent),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(super) async fn change(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, GrantId)>,
    JsonBody(body): JsonBody<ChangeGrant>,
) -> Result<Json<GrantShown>, ApiError> {
    let grant = grants::change(&state.access, &actor, &workspace, &id, body.try_into()?).await?;
    Ok(Json(GrantShown::new(grant, state.clock.now())))
}

/// Revokes one, and answers when nothing of it can pass any more.
#[utoipa::path(
    delete,
    path = "/workspaces/{workspace}/grants/{grant}",
    operation_id = "revokeGrant",
    tag = "grants",
    responses((status = 200, body = RevokedShown, description = "nothing of it can pass any more"), Oversees),
    security(("customer_jwt" = []), ("member_cookie" = []), ("api_key" = ["operator"]))
)]
pub(super) async fn revoke(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, GrantId)>,
) -> Result<Json<RevokedShown>, ApiError> {
    Ok(Json(grants::revoke(&state.access, &actor, &workspace, &id).await?.into()))
}
