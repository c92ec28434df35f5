//! When to look again: the events of the workspace, for the pages that show it.
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::api::v1::events;

use super::viewer::Viewer;

/// Follows the viewer's workspace, as the API's call does.
pub(super) async fn events(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let workspace = viewer.member.workspace;
    events::of_workspace(Caller(viewer.actor), State(state), AtPath(workspace), headers).await
}
