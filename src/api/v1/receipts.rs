//! The receipt of a session, for members: `GET /workspaces/{workspace}/sessions/{session}/receipt`.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::access::receipts::{self, Receipt};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::api::openapi::ReadsTrail;
use crate::domain::id::{SessionId, WorkspaceId};

/// Tells what an engineer saw and did in a session, from the trail alone.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/sessions/{session}/receipt",
    operation_id = "getReceipt",
    tag = "trail",
    responses((status = 200, body = Receipt, description = "the session so far, or all of it when it has ended"), ReadsTrail),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(super) async fn get(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, SessionId)>,
) -> Result<Json<Receipt>, ApiError> {
    Ok(Json(receipts::receipt(&state.access, &state.journal, &actor, &workspace, &id).await?))
}
