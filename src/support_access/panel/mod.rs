//! Access as it stands: who may enter and until when, who asks, who is inside, and the form for a grant.
//!
//! * here: the page, and how it answers what is done on it. `form`: what the form for a grant offers.
//! * `grants`, `requests`, `sessions`: how each of them is shown.
mod form;
mod grants;
mod requests;
mod sessions;

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;

use crate::access::AccessError;
use crate::access::support_access::{self, Overview};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::config::Vendor;
use crate::domain::emergency::Outcome;
use crate::face::Moment;

use super::HOME;
use super::done::{Done, DoneQuery};
use super::trouble::Trouble;
use super::view::{Place, View, see_other, shut};
use super::viewer::Viewer;

use form::Choices;
use grants::Lent;
pub(super) use requests::Asking;
use sessions::{Inside, May};

/// What the page shows.
#[derive(Template)]
#[template(path = "support_access/panel.html")]
struct Panel<'a> {
    home: &'static str,
    vendor: &'a Vendor,
    workspace: String,
    done: Option<Done>,
    trouble: Option<Trouble>,
    standing: Standing,
    asking: Vec<Asking>,
    inside: Vec<Inside>,
    lent: Vec<Lent>,
    /// Why nothing can be granted, if so.
    excluded: Option<Trouble>,
    choices: Choices,
    emergencies: Vec<Past>,
}

/// Where support access stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Somebody is inside.
    Inside,
    /// Somebody may enter.
    On,
    /// Somebody may enter later on.
    Later,
    /// There are grants, and none of them counts.
    Void,
    /// Nobody may enter.
    Off,
}

/// An emergency of the past, or of now.
struct Past {
    incident: String,
    reason: String,
    at: Moment,
    /// What became of it.
    outcome: &'static str,
}

impl Standing {
    fn of(overview: &Overview, lent: &[Lent]) -> Self {
        if !overview.sessions.is_empty() {
            Self::Inside
        } else if overview.granted {
            Self::On
        } else if lent.is_empty() {
            Self::Off
        } else if lent.iter().all(Lent::is_to_come) {
            Self::Later
        } else {
            Self::Void
        }
    }
}

/// Shows it.
pub(super) async fn show(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    query: Result<Query<DoneQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    // An address that somebody has changed says nothing.
    let done = query.ok().and_then(|Query(query)| query.read()).filter(|_| viewer.from_here);
    answer(&state, &viewer, done, None).await
}

/// Shows what came of what was done on it: a browser goes on to the page itself, unless it was refused.
pub(super) async fn after(
    state: &ApiState,
    viewer: &Viewer,
    done: Result<Done, ApiError>,
) -> Result<Response, ApiError> {
    match done {
        Ok(done) if viewer.alone => answer(state, viewer, Some(done), None).await,
        Ok(done) => see_other(&format!("{HOME}?{}", done.query())),
        Err(error) => answer(state, viewer, None, Some(Trouble::from(&error))).await,
    }
}

async fn answer(
    state: &ApiState,
    viewer: &Viewer,
    done: Option<Done>,
    trouble: Option<Trouble>,
) -> Result<Response, ApiError> {
    let overview = match support_access::overview(&state.access, &viewer.actor, viewer.workspace()).await {
        Ok(overview) => overview,
        Err(AccessError::Refused(refusal)) => return Ok(shut(state, viewer, Place::Access, Trouble::from(&*refusal))),
        Err(error) => return Err(error.into()),
    };
    let status = trouble.as_ref().map_or(StatusCode::OK, |trouble| trouble.status);
    let waiting = overview.waiting.len();
    let panel = Panel { done, trouble, ..panel(state, viewer, overview).await? };
    Ok(View { place: Place::Access, part: &panel, waiting, status }.answer(state, viewer))
}

async fn panel<'a>(state: &'a ApiState, viewer: &Viewer, overview: Overview) -> Result<Panel<'a>, ApiError> {
    let now = state.clock.now();
    let lent = Lent::all(&overview, &viewer.member, now);
    let standing = Standing::of(&overview, &lent);
    let inside = Inside::all(state, viewer, &overview, now).await?;
    let choices = Choices::of(&overview, now);
    let past = overview.emergencies.into_iter().map(|it| Past {
        at: Moment::at(it.declared_at),
        outcome: it.review.as_ref().map_or("not reviewed yet", |review| match review.outcome {
            Outcome::Justified => "found justified",
            Outcome::Unjustified => "found unjustified",
        }),
        incident: it.incident,
        reason: it.reason,
    });
    Ok(Panel {
        home: viewer.home(),
        vendor: &state.config.vendor,
        workspace: overview.workspace_name,
        done: None,
        trouble: None,
        standing,
        asking: overview.waiting.into_iter().map(|it| Asking::new(it, &viewer.member, now)).collect(),
        inside,
        lent,
        excluded: overview.excluded.as_ref().map(Trouble::from),
        choices,
        emergencies: past.collect(),
    })
}
