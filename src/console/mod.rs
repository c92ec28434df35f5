//! THE CONSOLE: what engineers see and do in a browser, under `/.chaperone/console/`. No rule is decided here.
use std::sync::Arc;

use axum::Router;

use crate::api::ApiState;

/// The pages, with their full paths.
pub fn routes() -> Router<Arc<ApiState>> {
    Router::new()
}
