//! From the app to our own pages, by a token that the app's own page sends in a form; and away again.
use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;

use crate::access::member_sign_ins;
use crate::api::error::ApiError;
use crate::api::{ApiState, caller, claims, cookies, page, same_origin};
use crate::config::Config;
use crate::domain::refusal::{Code, Refusal};
use crate::identity::{clear_cookie, set_cookie};
use crate::problem::meaning;
use crate::request::COOKIE_MEMBER;

use super::HOME;

/// What the app's form brings.
#[derive(Deserialize)]
pub(super) struct Ticket {
    token: String,
}

/// Signs a member in by the app's token, and shows them their workspace.
pub(super) async fn enter(
    State(state): State<Arc<ApiState>>,
    headers: HeaderMap,
    form: Result<Form<Ticket>, FormRejection>,
) -> Result<Response, ApiError> {
    from_the_app(&headers, &state.config)?;
    let Form(Ticket { token }) = form.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let jwt = state.customers.verify(&token, state.clock.now()).await.map_err(|error| caller::not_genuine(&error))?;
    let claims = claims::member(&jwt, &state.config.customers, cookies::inside_session(&headers))?;
    let earlier = cookies::member_token(&headers)?.map(|earlier| earlier.hash());
    let entered = member_sign_ins::begin(&state.access, claims, &claims::jti(&jwt)?, earlier.as_ref()).await?;
    let cookie = set_cookie(COOKIE_MEMBER, entered.token.reveal());
    Ok((StatusCode::SEE_OTHER, [(SET_COOKIE, cookie)], [(LOCATION, HOME)]).into_response())
}

/// Ends the visit.
pub(super) async fn leave(State(state): State<Arc<ApiState>>, headers: HeaderMap) -> Result<Response, ApiError> {
    same_origin::check(&Method::POST, &headers, &state.config.server.public_url)?;
    if let Some(token) = cookies::member_token(&headers)? {
        member_sign_ins::end(&state.access, &token.hash()).await?;
    }
    let detail = "open support access from the app whenever you need it; what you granted stays as it is";
    let mut response = page::plain(&state.config.vendor, "You have left", detail, back(&state.config));
    response.headers_mut().append(SET_COOKIE, clear_cookie(COOKIE_MEMBER));
    Ok(response)
}

/// The page for somebody who is not signed in here.
pub(super) fn missing(config: &Config) -> Response {
    let detail = "this page is opened from the app, where you are signed in; a visit lasts an hour at most";
    let title = "Open support access from the app";
    let mut response = page::plain(&config.vendor, title, detail, back(config));
    *response.status_mut() = meaning(&Code::Unauthenticated).status;
    response
}

fn back(config: &Config) -> Option<(&str, &str)> {
    config.customers.login_url.as_deref().map(|url| (url, "Go to the app"))
}

/// Refuses a form of a page that is neither the app's nor ours: it would sign people in as somebody else. A program that
/// is no browser names no page.
fn from_the_app(headers: &HeaderMap, config: &Config) -> Result<(), ApiError> {
    let mut given = headers.get_all(ORIGIN).iter().map(|origin| origin.to_str().unwrap_or_default());
    let known = |origin: &str| origin == config.server.public_url || config.customers.origins.contains(origin);
    if given.all(known) {
        return Ok(());
    }
    let refusal = Refusal::because(Code::PolicyDenied, "the page that sent this form is none of the app's");
    Err(refusal.next("name the app's origin in `customers.origins`, and let its pages tell their origin").into())
}
