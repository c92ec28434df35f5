//! The calls of version 1, one file per noun (contract, section 4).
//!
//! * `workspaces`, `members`, `engineers`: the directory, kept current by the vendor.
//! * `grants`: consent. `support_access`: what a member sees at a glance.
//! * `sessions`: an engineer enters and leaves. `workspace_sessions`: a member looks on, and shows out.
//! * `reply`: the shapes that nouns share.
mod engineers;
mod grants;
mod members;
mod reply;
mod sessions;
mod support_access;
#[cfg(test)]
mod tests;
mod workspace_sessions;
mod workspaces;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};

use super::ApiState;

/// The calls, with paths below `/.chaperone/api/v1`.
pub(super) fn routes() -> Router<Arc<ApiState>> {
    Router::new()
        .route("/workspaces/{workspace}", get(workspaces::get).put(workspaces::put).delete(workspaces::delete))
        .route("/workspaces/{workspace}/members/{member}", get(members::get).put(members::put).delete(members::delete))
        .route("/engineers/{engineer}", get(engineers::get).put(engineers::put).delete(engineers::delete))
        .route("/workspaces/{workspace}/support-access", get(support_access::overview))
        .route("/workspaces/{workspace}/grants", get(grants::list).post(grants::create))
        .route("/workspaces/{workspace}/grants/{grant}", get(grants::get).patch(grants::change).delete(grants::revoke))
        .route("/workspaces/{workspace}/sessions", get(workspace_sessions::list))
        .route("/workspaces/{workspace}/sessions/{session}", delete(workspace_sessions::end))
        .route("/sessions", post(sessions::start))
        .route("/sessions/current", get(sessions::current))
        .route("/sessions/{session}", delete(sessions::end))
        .route("/sessions/{session}/renew", post(sessions::renew))
}
