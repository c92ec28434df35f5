//! Support requests: `GET POST /workspaces/{workspace}/support-requests`, `GET …/{support_request}` and its attachments;
//! for engineers `GET /support-requests` and `POST /support-requests/{support_request}/{start,resolve}`.
//!
//! * `form`: what a member sends. `shown`: what the API answers with. `file`: how an attachment is handed out.
mod file;
mod form;
mod shown;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Actor;
use crate::access::support_requests::{self, Shown};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::idempotency::IdempotencyKey;
use crate::api::input::{AtPath, JsonBody, PageQuery, Paging, without_secrets};
use crate::api::openapi::{AsksForHelp, Oversees, WorksOnCase};
use crate::api::patience;
use crate::api::upload::Parts;
use crate::domain::id::{AttachmentId, SupportRequestId, WorkspaceId};
use crate::domain::text::Prose;

use super::reply::List;

use form::SupportRequestForm;
use shown::SupportRequestShown;

/// Submits one: the consent for that case, which needs no other.
#[utoipa::path(
    post,
    path = "/workspaces/{workspace}/support-requests",
    operation_id = "openSupportRequest",
    tag = "support_requests",
    params(IdempotencyKey),
    request_body(content = SupportRequestForm, content_type = "multipart/form-data"),
    responses((status = 201, body = SupportRequestShown, description = "it waits for an engineer"), AsksForHelp),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(super) async fn open(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    request: Request,
) -> Result<impl IntoResponse, ApiError> {
    let shown = submit(&state, &actor, &workspace, request).await?;
    Ok((StatusCode::CREATED, Json(SupportRequestShown::new(shown, state.clock.now()))))
}

/// Takes the form of a member's browser, or of the app.
pub(crate) async fn submit(
    state: &ApiState,
    actor: &Actor,
    workspace: &WorkspaceId,
    request: Request,
) -> Result<Shown, ApiError> {
    support_requests::may_open(&state.access, actor, workspace).await?;
    let _seat = state.access.attachments.seat(workspace)?;
    let mut parts = Parts::of(request).await?;
    let new = match form::read(&state.access, &mut parts).await {
        Ok(new) => new,
        Err(error) => {
            parts.linger().await;
            return Err(error);
        }
    };
    let opened = support_requests::open(&state.access, actor, workspace, new, parts.idempotency());
    patience::within(state.config.store.lease, opened).await
}

/// Lists a workspace's: its history, for members; for engineers, those that they may work on.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/support-requests",
    operation_id = "listWorkspaceSupportRequests",
    tag = "support_requests",
    params(PageQuery),
    responses((status = 200, body = List<SupportRequestShown>, description = "newest first"), Oversees),
    security(("customer_jwt" = []), ("member_cookie" = []), ("staff_jwt" = []), ("staff_cookie" = []))
)]
pub(super) async fn list(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    Paging(page): Paging,
) -> Result<Json<List<SupportRequestShown>>, ApiError> {
    let page = support_requests::list(&state.access, &actor, &workspace, &page).await?;
    let now = state.clock.now();
    Ok(List::of(page, |shown| SupportRequestShown::new(shown, now)))
}

/// Reads one.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/support-requests/{support_request}",
    operation_id = "getSupportRequest",
    tag = "support_requests",
    responses((status = 200, body = SupportRequestShown, description = "as it stands now"), Oversees),
    security(("customer_jwt" = []), ("member_cookie" = []), ("staff_jwt" = []), ("staff_cookie" = []))
)]
pub(super) async fn get(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, SupportRequestId)>,
) -> Result<Json<SupportRequestShown>, ApiError> {
    let shown = support_requests::get(&state.access, &actor, &workspace, &id).await?;
    Ok(Json(SupportRequestShown::new(shown, state.clock.now())))
}

/// Reads an attachment: never shown inside a page, always downloaded.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/support-requests/{support_request}/attachments/{attachment}",
    operation_id = "getAttachment",
    tag = "support_requests",
    responses(
        (status = 200, description = "the file, with the type that it is of", content((String = "image/png"),
            (String = "image/jpeg"),
            (String = "image/gif"),
            (String = "image/webp"),
            (String = "video/mp4"),
            (String = "video/webm"),
            (String = "application/pdf"))),
        Oversees
    ),
    security(("customer_jwt" = []), ("member_cookie" = []), ("staff_jwt" = []), ("staff_cookie" = []))
)]
pub(crate) async fn attachment(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id, attachment)): AtPath<(WorkspaceId, SupportRequestId, AttachmentId)>,
) -> Result<Response, ApiError> {
    let (found, file) = support_requests::attachment(&state.access, &actor, &workspace, &id, &attachment).await?;
    Ok(file::handed_out(&found, file))
}

/// Lists those of all workspaces that the engineer may work on.
#[utoipa::path(
    get,
    path = "/support-requests",
    operation_id = "listSupportRequests",
    tag = "support_requests",
    params(PageQuery),
    responses((status = 200, body = List<SupportRequestShown>, description = "newest first; a page may be short although more follow")),
    security(("staff_jwt" = []), ("staff_cookie" = []))
)]
pub(super) async fn list_all(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    Paging(page): Paging,
) -> Result<Json<List<SupportRequestShown>>, ApiError> {
    let page = support_requests::list_all(&state.access, &actor, &page).await?;
    let now = state.clock.now();
    Ok(List::of(page, |shown| SupportRequestShown::new(shown, now)))
}

/// Takes one up: from then on the engineer may enter, for that case.
#[utoipa::path(
    post,
    path = "/support-requests/{support_request}/start",
    operation_id = "startSupportRequest",
    tag = "support_requests",
    responses((status = 200, body = SupportRequestShown, description = "it is in progress"), WorksOnCase),
    security(("staff_jwt" = []), ("staff_cookie" = []))
)]
pub(super) async fn start(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SupportRequestId>,
) -> Result<Json<SupportRequestShown>, ApiError> {
    let shown = support_requests::start(&state.access, &actor, &id).await?;
    Ok(Json(SupportRequestShown::new(shown, state.clock.now())))
}

/// What support leaves for the customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"summary": "The import hung on a row without a date. It is fixed, and the row is imported."}))]
pub(super) struct ResolveSupportRequest {
    summary: Prose,
}

/// Resolves one: answers when nothing of the access that came with it can pass any more.
#[utoipa::path(
    post,
    path = "/support-requests/{support_request}/resolve",
    operation_id = "resolveSupportRequest",
    tag = "support_requests",
    request_body = ResolveSupportRequest,
    responses((status = 200, body = SupportRequestShown, description = "it is resolved"), WorksOnCase),
    security(("staff_jwt" = []), ("staff_cookie" = []))
)]
pub(super) async fn resolve(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SupportRequestId>,
    JsonBody(ResolveSupportRequest { summary }): JsonBody<ResolveSupportRequest>,
) -> Result<Json<SupportRequestShown>, ApiError> {
    without_secrets("summary", summary.as_str())?;
    let shown = support_requests::resolve(&state.access, &actor, &id, summary).await?;
    Ok(Json(SupportRequestShown::new(shown, state.clock.now())))
}
