//! THE CONSOLE: what engineers see and do in a browser, under `/.chaperone/console/`. No rule is decided here: every page asks
//! the control plane as the API does, and every change is a form of ours.
//!
//! * `visitor`: who looks. `shell`: what every page has. `said`: what a page says first. `posted`: what forms bring.
//! * `home`: finding a workspace; `glance`: each of them in a line. `workspace`: its page, entering, asking.
//! * `sessions`, `requests`: what is the engineer's own.
//! * `cases`: the queue of support requests, and each of them. `emergencies`: declaring, approving, reviewing.
//! * `refusals`: why a request of theirs was refused.
//! * `landing`: where a session begins to look. `words`: how pages word things.
//!
//! Everything works without a script; with it, pages follow what happens.
mod cases;
mod emergencies;
mod glance;
mod home;
mod landing;
mod posted;
mod refusals;
mod requests;
mod said;
mod sessions;
mod shell;
mod visitor;
mod words;
mod workspace;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::get;

use crate::api::ApiState;

use shell::HOME;

/// The pages, with their full paths.
pub fn routes() -> Router<Arc<ApiState>> {
    Router::new()
        .route(HOME.trim_end_matches('/'), get(async || Redirect::to(HOME)))
        .route(HOME, get(home::show))
        .merge(workspace::routes())
        .merge(sessions::routes())
        .merge(requests::routes())
        .merge(cases::routes())
        .merge(emergencies::routes())
        .merge(refusals::routes())
        .merge(shell::SCRIPT.route())
        .layer(DefaultBodyLimit::max(posted::LIMIT))
}
