//! Showing an engineer out, by the buttons beside their session.
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::access::sessions::{self, Reported};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::domain::id::SessionId;

use super::done::Done;
use super::panel;
use super::viewer::Viewer;

/// Ends a session.
pub(super) async fn end(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SessionId>,
) -> Result<Response, ApiError> {
    let ended = sessions::end_for_member(&state.access, &viewer.actor, viewer.workspace(), &id).await;
    panel::after(&state, &viewer, ended.map(|_| Done::Ended).map_err(ApiError::from)).await
}

/// Reports a session that was not expected.
pub(super) async fn report(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SessionId>,
) -> Result<Response, ApiError> {
    let reported = sessions::report(&state.access, &viewer.actor, viewer.workspace(), &id).await;
    let done = reported.map(|Reported { sessions_ended, grants_revoked, .. }| Done::Reported {
        sessions: sessions_ended,
        grants: grants_revoked,
    });
    panel::after(&state, &viewer, done.map_err(ApiError::from)).await
}
