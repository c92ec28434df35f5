//! Support requests: the form by which a member asks for help, how far support has come, and what came before.
use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::access::support_requests::{self, Shown};
use crate::access::{AccessError, PageRequest};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::api::v1::support_requests as calls;
use crate::domain::grant::{Access, Standing};
use crate::domain::id::{AttachmentId, SupportRequestId};
use crate::domain::support_request::{Status, SupportRequest};
use crate::domain::time::Timestamp;
use crate::face::{Moment, in_words};

use super::HOME;
use super::done::{Done, DoneQuery};
use super::trouble::Trouble;
use super::view::{Place, View, see_other, shut};
use super::viewer::Viewer;

/// How many are on one page.
const PAGE: u32 = 20;

/// The page.
#[derive(Template)]
#[template(path = "support_access/cases.html")]
struct Cases {
    home: &'static str,
    done: Option<Done>,
    trouble: Option<Trouble>,
    /// Why none can be submitted, if so.
    closed: Option<Trouble>,
    /// How long the access lasts that comes with one, and the longest that can be chosen.
    lasts: (String, String),
    /// How many files there may be, and the largest of them in megabytes.
    files: (usize, u64),
    listed: Vec<Case>,
    next: Option<String>,
}

/// One support request.
struct Case {
    id: SupportRequestId,
    issue: String,
    tried: Option<String>,
    expected: Option<String>,
    status: Status,
    login: String,
    opened: Moment,
    started: Option<Moment>,
    resolved: Option<(Moment, String)>,
    /// Who took it up.
    engineers: String,
    /// What is lent for it now, and until when; none: nothing any more.
    lent: Option<(&'static str, Option<Moment>)>,
    /// Ids, names and sizes of its files.
    files: Vec<(AttachmentId, String, String)>,
}

impl Case {
    fn new(shown: Shown, now: Timestamp) -> Self {
        let Shown { case, grant, engineers } = shown;
        let status = case.status();
        let reach = match grant.access {
            Access::ReadOnly => "look only",
            Access::Full => "look and change",
        };
        let live = grant.standing(now) == Standing::Live;
        let SupportRequest { id, subject, issue, tried, expected, opened_at, started_at, resolution, .. } = case;
        let files = case.attachments.into_iter().map(|it| (it.id, it.name.as_str().to_owned(), size(it.size)));
        Self {
            id,
            issue: issue.as_str().to_owned(),
            tried: tried.map(|text| text.as_str().to_owned()),
            expected: expected.map(|text| text.as_str().to_owned()),
            status,
            login: subject.to_string(),
            opened: Moment::at(opened_at),
            started: started_at.map(Moment::at),
            resolved: resolution.map(|it| (Moment::at(it.at), it.summary)),
            engineers: engineers.into_iter().map(|it| it.name).collect::<Vec<_>>().join(", "),
            lent: live.then_some((reach, grant.expires_at.map(Moment::at))),
            files: files.collect(),
        }
    }
}

/// A size as people read it.
fn size(bytes: u64) -> String {
    if bytes < 1 << 20 { format!("{} kB", bytes.div_ceil(1024)) } else { format!("{} MB", bytes.div_ceil(1 << 20)) }
}

/// Which page of the history.
#[derive(Debug, Default, Deserialize)]
pub(super) struct After {
    after: Option<String>,
}

/// Shows the form and the history.
pub(super) async fn list(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    after: Result<Query<After>, QueryRejection>,
    done: Result<Query<DoneQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(After { after }) = after.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let done = done.ok().and_then(|Query(done)| done.read()).filter(|_| viewer.from_here);
    answer(&state, &viewer, after, done, None).await
}

/// Submits one.
pub(super) async fn submit(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    request: Request,
) -> Result<Response, ApiError> {
    match calls::submit(&state, &viewer.actor, viewer.workspace(), request).await {
        Ok(_) if viewer.alone => answer(&state, &viewer, None, Some(Done::Submitted), None).await,
        Ok(_) => see_other(&format!("{HOME}support-requests?{}", Done::Submitted.query())),
        Err(error) => answer(&state, &viewer, None, None, Some(Trouble::from(&error))).await,
    }
}

/// Hands out a file, as the API's call does.
pub(super) async fn attachment(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    AtPath((id, attachment)): AtPath<(SupportRequestId, AttachmentId)>,
) -> Result<Response, ApiError> {
    let place = (viewer.member.workspace, id, attachment);
    calls::attachment(Caller(viewer.actor), State(state), AtPath(place)).await
}

async fn answer(
    state: &ApiState,
    viewer: &Viewer,
    after: Option<String>,
    done: Option<Done>,
    trouble: Option<Trouble>,
) -> Result<Response, ApiError> {
    let page = PageRequest { after, limit: Some(PAGE) };
    let found = match support_requests::list(&state.access, &viewer.actor, viewer.workspace(), &page).await {
        Ok(found) => found,
        Err(AccessError::Refused(refusal)) => {
            return Ok(shut(state, viewer, Place::Requests, Trouble::from(&*refusal)));
        }
        Err(error) => return Err(error.into()),
    };
    let closed = match support_requests::may_open(&state.access, &viewer.actor, viewer.workspace()).await {
        Ok(()) => None,
        Err(error) => Some(Trouble::from(error)),
    };
    let now = state.clock.now();
    let limits = &state.config.support_requests;
    let status = trouble.as_ref().map_or(StatusCode::OK, |trouble| trouble.status);
    let part = Cases {
        home: viewer.home(),
        done,
        trouble,
        closed,
        lasts: (in_words(limits.default), in_words(limits.max)),
        files: (limits.attachments, limits.attachment_size >> 20),
        listed: found.items.into_iter().map(|shown| Case::new(shown, now)).collect(),
        next: found.next,
    };
    Ok(View { place: Place::Requests, part: &part, waiting: 0, status }.answer(state, viewer))
}
