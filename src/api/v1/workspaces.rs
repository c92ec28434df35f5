//! Workspaces: `GET PUT DELETE /workspaces/{workspace}`.
use std::collections::BTreeSet;
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
use crate::domain::id::WorkspaceId;
use crate::domain::text::Label;
use crate::domain::workspace::{EmergencyAccess, Plan, Workspace};

use super::reply;

/// What the directory says of a workspace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Acme", "plan": "business", "forced_sso": false, "region": "eu"}))]
pub(super) struct PutWorkspace {
    name: Label,
    plan: Plan,
    forced_sso: bool,
    #[serde(default)]
    region: String,
    #[serde(default)]
    emergency_access: EmergencyAccess,
    #[serde(default)]
    labels: BTreeSet<String>,
}

impl PutWorkspace {
    /// The workspace `id` as the body describes it.
    pub(super) fn named(self, id: WorkspaceId) -> Result<Workspace, ApiError> {
        let line = |field: &str, text: &str| {
            let label: Result<Label, _> = text.parse();
            label.map(String::from).map_err(|error| ApiError::bad_request(format!("{field}: {error}")))
        };
        Ok(Workspace {
            id,
            name: self.name.into(),
            plan: self.plan,
            forced_sso: self.forced_sso,
            region: if self.region.is_empty() { String::new() } else { line("region", &self.region)? },
            emergency_access: self.emergency_access,
            labels: self.labels.iter().map(|label| line("labels", label)).collect::<Result<_, _>>()?,
        })
    }
}

/// Creates or replaces one.
#[utoipa::path(
    put,
    path = "/workspaces/{workspace}",
    operation_id = "putWorkspace",
    tag = "directory",
    request_body = PutWorkspace,
    responses((status = 200, body = Workspace, description = "replaced"), (status = 201, body = Workspace, description = "created")),
    security(("api_key" = ["directory"]))
)]
pub(super) async fn put(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<WorkspaceId>,
    JsonBody(body): JsonBody<PutWorkspace>,
) -> Result<impl IntoResponse, ApiError> {
    let workspace = body.named(id)?;
    let new = access::workspaces::put(&state.access, &actor, workspace.clone()).await?;
    Ok(reply::put(new, workspace))
}

/// Reads one.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}",
    operation_id = "getWorkspace",
    tag = "directory",
    responses((status = 200, body = Workspace, description = "as it is now"), NoSuchThing),
    security(("api_key" = ["directory"]), ("api_key" = ["operator"]))
)]
pub(super) async fn get(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<WorkspaceId>,
) -> Result<Json<Workspace>, ApiError> {
    Ok(Json(access::workspaces::get(&state.access, &actor, &id).await?))
}

/// Removes one.
#[utoipa::path(
    delete,
    path = "/workspaces/{workspace}",
    operation_id = "deleteWorkspace",
    tag = "directory",
    responses((status = 204, description = "it is gone"), NoSuchThing),
    security(("api_key" = ["directory"]))
)]
pub(super) async fn delete(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<WorkspaceId>,
) -> Result<StatusCode, ApiError> {
    access::workspaces::delete(&state.access, &actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
