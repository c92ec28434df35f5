//! Access requests: `POST GET /access-requests` and `GET DELETE …/{access_request}` for engineers, `GET
//! /workspaces/{workspace}/access-requests` and `POST …/{access_request}/approve`, `…/decline` for members.
//!
//! * `asked`: what both sides send. `shown`: what the API answers with.
mod asked;
mod shown;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;

use crate::access::access_requests::{self, NewRequest};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::idempotency::{Creating, IdempotencyKey};
use crate::api::input::{AtPath, JsonBody, PageQuery, Paging};
use crate::api::openapi::{AsksForAccess, GivesConsent, NoSuchThing, Oversees, SaysNo, TooLate};
use crate::domain::access_request::Narrowed;
use crate::domain::id::{AccessRequestId, WorkspaceId};

pub(super) use asked::{ApproveRequest, CreateRequest, DeclineRequest};
pub(super) use shown::RequestShown;

use super::reply::List;

/// Asks a workspace's members for access.
#[utoipa::path(
    post,
    path = "/access-requests",
    operation_id = "createAccessRequest",
    tag = "requests",
    params(IdempotencyKey),
    request_body = CreateRequest,
    responses((status = 201, body = RequestShown, description = "it waits for an answer"), AsksForAccess),
    security(("staff_jwt" = []))
)]
pub(super) async fn create(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    Creating { body, idempotency }: Creating<CreateRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let new = NewRequest::try_from(body)?;
    let shown = access_requests::create(&state.access, &actor, new, idempotency).await?;
    Ok((StatusCode::CREATED, Json(RequestShown::new(shown, state.clock.now()))))
}

/// Lists the caller's own.
#[utoipa::path(
    get,
    path = "/access-requests",
    operation_id = "listAccessRequests",
    tag = "requests",
    params(PageQuery),
    responses((status = 200, body = List<RequestShown>, description = "newest first, answered ones too")),
    security(("staff_jwt" = []))
)]
pub(super) async fn list(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    Paging(page): Paging,
) -> Result<Json<List<RequestShown>>, ApiError> {
    let page = access_requests::list(&state.access, &actor, &page).await?;
    let now = state.clock.now();
    Ok(List::of(page, |shown| RequestShown::new(shown, now)))
}

/// Reads one of the caller's own.
#[utoipa::path(
    get,
    path = "/access-requests/{access_request}",
    operation_id = "getAccessRequest",
    tag = "requests",
    responses((status = 200, body = RequestShown, description = "as it stands now"), NoSuchThing),
    security(("staff_jwt" = []))
)]
pub(super) async fn get(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<AccessRequestId>,
) -> Result<Json<RequestShown>, ApiError> {
    let shown = access_requests::get(&state.access, &actor, &id).await?;
    Ok(Json(RequestShown::new(shown, state.clock.now())))
}

/// Takes one of the caller's own back.
#[utoipa::path(
    delete,
    path = "/access-requests/{access_request}",
    operation_id = "withdrawAccessRequest",
    tag = "requests",
    responses((status = 200, body = RequestShown, description = "nobody can answer it any more"), TooLate),
    security(("staff_jwt" = []))
)]
pub(super) async fn withdraw(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<AccessRequestId>,
) -> Result<Json<RequestShown>, ApiError> {
    let shown = access_requests::withdraw(&state.access, &actor, &id).await?;
    Ok(Json(RequestShown::new(shown, state.clock.now())))
}

/// Lists those to a workspace.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/access-requests",
    operation_id = "listWorkspaceAccessRequests",
    tag = "requests",
    params(PageQuery),
    responses((status = 200, body = List<RequestShown>, description = "newest first, answered ones too"), Oversees),
    security(("customer_jwt" = []), ("member_cookie" = []), ("api_key" = ["operator"]))
)]
pub(super) async fn list_for_members(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    Paging(page): Paging,
) -> Result<Json<List<RequestShown>>, ApiError> {
    let page = access_requests::list_for_members(&state.access, &actor, &workspace, &page).await?;
    let now = state.clock.now();
    Ok(List::of(page, |shown| RequestShown::new(shown, now)))
}

/// Approves one: the caller lends their own login, as asked or less, counted from now.
#[utoipa::path(
    post,
    path = "/workspaces/{workspace}/access-requests/{access_request}/approve",
    operation_id = "approveAccessRequest",
    tag = "requests",
    request_body = ApproveRequest,
    responses((status = 200, body = RequestShown, description = "approved, with the grant that came of it"), GivesConsent),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(super) async fn approve(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, AccessRequestId)>,
    JsonBody(body): JsonBody<ApproveRequest>,
) -> Result<Json<RequestShown>, ApiError> {
    let to = Narrowed::from(body);
    let shown = access_requests::approve(&state.access, &actor, &workspace, &id, to).await?;
    Ok(Json(RequestShown::new(shown, state.clock.now())))
}

/// Declines one, perhaps with a comment for the engineer.
#[utoipa::path(
    post,
    path = "/workspaces/{workspace}/access-requests/{access_request}/decline",
    operation_id = "declineAccessRequest",
    tag = "requests",
    request_body = DeclineRequest,
    responses((status = 200, body = RequestShown, description = "declined"), SaysNo),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(super) async fn decline(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, AccessRequestId)>,
    JsonBody(body): JsonBody<DeclineRequest>,
) -> Result<Json<RequestShown>, ApiError> {
    let shown = access_requests::decline(&state.access, &actor, &workspace, &id, body.comment).await?;
    Ok(Json(RequestShown::new(shown, state.clock.now())))
}
