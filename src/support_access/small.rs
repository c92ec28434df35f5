//! What the app shows on every page: that somebody from support is inside, and that somebody asks for access. Without
//! either, or for a member who may not see it, there is nothing.
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::access::AccessError;
use crate::access::support_access::{self, Overview};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::config::Vendor;

use super::PANEL;
use super::panel::Asking;
use super::view::alone;
use super::viewer::Viewer;

/// Who is inside.
#[derive(Template)]
#[template(path = "support_access/banner.html")]
struct Banner<'a> {
    home: &'static str,
    vendor: &'a Vendor,
    /// Names, and the sessions' ids.
    inside: Vec<(String, String)>,
}

/// Who asks for access.
#[derive(Template)]
#[template(path = "support_access/prompt.html")]
struct Prompt {
    home: &'static str,
    asking: Vec<Asking>,
}

/// Says who is inside.
pub(super) async fn banner(viewer: Viewer, State(state): State<Arc<ApiState>>) -> Result<Response, ApiError> {
    let sessions = overview(&state, &viewer).await?.map(|overview| overview.sessions).unwrap_or_default();
    let inside = sessions.into_iter().map(|shown| (shown.engineer_name, shown.session.id.to_string())).collect();
    let banner = Banner { home: PANEL, vendor: &state.config.vendor, inside };
    // Writing into a text does not fail.
    Ok(alone(banner.render().unwrap_or_default()))
}

/// Asks for an answer, where the viewer is one who can give it.
pub(super) async fn prompt(viewer: Viewer, State(state): State<Arc<ApiState>>) -> Result<Response, ApiError> {
    let now = state.clock.now();
    let waiting = overview(&state, &viewer).await?.map(|overview| overview.waiting).unwrap_or_default();
    let asking = waiting.into_iter().map(|shown| Asking::new(shown, &viewer.member, now));
    let prompt = Prompt { home: PANEL, asking: asking.filter(Asking::is_for_the_viewer).collect() };
    Ok(alone(prompt.render().unwrap_or_default()))
}

/// The overview; none where the viewer may not see it.
async fn overview(state: &ApiState, viewer: &Viewer) -> Result<Option<Overview>, ApiError> {
    match support_access::overview(&state.access, &viewer.actor, viewer.workspace()).await {
        Ok(overview) => Ok(Some(overview)),
        Err(AccessError::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
