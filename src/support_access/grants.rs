//! Granting and revoking, by forms of the page.
use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::Response;

use crate::access::grants;
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::domain::id::GrantId;

use super::asked::GrantForm;
use super::done::Done;
use super::panel;
use super::viewer::Viewer;

/// Grants access.
pub(super) async fn create(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    form: Result<Form<GrantForm>, FormRejection>,
) -> Result<Response, ApiError> {
    let new = form.map_err(|error| ApiError::bad_request(error.body_text())).and_then(|Form(form)| form.read());
    let done = match new {
        Ok(new) => {
            let made = grants::create(&state.access, &viewer.actor, viewer.workspace(), new, None).await;
            made.map(|_| Done::Granted).map_err(ApiError::from)
        }
        Err(error) => Err(error),
    };
    panel::after(&state, &viewer, done).await
}

/// Revokes a grant: answers when nothing of it can pass any more.
pub(super) async fn revoke(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<GrantId>,
) -> Result<Response, ApiError> {
    let revoked = grants::revoke(&state.access, &viewer.actor, viewer.workspace(), &id).await;
    let done = revoked.map(|it| Done::Revoked { sessions: it.sessions_ended, streams: it.streams_cut });
    panel::after(&state, &viewer, done.map_err(ApiError::from)).await
}
