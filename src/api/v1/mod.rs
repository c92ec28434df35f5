//! The calls of version 1, one file per noun (contract, section 4).
//!
//! * `workspaces`, `members`, `engineers`: the directory, kept current by the vendor.
//! * `access_requests`: an engineer asks for consent, a member answers.
//! * `grants`: consent. `support_access`: what a member sees at a glance.
//! * `sessions`: an engineer enters and leaves. `workspace_sessions`: a member looks on, and shows out.
//! * `events`: what happens, as it happens.
//! * `trail`: what was done, for members: listed, followed, exported. `receipts`: in one session.
//! * `emergencies`: entry without consent.
//! * `support_requests`: members ask for help, engineers take cases up. `hooks`: what other systems of the vendor's tell.
//! * `explain`: why a request passes or not, for operators.
//! * `reply`: the shapes that nouns share.
mod access_requests;
mod emergencies;
mod engineers;
pub(crate) mod events;
mod explain;
mod grants;
mod hooks;
mod members;
mod receipts;
mod reply;
mod sessions;
mod support_access;
pub(crate) mod support_requests;
#[cfg(test)]
mod tests;
pub(crate) mod trail;
mod workspace_sessions;
mod workspaces;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;

/// The calls, with paths below `/.chaperone/api/v1`. The path of each stands at its handler, in `#[utoipa::path]`: the
/// router and the API's document are made of the same words.
pub(super) fn routes() -> OpenApiRouter<Arc<ApiState>> {
    OpenApiRouter::new()
        .routes(routes!(workspaces::get, workspaces::put, workspaces::delete))
        .routes(routes!(members::get, members::put, members::delete))
        .routes(routes!(engineers::get, engineers::put, engineers::delete))
        .routes(routes!(events::of_workspace))
        .routes(routes!(events::of_engineer))
        .routes(routes!(emergencies::list, emergencies::declare))
        .routes(routes!(emergencies::approve))
        .routes(routes!(emergencies::review))
        .routes(routes!(explain::explain))
        .routes(routes!(support_access::overview))
        .routes(routes!(grants::list, grants::create))
        .routes(routes!(grants::get, grants::change, grants::revoke))
        .routes(routes!(access_requests::list, access_requests::create))
        .routes(routes!(access_requests::get, access_requests::withdraw))
        .routes(routes!(access_requests::list_for_members))
        .routes(routes!(access_requests::approve))
        .routes(routes!(access_requests::decline))
        .merge(support_requests())
        .routes(routes!(hooks::ticket_closed))
        .routes(routes!(workspace_sessions::list))
        .routes(routes!(workspace_sessions::end))
        .routes(routes!(workspace_sessions::report))
        .routes(routes!(trail::list))
        .routes(routes!(trail::export))
        .routes(routes!(receipts::get))
        .routes(routes!(sessions::start))
        .routes(routes!(sessions::current))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::renew))
}

/// Those about support requests. Files come with them, so the handler itself limits what it takes.
fn support_requests() -> OpenApiRouter<Arc<ApiState>> {
    OpenApiRouter::new()
        .routes(routes!(support_requests::list, support_requests::open))
        .layer(DefaultBodyLimit::disable())
        .routes(routes!(support_requests::get))
        .routes(routes!(support_requests::attachment))
        .routes(routes!(support_requests::list_all))
        .routes(routes!(support_requests::start))
        .routes(routes!(support_requests::resolve))
}
