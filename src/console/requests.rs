//! The engineer's own access requests: what became of each, and taking one back.
use std::borrow::Borrow;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State as Shared};
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;
use serde::Deserialize;

use crate::access::PageRequest;
use crate::access::access_requests::{self, Shown};
use crate::access::names::{self, Names};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::domain::access_request::{AccessRequest, How, State};
use crate::domain::id::{AccessRequestId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::time::Timestamp;
use crate::face::{Frame, Moment};

use super::glance::Pill;
use super::posted::Posted;
use super::said::{Done, Said};
use super::shell::{EVENTS, HOME, Place, distance, done, frame, page, refused};
use super::visitor::Visitor;
use super::words;
use super::workspace::address;

/// The pages, with their full paths.
pub(super) fn routes() -> Router<Arc<ApiState>> {
    let at = |what: &str| format!("{HOME}requests{what}");
    Router::new().route(&at(""), get(show)).route(&at("/{access_request}/withdraw"), post(withdraw))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    after: Option<String>,
}

/// Where a form leads back to.
#[derive(Debug, Deserialize)]
struct From {
    back: Option<WorkspaceId>,
}

#[derive(Template)]
#[template(path = "console/requests.html")]
struct Page<'a> {
    frame: Frame<'a>,
    said: Said,
    events: &'static str,
    home: &'static str,
    now: Timestamp,
    names: Names,
    rows: Vec<Shown>,
    further: bool,
    next: Option<String>,
}

impl Page<'_> {
    fn when(&self, at: impl Borrow<Timestamp>) -> Moment {
        distance(at, self.now)
    }

    fn waits(&self, request: &AccessRequest) -> bool {
        request.state(self.now) == State::Pending
    }

    fn pill(&self, request: &AccessRequest) -> Pill {
        let (tone, text) = match request.state(self.now) {
            State::Pending => ("warn live", "Waiting"),
            State::Approved => ("good", "Approved"),
            State::Declined => ("bad", "Declined"),
            State::Withdrawn => ("", "Withdrawn"),
            State::Lapsed => ("", "Lapsed"),
        };
        Pill { tone, text }
    }
}

async fn show(
    visitor: Visitor,
    Shared(state): Shared<Arc<ApiState>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    shown(&state, &visitor, asked, Said::of(&headers)).await
}

async fn shown(state: &Arc<ApiState>, visitor: &Visitor, asked: Asked, said: Said) -> Result<Response, ApiError> {
    let further = asked.after.is_some();
    let wanted = PageRequest { after: asked.after, limit: None };
    let found = access_requests::list(&state.access, &visitor.actor, &wanted).await?;
    let places = found.items.iter().map(|shown| &shown.request.workspace);
    let names = names::of(&state.access, &visitor.actor, places, std::iter::empty()).await?;
    let shown = Page {
        frame: frame(state, visitor, Place::Requests).await?,
        said,
        events: EVENTS,
        home: HOME,
        now: state.clock.now(),
        names,
        rows: found.items,
        further,
        next: found.next.map(|after| format!("{HOME}requests?after={after}")),
    };
    Ok(match &shown.said {
        Said::Refused(told) => refused(&shown, told),
        Said::Nothing | Said::Done(_) => page(&shown, &shown.said),
    })
}

async fn withdraw(
    visitor: Visitor,
    Shared(state): Shared<Arc<ApiState>>,
    AtPath(id): AtPath<AccessRequestId>,
    Posted(From { back }): Posted<From>,
) -> Result<Response, ApiError> {
    let back = back.map_or_else(|| Place::Requests.href(), |workspace| address(&workspace));
    match access_requests::withdraw(&state.access, &visitor.actor, &id).await.map_err(ApiError::from) {
        Ok(_) => done(Done::Withdrawn, &back),
        Err(error) if error.code() == Code::NotFound => Err(error),
        Err(error) => shown(&state, &visitor, Asked::default(), Said::from(&error)).await,
    }
}
