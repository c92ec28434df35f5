//! Answering an engineer who asks for access, by the form on the page.
use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::Response;
use serde::Deserialize;

use crate::access::access_requests;
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::domain::access_request::Narrowed;
use crate::domain::grant::Access;
use crate::domain::id::AccessRequestId;
use crate::domain::text::Justification;
use crate::domain::time::Span;

use super::done::Done;
use super::panel;
use super::viewer::Viewer;

/// What the form brings, whichever way it is answered.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    access: Option<Access>,
    duration: Option<Span>,
    #[serde(default)]
    comment: String,
}

type Answered = Result<Form<Answer>, FormRejection>;

/// Approves, as asked or narrower.
pub(super) async fn approve(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<AccessRequestId>,
    form: Answered,
) -> Result<Response, ApiError> {
    let done = async {
        let Answer { access, duration, .. } = read(form)?;
        let to = Narrowed { access, duration };
        access_requests::approve(&state.access, &viewer.actor, viewer.workspace(), &id, to).await?;
        Ok(Done::Approved)
    };
    panel::after(&state, &viewer, done.await).await
}

/// Declines, perhaps with a word to the engineer.
pub(super) async fn decline(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<AccessRequestId>,
    form: Answered,
) -> Result<Response, ApiError> {
    let done = async {
        let comment = read(form)?.comment;
        let comment = Some(comment.trim()).filter(|comment| !comment.is_empty());
        let comment = comment.map(str::parse::<Justification>).transpose();
        let comment = comment.map_err(|problem| ApiError::bad_request(format!("comment: {problem}")))?;
        access_requests::decline(&state.access, &viewer.actor, viewer.workspace(), &id, comment).await?;
        Ok(Done::Declined)
    };
    panel::after(&state, &viewer, done.await).await
}

fn read(form: Answered) -> Result<Answer, ApiError> {
    form.map(|Form(answer)| answer).map_err(|error| ApiError::bad_request(error.body_text()))
}
