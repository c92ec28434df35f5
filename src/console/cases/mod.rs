//! Support requests: the queue of those that wait or are worked on, and each case with what came with it.
//!
//! * here: the queue, and how a case is told of. `case`: its page. `work`: taking it up, entering for it, resolving it.
mod case;
mod work;

use std::borrow::Borrow;
use std::fmt::Display;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;
use serde::Deserialize;

use crate::access::PageRequest;
use crate::access::names::{self, Names};
use crate::access::support_requests::{self, Shown};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::domain::id::EngineerId;
use crate::domain::support_request::{Status, SupportRequest};
use crate::domain::text::Prose;
use crate::domain::time::Timestamp;
use crate::face::{Frame, Moment};

use super::glance::Pill;
use super::said::Said;
use super::shell::{EVENTS, HOME, Place, distance, frame, page};
use super::visitor::Visitor;
use super::words;

/// How much of an issue stands in a list, in characters.
const IN_A_LIST: usize = 120;

/// The pages, with their full paths.
pub(super) fn routes() -> Router<Arc<ApiState>> {
    let at = |what: &str| format!("{HOME}cases{what}");
    Router::new()
        .route(&at(""), get(queue))
        .route(&at("/{support_request}"), get(case::show))
        .route(&at("/{support_request}/start"), post(work::start))
        .route(&at("/{support_request}/enter"), post(work::enter))
        .route(&at("/{support_request}/resolve"), post(work::resolve))
}

/// Where a case's page is.
pub(super) fn address(id: &(impl Display + ?Sized)) -> String {
    format!("{HOME}cases/{id}")
}

/// How far support has come with a case.
pub(super) fn status(case: &SupportRequest) -> Pill {
    let (tone, text) = match case.status() {
        Status::Pending => ("warn", "Pending"),
        Status::InProgress => ("good", "In progress"),
        Status::Resolved => ("", "Resolved"),
    };
    Pill { tone, text }
}

/// The beginning of an issue, for a list.
pub(super) fn first_line(issue: &Prose) -> String {
    let line = issue.as_str().lines().next().unwrap_or_default();
    let short: String = line.chars().take(IN_A_LIST).collect();
    if short.len() < issue.as_str().len() { format!("{} …", short.trim_end()) } else { short }
}

#[derive(Debug, Deserialize)]
struct Asked {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "console/cases.html")]
struct Page<'a> {
    frame: Frame<'a>,
    said: Said,
    events: &'static str,
    home: &'static str,
    now: Timestamp,
    me: &'a EngineerId,
    names: Names,
    rows: Vec<Shown>,
    further: bool,
    next: Option<String>,
}

impl Page<'_> {
    fn when(&self, at: impl Borrow<Timestamp>) -> Moment {
        distance(at, self.now)
    }

    fn is_mine(&self, shown: &Shown) -> bool {
        shown.engineers.iter().any(|engineer| engineer.id == *self.me)
    }
}

async fn queue(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let further = asked.after.is_some();
    let wanted = PageRequest { after: asked.after, limit: None };
    let found = support_requests::queue(&state.access, &visitor.actor, &wanted).await?;
    let places = found.items.iter().map(|shown| &shown.case.workspace);
    let names = names::of(&state.access, &visitor.actor, places, std::iter::empty()).await?;
    let shown = Page {
        frame: frame(&state, &visitor, Place::Cases).await?,
        said: Said::of(&headers),
        events: EVENTS,
        home: HOME,
        now: state.clock.now(),
        me: &visitor.engineer.id,
        names,
        rows: found.items,
        further,
        next: found.next.map(|after| format!("{HOME}cases?after={after}")),
    };
    Ok(page(&shown, &shown.said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shows_the_beginning_of_an_issue() {
        let told = |text: &str| first_line(&text.parse().unwrap());
        assert_eq!(told("The import hangs."), "The import hangs.");
        assert_eq!(told("The import hangs.\nSince Monday."), "The import hangs. …");
        assert_eq!(told(&"ä".repeat(200)).chars().count(), IN_A_LIST + 2);
    }
}
