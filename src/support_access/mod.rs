//! SUPPORT ACCESS: what customers see and do in a browser, under `/.chaperone/support-access/`, and inside the app by
//! `/.chaperone/embed.js`. No rule is decided here.
use std::sync::Arc;

use axum::Router;

use crate::api::ApiState;

/// The pages, with their full paths.
pub fn routes() -> Router<Arc<ApiState>> {
    Router::new()
}
