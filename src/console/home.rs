//! Finding a workspace: a list with search, and for each workspace whether and how the engineer may enter it.
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::access::PageRequest;
use crate::access::ways_in::{self, Step};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::domain::id::WorkspaceId;
use crate::face::Frame;

use super::glance::Glance;
use super::said::Said;
use super::shell::{EVENTS, HOME, Place, frame, page, see};
use super::visitor::Visitor;
use super::words;
use super::workspace::address as workspace_address;

/// What the page is asked with: a search, or the link of a ticket.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    after: Option<String>,
    /// From a ticket: where access is needed.
    workspace: Option<WorkspaceId>,
    /// The ticket.
    ticket: Option<String>,
    /// Why access is needed.
    reason: Option<String>,
}

#[derive(Template)]
#[template(path = "console/home.html")]
struct Home<'a> {
    frame: Frame<'a>,
    said: Said,
    events: &'static str,
    text: &'a str,
    rows: Vec<Glance<'a>>,
    /// Whether this is not the first page.
    further: bool,
    /// Where the first page is.
    first: String,
    /// Where the next page is.
    next: Option<String>,
}

/// Shows the list. The link of a ticket leads to its workspace, and changes nothing.
pub(super) async fn show(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(workspace) = &asked.workspace {
        return see(&from_ticket(workspace, &asked));
    }
    let wanted = PageRequest { after: asked.after.clone(), limit: None };
    let found = ways_in::search(&state.access, &visitor.actor, &asked.q, &wanted).await?;
    let text = asked.q.trim();
    let home = Home {
        frame: frame(&state, &visitor, Place::Workspaces).await?,
        said: Said::of(&headers),
        events: EVENTS,
        text,
        rows: found.items.iter().map(|ways| Glance::of(&state.config, ways)).collect(),
        further: asked.after.is_some(),
        first: format!("{HOME}?q={}", encoded(text)),
        next: found.next.map(|after| format!("{HOME}?q={}&after={after}", encoded(text))),
    };
    Ok(page(&home, &home.said))
}

/// The page of the workspace, with what the ticket says filled in.
fn from_ticket(workspace: &WorkspaceId, asked: &Asked) -> String {
    let told = [("ticket", &asked.ticket), ("reason", &asked.reason)];
    let told = told.into_iter().filter_map(|(name, text)| Some(format!("{name}={}", encoded(text.as_deref()?))));
    format!("{}?{}", workspace_address(workspace), told.collect::<Vec<_>>().join("&"))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
