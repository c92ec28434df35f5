//! From the public origin to a session's own: a form carries a code there, once, in its body. No address ever holds it.
use std::sync::Arc;

use axum::extract::{Form as Sent, Query, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::access::entering::{self, Entered};
use crate::access::{Actor, sign_ins};
use crate::api::error::ApiError;
use crate::api::page::{self, Form};
use crate::api::{ApiState, cookies, same_origin};
use crate::config::SessionHost;
use crate::domain::id::SessionId;
use crate::domain::refusal::Code;
use crate::identity::{EntryCode, set_cookie};
use crate::request::{COOKIE_SESSION, COOKIE_STAFF};

use super::local_path::local_path;
use super::{ENTER, LOGIN, location};

/// What a form brings: the session at the public origin, the code at the session's own.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    session: Option<SessionId>,
    r#return: Option<String>,
    code: Option<String>,
}

/// Leads an engineer who is signed in to the session, all others to the sign-in first. It changes nothing: a form does.
pub(super) async fn ask(
    State(state): State<Arc<ApiState>>,
    Query(asked): Query<Asked>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    hosts(&state)?;
    let session = asked.session.ok_or_else(|| ApiError::bad_request("`session` is missing"))?;
    let back = local_path(asked.r#return.as_deref().unwrap_or("/"))?;
    if caller(&state, &headers).await.is_err() {
        let here = uri.path_and_query().map_or(ENTER, |here| here.as_str());
        let login = format!("{LOGIN}?return={}", utf8_percent_encode(here, NON_ALPHANUMERIC));
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, location(&login)?)]).into_response());
    }
    let form = Form {
        action: ENTER.to_owned(),
        fields: vec![("session", session.to_string()), ("return", back)],
        button: "Enter",
        submits: true,
        leads_to: Vec::new(),
    };
    Ok(page::with_form(&state.config.vendor, "Enter the session", "you are on your way", &form))
}

/// Makes a code at the public origin; takes it at the session's own.
pub(super) async fn enter(
    State(state): State<Arc<ApiState>>,
    uri: Uri,
    headers: HeaderMap,
    Sent(asked): Sent<Asked>,
) -> Result<Response, ApiError> {
    let hosts = hosts(&state)?;
    match hosts.session(&host(&uri, &headers)) {
        Some(session) => arrive(&state, hosts, &session, &headers, asked).await,
        None => leave(&state, hosts, &headers, asked).await,
    }
}

/// From the public origin: the answer is a form that carries the code.
async fn leave(state: &ApiState, hosts: &SessionHost, headers: &HeaderMap, asked: Asked) -> Result<Response, ApiError> {
    let public_url = &state.config.server.public_url;
    same_origin::check(&Method::POST, headers, public_url)?;
    let session = asked.session.ok_or_else(|| ApiError::bad_request("`session` is missing"))?;
    let back = local_path(asked.r#return.as_deref().unwrap_or("/"))?;
    let actor = caller(state, headers).await?;
    let code = entering::code(&state.access, &actor, &session, back).await?;
    let origin = hosts.origin(public_url, &session);
    let form = Form {
        action: format!("{origin}{ENTER}"),
        fields: vec![("code", code.reveal().to_owned())],
        button: "Enter",
        submits: true,
        leads_to: vec![origin],
    };
    Ok(page::with_form(&state.config.vendor, "Enter the session", "you are on your way", &form))
}

/// At the session's own origin: the browser gets the session's cookies.
async fn arrive(
    state: &ApiState,
    hosts: &SessionHost,
    session: &SessionId,
    headers: &HeaderMap,
    asked: Asked,
) -> Result<Response, ApiError> {
    let public_url = &state.config.server.public_url;
    same_origin::sent_from(headers, public_url)?;
    let code = asked.code.and_then(|code| EntryCode::parse(&code).ok());
    let code = code.ok_or_else(|| ApiError::bad_request("`code` is missing or is no code for entering"))?;
    let Entered { session, token, staff, back } = entering::enter(&state.access, &code, session).await?;
    let address = location(&format!("{}{back}", hosts.origin(public_url, &session.id)))?;
    let cookies = [(COOKIE_SESSION, token.reveal()), (COOKIE_STAFF, staff.reveal())];
    let cookies = cookies.map(|(name, value)| (SET_COOKIE, set_cookie(name, value)));
    Ok((StatusCode::SEE_OTHER, [(LOCATION, address)], AppendHeaders(cookies)).into_response())
}

fn hosts(state: &ApiState) -> Result<&SessionHost, ApiError> {
    Ok(state.config.server.session_host.as_ref().ok_or(Code::NotFound)?)
}

/// The engineer of the staff cookie.
async fn caller(state: &ApiState, headers: &HeaderMap) -> Result<Actor, ApiError> {
    let token = cookies::staff_token(headers)?.ok_or(Code::Unauthenticated)?;
    Ok(sign_ins::of(&state.access, &token.hash()).await?)
}

/// The host that the browser asked for, in lower case and without a port.
pub(super) fn host(uri: &Uri, headers: &HeaderMap) -> String {
    let field = || headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = uri.authority().map_or_else(|| field().unwrap_or_default(), |authority| authority.as_str());
    authority.split(':').next().unwrap_or_default().to_ascii_lowercase()
}
