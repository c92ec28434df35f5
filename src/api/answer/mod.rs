//! The page that a mail's link leads to: a member sees who asks for what, and answers. Whoever holds the link answers as that
//! member, so looking changes nothing: an answer is a form of this very page, with the link's token in its body.
//!
//! * here: the two calls. `question`: the page.
mod question;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Query, State};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use http::header::REFERRER_POLICY;
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use crate::access::access_requests::{self, Opened};
use crate::config::Vendor;
use crate::domain::access_request::Narrowed;
use crate::domain::grant::Access;
use crate::domain::text::Justification;
use crate::domain::time::{Span, Timestamp};
use crate::face::{in_words, readable};
use crate::identity::ANSWER_PATH;

use super::error::ApiError;
use super::{ApiState, cookies, page, same_origin};

pub(crate) use question::durations;
use question::question;

/// The largest form, in bytes.
const FORM_LIMIT: usize = 16 * 1024;

/// The page, with its full path.
pub(super) fn routes() -> Router<Arc<ApiState>> {
    Router::new()
        .route(ANSWER_PATH, get(ask).post(answer))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(map_response(without_referrer))
}

/// The address of the page holds its token: no other site gets to see it.
async fn without_referrer(mut response: Response) -> Response {
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// What a link brings.
#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}

/// What the page's forms bring.
#[derive(Deserialize)]
struct Answered {
    token: String,
    answer: Answer,
    access: Option<Access>,
    duration: Option<Span>,
    #[serde(default)]
    comment: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Approve,
    Decline,
}

/// Shows the request, or what became of it.
async fn ask(
    State(state): State<Arc<ApiState>>,
    Query(Link { token }): Query<Link>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let opened = access_requests::open(&state.access, &token, cookies::inside_session(&headers)).await?;
    Ok(question(&state.config.vendor, &opened, &token))
}

/// Takes the answer.
async fn answer(
    State(state): State<Arc<ApiState>>,
    headers: HeaderMap,
    form: Result<Form<Answered>, FormRejection>,
) -> Result<Response, ApiError> {
    same_origin::not_from_elsewhere(&headers, &state.config.server.public_url)?;
    let Form(form) = form.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let opened = access_requests::open(&state.access, &form.token, cookies::inside_session(&headers)).await?;
    match form.answer {
        Answer::Approve => approve(&state, &opened, Narrowed { access: form.access, duration: form.duration }).await,
        Answer::Decline => decline(&state, &opened, form.comment.trim()).await,
    }
}

async fn approve(state: &ApiState, opened: &Opened, to: Narrowed) -> Result<Response, ApiError> {
    let Opened { actor, workspace, shown, .. } = opened;
    access_requests::approve(&state.access, actor, &workspace.id, &shown.request.id, to).await?;
    Ok(approved(&state.config.vendor, opened, to, state.clock.now()))
}

async fn decline(state: &ApiState, opened: &Opened, comment: &str) -> Result<Response, ApiError> {
    let Opened { actor, workspace, shown, .. } = opened;
    let comment = Some(comment).filter(|comment| !comment.is_empty()).map(str::parse::<Justification>).transpose();
    let comment = comment.map_err(|problem| ApiError::bad_request(format!("comment: {problem}")))?;
    access_requests::decline(&state.access, actor, &workspace.id, &shown.request.id, comment).await?;
    let detail = format!("{} gets no access to {}", shown.engineer_name, workspace.name);
    Ok(page::plain(&state.config.vendor, "You declined", &detail, None))
}

fn approved(vendor: &Vendor, opened: &Opened, to: Narrowed, now: Timestamp) -> Response {
    let Opened { workspace, shown, extends, .. } = opened;
    let lasts = to.duration.unwrap_or(shown.request.duration);
    let from = extends.as_ref().and_then(|grant| grant.expires_at).unwrap_or(now);
    let may = match to.access.unwrap_or(shown.request.access) {
        Access::ReadOnly => "look around",
        Access::Full => "look around and change things",
    };
    let (who, place, until) = (&shown.engineer_name, &workspace.name, readable(from.plus(lasts)));
    let detail = format!(
        "{who} may enter {place} with your login and {may} for {}{}, until {until}; you can end this at any time where you \
        manage support access",
        in_words(lasts),
        if extends.is_some() { " more" } else { "" }
    );
    let link = vendor.support_url.as_deref().map(|url| (url, "Ask for help"));
    page::plain(vendor, "You approved", &detail, link)
}
