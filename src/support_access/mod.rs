//! SUPPORT ACCESS: what customers see and do in a browser, under `/.chaperone/support-access/`, and inside the app by
//! `/.chaperone/embed.js`. No rule is decided here.
//!
//! * `enter`: from the app to our own pages, and away again. `viewer`: who looks at them.
//! * `view`: how an answer leaves: a page, or the part of it that the app shows. `live`: when to look again.
//! * `panel`: access as it stands: who may enter, who asks, who is inside. `grants`, `requests`, `sessions`: what one does
//!   there. `asked`: the form for a grant.
//! * `cases`: support requests. `trail`: what was done. `receipt`: what was done in one session.
//! * `small`: what the app shows on every page. `embed`: the script by which it does.
//! * `done`: what was just done, in words. `trouble`: why something was refused, in words.
//!
//! Every page is there twice: whole at its own address, by the member cookie; and without the page around it under
//! `/.chaperone/support-access/panel`, where the app's components fetch it with the app's token.
mod asked;
mod cases;
mod done;
mod embed;
mod enter;
mod grants;
mod live;
mod panel;
mod receipt;
mod requests;
mod sessions;
mod small;
mod trail;
mod trouble;
mod view;
mod viewer;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::api::ApiState;
use crate::face::Asset;

/// Where the pages begin: support access as it stands.
const HOME: &str = "/.chaperone/support-access/";
/// Where the parts of them begin, without pages around them.
const PANEL: &str = "/.chaperone/support-access/panel";
/// Where members come in.
const ENTER: &str = "/.chaperone/support-access/enter";
/// Where they leave.
const LEAVE: &str = "/.chaperone/support-access/leave";
/// Where they hear what happens.
const EVENTS: &str = "/.chaperone/support-access/events";
/// The largest form without files, in bytes.
const FORM_LIMIT: usize = 16 * 1024;

/// What the pages do besides what every page does.
static SCRIPT: Asset =
    Asset::script("support-access", concat!(include_str!("static/forms.js"), include_str!("static/page.js")));

/// The pages, with their full paths.
pub fn routes() -> Router<Arc<ApiState>> {
    let router = Router::new()
        .route(ENTER, post(enter::enter))
        .route(LEAVE, post(enter::leave))
        .route(EVENTS, get(live::events))
        .merge(SCRIPT.route());
    let both = [HOME.trim_end_matches('/'), PANEL].into_iter().fold(router, |router, base| router.merge(parts(base)));
    let small = Router::new()
        .route(&format!("{PANEL}/banner"), get(small::banner))
        .route(&format!("{PANEL}/prompt"), get(small::prompt))
        .route("/.chaperone/embed.js", get(embed::script));
    both.merge(small).layer(DefaultBodyLimit::max(FORM_LIMIT))
}

/// The pages, or the parts of them, behind `base`.
fn parts(base: &str) -> Router<Arc<ApiState>> {
    let at = |path: &str| format!("{base}{path}");
    Router::new()
        .route(base, get(panel::show))
        .route(&at("/"), get(panel::show))
        .route(&at("/grants"), post(grants::create))
        .route(&at("/grants/{grant}/revoke"), post(grants::revoke))
        .route(&at("/access-requests/{access_request}/approve"), post(requests::approve))
        .route(&at("/access-requests/{access_request}/decline"), post(requests::decline))
        .route(&at("/sessions"), get(receipt::list))
        .route(&at("/sessions/{session}"), get(receipt::show))
        .route(&at("/sessions/{session}/end"), post(sessions::end))
        .route(&at("/sessions/{session}/report"), post(sessions::report))
        .route(&at("/support-requests"), get(cases::list).merge(post(cases::submit).layer(DefaultBodyLimit::disable())))
        .route(&at("/support-requests/{support_request}/attachments/{attachment}"), get(cases::attachment))
        .route(&at("/trail"), get(trail::list))
        .route(&at("/trail/export"), get(trail::export))
}
