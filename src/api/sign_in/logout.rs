//! The end of the sign-in and of its sessions; and the page that says who is signed in.
use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::access::{Actor, sign_ins};
use crate::api::error::ApiError;
use crate::api::page::{self, Form};
use crate::api::{ApiState, cookies, same_origin};
use crate::identity::clear_cookie;
use crate::request::{COOKIE_SESSION, COOKIE_STAFF};

use super::{LOGIN, LOGOUT, location};

/// Says who is signed in, with a button to sign out: looking at it changes nothing.
pub(super) async fn ask(State(state): State<Arc<ApiState>>, headers: HeaderMap) -> Result<Response, ApiError> {
    let sign_in = state.browser_sign_in()?;
    let vendor = &state.config.vendor;
    let token = cookies::staff_token(&headers)?;
    let actor = match token {
        Some(token) => sign_ins::of(&state.access, &token.hash()).await.ok(),
        None => None,
    };
    let Some(Actor::Engineer(who)) = actor else {
        return Ok(page::plain(
            vendor,
            "You are signed out",
            "no sessions of yours are open here",
            Some((LOGIN, "Sign in")),
        ));
    };
    let elsewhere = sign_in.provider.sign_out(&state.config.server.public_url).await;
    let form = Form {
        action: LOGOUT.to_owned(),
        fields: Vec::new(),
        button: "Sign out",
        submits: false,
        leads_to: elsewhere.as_deref().and_then(origin).into_iter().collect(),
    };
    let detail = format!("signed in as {} ({}); signing out ends your sessions", who.engineer.name, who.engineer.email);
    Ok(page::with_form(vendor, "You are signed in", &detail, &form))
}

/// Signs out here, and at the identity provider if it can.
pub(super) async fn logout(State(state): State<Arc<ApiState>>, headers: HeaderMap) -> Result<Response, ApiError> {
    let sign_in = state.browser_sign_in()?;
    let public_url = &state.config.server.public_url;
    same_origin::check(&Method::POST, &headers, public_url)?;
    if let Some(token) = cookies::staff_token(&headers)? {
        sign_ins::end(&state.access, &token.hash()).await?;
    }
    let here = format!("{public_url}{LOGOUT}");
    let next = sign_in.provider.sign_out(&here).await.unwrap_or(here);
    let forget = [COOKIE_STAFF, COOKIE_SESSION].map(|name| (SET_COOKIE, clear_cookie(name)));
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location(&next)?)], AppendHeaders(forget)).into_response())
}

/// The origin of an address.
fn origin(address: &str) -> Option<String> {
    let url: Uri = address.parse().ok()?;
    Some(format!("{}://{}", url.scheme_str()?, url.authority()?))
}
