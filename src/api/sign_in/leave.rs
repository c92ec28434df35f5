//! The way out of a session, from the banner: it works whatever has become of the session.
use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::access::{sessions, sign_ins};
use crate::api::error::ApiError;
use crate::api::page::{self, Form};
use crate::api::{ApiState, cookies, same_origin};
use crate::identity::{clear_cookie, clear_site_data};
use crate::request::COOKIE_SESSION;

use super::enter::host;
use super::{LEAVE, location};

/// Where engineers find themselves afterwards.
const CONSOLE: &str = "/.chaperone/console/";

/// Asks whether to leave: looking at it changes nothing.
pub(super) async fn ask(State(state): State<Arc<ApiState>>, headers: HeaderMap) -> Result<Response, ApiError> {
    let vendor = &state.config.vendor;
    if cookies::session_token(&headers).is_err() {
        let console = format!("{}{CONSOLE}", state.config.server.public_url);
        return Ok(page::plain(
            vendor,
            "You are in no session",
            "there is nothing to leave here",
            Some((&console, "Console")),
        ));
    }
    let form = Form {
        action: LEAVE.to_owned(),
        fields: Vec::new(),
        button: "Leave",
        submits: false,
        leads_to: vec![state.config.server.public_url.clone()],
    };
    let detail = "it ends everywhere, and this browser forgets what the app has left in it";
    Ok(page::with_form(vendor, "Leave the support session?", detail, &form))
}

/// Ends the session of this browser, and has the browser forget it.
///
/// Without a sign-in nothing of it passes any more anyhow: then the browser forgets it, and that is all.
pub(super) async fn leave(
    State(state): State<Arc<ApiState>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let public_url = &state.config.server.public_url;
    same_origin::check(&Method::POST, &headers, &own_origin(&state, &uri, &headers))?;
    if let (Ok(session), Some(staff)) = (cookies::session_token(&headers), cookies::staff_token(&headers)?)
        && let Ok(actor) = sign_ins::of(&state.access, &staff.hash()).await
        && let Ok(session) = sessions::current(&state.access, &actor, &session.hash()).await
    {
        sessions::end(&state.access, &actor, &session.id).await?;
    }
    let to = location(&format!("{public_url}{CONSOLE}"))?;
    let forget = [(SET_COOKIE, clear_cookie(COOKIE_SESSION))];
    Ok((StatusCode::SEE_OTHER, [(LOCATION, to)], [clear_site_data()], AppendHeaders(forget)).into_response())
}

/// The origin that the form was shown at: the public one, or a session's own.
fn own_origin(state: &ApiState, uri: &Uri, headers: &HeaderMap) -> String {
    let server = &state.config.server;
    let hosts = server.session_host.as_ref();
    let own = hosts.and_then(|hosts| Some(hosts.origin(&server.public_url, &hosts.session(&host(uri, headers))?)));
    own.unwrap_or_else(|| server.public_url.clone())
}
