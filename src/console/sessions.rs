//! The engineer's own sessions: time left, staying longer, leaving.
use std::borrow::Borrow;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;
use http::header::SET_COOKIE;
use serde::Deserialize;

use crate::access::names::{self, Names};
use crate::access::{PageRequest, sessions};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::domain::id::{SessionId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::face::{Frame, Moment};
use crate::identity::{clear_cookie, clear_site_data};
use crate::problem::meaning;
use crate::request::COOKIE_SESSION;

use super::posted::Posted;
use super::said::{Done, Said};
use super::shell::{EVENTS, HOME, Place, distance, done, frame, page, refused, with};
use super::visitor::Visitor;
use super::workspace::{address, held};
use super::{landing, words};

/// The pages, with their full paths.
pub(super) fn routes() -> Router<Arc<ApiState>> {
    let at = |what: &str| format!("{HOME}sessions{what}");
    Router::new()
        .route(&at(""), get(show))
        .route(&at("/{session}/extend"), post(extend))
        .route(&at("/{session}/leave"), post(leave))
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

/// One session.
struct Row {
    session: Session,
    /// Where it goes on in this browser; none: it belongs to another.
    goes_on: Option<String>,
}

#[derive(Template)]
#[template(path = "console/sessions.html")]
struct Page<'a> {
    frame: Frame<'a>,
    said: Said,
    events: &'static str,
    home: &'static str,
    now: Timestamp,
    names: Names,
    live: Vec<Row>,
    over: Vec<Session>,
    further: bool,
    next: Option<String>,
}

impl Page<'_> {
    fn when(&self, at: impl Borrow<Timestamp>) -> Moment {
        distance(at, self.now)
    }
}

/// When a session ended, and why, in words.
fn end(session: &Session) -> (Timestamp, String) {
    match &session.ended {
        Some(ended) => (ended.at, words::sentence(meaning(&ended.cause).reason)),
        None => (session.expires_at, words::sentence(meaning(&Code::SessionEnded).reason)),
    }
}

async fn show(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    shown(&state, &visitor, asked, Said::of(&headers), &headers).await
}

async fn shown(
    state: &Arc<ApiState>,
    visitor: &Visitor,
    asked: Asked,
    said: Said,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let further = asked.after.is_some();
    let wanted = PageRequest { after: asked.after, limit: None };
    let found = sessions::list_own(&state.access, &visitor.actor, &wanted).await?;
    let places = found.items.iter().map(|session| &session.workspace);
    let names = names::of(&state.access, &visitor.actor, places, std::iter::empty()).await?;
    let now = state.clock.now();
    let is_live = |session: &Session| session.ended.is_none() && now < session.expires_at;
    let (live, over): (Vec<_>, Vec<_>) = found.items.into_iter().partition(is_live);
    let held = held(state, visitor, headers).await.map(|held| held.id);
    let own_origins = state.config.server.session_host.is_some();
    let row = |session: Session| {
        let here = own_origins || held.as_ref() == Some(&session.id);
        let goes_on = here.then(|| landing::address(&state.config, &session.id, &session.workspace));
        Row { session, goes_on }
    };
    let shown = Page {
        frame: frame(state, visitor, Place::Sessions).await?,
        said,
        events: EVENTS,
        home: HOME,
        now,
        names,
        live: live.into_iter().map(row).collect(),
        over,
        further,
        next: found.next.map(|after| format!("{HOME}sessions?after={after}")),
    };
    Ok(match &shown.said {
        Said::Refused(told) => refused(&shown, told),
        Said::Nothing | Said::Done(_) => page(&shown, &shown.said),
    })
}

async fn extend(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SessionId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    match sessions::renew(&state.access, &visitor.actor, &id).await.map_err(ApiError::from) {
        Ok(_) => done(Done::Extended, &Place::Sessions.href()),
        Err(error) if error.code() == Code::NotFound => Err(error),
        Err(error) => shown(&state, &visitor, Asked::default(), Said::from(&error), &headers).await,
    }
}

/// Ends a session. A browser that sits in it forgets its cookie, and drops what the app left there.
async fn leave(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SessionId>,
    headers: HeaderMap,
    Posted(From { back }): Posted<From>,
) -> Result<Response, ApiError> {
    let sits_in_it = held(&state, &visitor, &headers).await.is_some_and(|held| held.id == id);
    sessions::end(&state.access, &visitor.actor, &id).await?;
    let back = back.map_or_else(|| Place::Sessions.href(), |workspace| address(&workspace));
    let residue = sits_in_it.then(|| [(SET_COOKIE, clear_cookie(COOKIE_SESSION)), clear_site_data()]);
    Ok(with(done(Done::Left, &back)?, residue.into_iter().flatten()))
}
