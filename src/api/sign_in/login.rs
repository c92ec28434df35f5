//! To the identity provider. Nothing changes here: the flow travels sealed in the browser's own cookie.
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::{LOCATION, SET_COOKIE};
use serde::Deserialize;

use crate::api::ApiState;
use crate::api::caller::not_genuine;
use crate::api::error::ApiError;
use crate::domain::refusal::{Code, Refusal};
use crate::identity::{Flow, OidcError, set_cookie};
use crate::request::COOKIE_SIGN_IN;
use crate::telemetry::logs::chain;

use super::local_path::local_path;
use super::{LOGOUT, location};

/// Where to go afterwards; by default to the page that says who is signed in.
#[derive(Debug, Deserialize)]
pub(super) struct Way {
    r#return: Option<String>,
    /// Whether the engineer must show anew who they are.
    #[serde(default)]
    fresh: bool,
}

/// Sends the browser to the identity provider.
pub(super) async fn login(
    State(state): State<Arc<ApiState>>,
    Query(way): Query<Way>,
) -> Result<impl IntoResponse, ApiError> {
    let sign_in = state.browser_sign_in()?;
    let back = local_path(way.r#return.as_deref().unwrap_or(LOGOUT))?;
    let flow = Flow::begin(back, way.fresh, state.clock.now());
    let address = sign_in.provider.authorize(&flow).await.map_err(|error| failed(&error))?;
    let sealed = sign_in.seal.seal(&flow).ok_or(Code::Internal)?;
    let headers = [(LOCATION, location(&address)?), (SET_COOKIE, set_cookie(COOKIE_SIGN_IN, &sealed))];
    Ok((StatusCode::SEE_OTHER, headers))
}

/// Why nobody is signed in: whether to try again later, or to begin anew.
pub(super) fn failed(error: &OidcError) -> ApiError {
    tracing::warn!(error = chain(error), "a sign-in failed");
    match error {
        OidcError::Token(error) => not_genuine(error),
        OidcError::Unreachable(_) | OidcError::Discovery(_) => {
            Refusal::because(Code::StaleState, error.to_string()).into()
        }
        OidcError::Callback(_) | OidcError::Refused(_) | OidcError::Answer => {
            Refusal::because(Code::Unauthenticated, error.to_string()).next("sign in again").into()
        }
    }
}
