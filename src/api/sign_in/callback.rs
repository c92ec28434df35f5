//! Back from the identity provider: the sign-in is completed, and the browser gets a new staff cookie.
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};

use crate::access::sign_ins::{self, SignedIn};
use crate::api::error::ApiError;
use crate::api::{ApiState, claims, cookies};
use crate::domain::refusal::{Code, Refusal};
use crate::identity::{Returned, clear_cookie, set_cookie};
use crate::request::{COOKIE_SIGN_IN, COOKIE_STAFF};

use super::location;
use super::login::failed;

/// Completes a sign-in. Whatever comes of it, the flow that this browser began is over.
pub(super) async fn callback(
    State(state): State<Arc<ApiState>>,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
) -> Response {
    let forget = AppendHeaders([(SET_COOKIE, clear_cookie(COOKIE_SIGN_IN))]);
    match complete(&state, returned, &headers).await {
        Ok((signed_in, address)) => {
            let cookie = set_cookie(COOKIE_STAFF, signed_in.token.reveal());
            (StatusCode::SEE_OTHER, forget, AppendHeaders([(LOCATION, address), (SET_COOKIE, cookie)])).into_response()
        }
        Err(error) => (forget, error).into_response(),
    }
}

async fn complete(
    state: &ApiState,
    returned: Returned,
    headers: &HeaderMap,
) -> Result<(SignedIn, http::HeaderValue), ApiError> {
    let sign_in = state.browser_sign_in()?;
    let sealed = cookies::single(headers, COOKIE_SIGN_IN)?;
    let flow = sealed.and_then(|sealed| sign_in.seal.open(&sealed, state.clock.now())).ok_or_else(|| {
        let reason = "this browser has begun no sign-in, or has taken longer than 10 minutes";
        Refusal::because(Code::Unauthenticated, reason).next("sign in again")
    })?;
    let earlier = cookies::staff_token(headers)?.map(|token| token.hash());
    let address = location(&format!("{}{}", state.config.server.public_url, flow.back))?;
    let identified = sign_in.provider.complete(flow, returned).await.map_err(|error| failed(&error))?;
    let claims = claims::engineer(&identified.jwt, &state.config.staff)?;
    let signed_in = sign_ins::begin(&state.access, claims, earlier.as_ref()).await?;
    sign_in.remembered.keep(signed_in.id.clone(), identified.refresh);
    Ok((signed_in, address))
}
