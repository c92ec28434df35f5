//! A workspace's page: how to get in, and what there is to know.
//!
//! * here: what the page is asked with, and showing it. `view`: what it shows.
//! * `enter`: beginning a session. `ask`: asking for access.
mod ask;
mod enter;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;
use serde::Deserialize;

use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::domain::id::WorkspaceId;

use super::said::Said;
use super::shell::HOME;
use super::visitor::Visitor;

use ask::Ask;
pub(super) use enter::Enter;
use view::Filled;
pub(super) use view::held;

/// The pages, with their full paths.
pub(super) fn routes() -> Router<Arc<ApiState>> {
    let at = |what: &str| format!("{HOME}workspaces/{{workspace}}{what}");
    Router::new().route(&at(""), get(show)).route(&at("/enter"), post(enter::enter)).route(&at("/ask"), post(ask::ask))
}

/// Where a workspace's page is.
pub(super) fn address(workspace: &WorkspaceId) -> String {
    format!("{HOME}workspaces/{workspace}")
}

/// What a ticket says, to be filled in.
#[derive(Debug, Deserialize)]
struct FromTicket {
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    reason: String,
    /// Whether the form to ask is open at once.
    ask: Option<String>,
}

async fn show(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    Query(FromTicket { ticket, reason, ask: asks }): Query<FromTicket>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let enter = Enter { reason: reason.clone(), ticket: ticket.clone(), ..Enter::default() };
    let ask = Ask { reason, ticket, ..Ask::usual(&state.config) };
    let filled = Filled { enter, asks: asks.is_some() || !ask.reason.is_empty(), ask };
    view::show(&state, &visitor, &workspace, Said::of(&headers), filled, &headers).await
}
