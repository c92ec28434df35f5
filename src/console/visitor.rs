//! Who looks at a page: an engineer who has signed in with this browser. Everybody else is led to the sign-in, and comes back.
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::access::{Actor, sign_ins};
use crate::api::error::ApiError;
use crate::api::{ApiState, cookies, same_origin};
use crate::domain::engineer::Engineer;
use crate::domain::refusal::{Code, Refusal};

/// An engineer before this browser. As an extractor it comes first: a change that no page of ours asked for goes no further.
#[derive(Debug)]
pub(super) struct Visitor {
    /// As the control plane knows them.
    pub(super) actor: Actor,
    /// Who.
    pub(super) engineer: Engineer,
}

/// Why somebody does not get to see a page.
#[derive(Debug)]
pub(super) enum NoVisitor {
    /// They sign in first, at this address.
    SignIn(HeaderValue),
    /// They may not.
    Refused(ApiError),
}

impl From<ApiError> for NoVisitor {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl IntoResponse for NoVisitor {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(address) => (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response(),
            Self::Refused(error) => error.into_response(),
        }
    }
}

impl FromRequestParts<Arc<ApiState>> for Visitor {
    type Rejection = NoVisitor;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<ApiState>) -> Result<Self, NoVisitor> {
        if state.sign_in.is_none() {
            return Err(ApiError::from(no_sign_in()).into());
        }
        same_origin::check(&parts.method, &parts.headers, &state.config.server.public_url)?;
        let found = match cookies::staff_token(&parts.headers)? {
            Some(token) => sign_ins::of(&state.access, &token.hash()).await.map_err(ApiError::from),
            None => Err(Code::Unauthenticated.into()),
        };
        match found {
            Ok(actor) => {
                let Actor::Engineer(who) = &actor else { return Err(ApiError::from(Code::Unauthenticated).into()) };
                let engineer = who.engineer.clone();
                Ok(Self { actor, engineer })
            }
            Err(error) if error.is_unauthenticated() && parts.method.is_safe() => Err(sign_in(parts)),
            Err(error) => Err(error.into()),
        }
    }
}

/// To the sign-in, and back to the page that was asked for.
fn sign_in(parts: &Parts) -> NoVisitor {
    let here = parts.uri.path_and_query().map_or("/", |here| here.as_str());
    let address = format!("/.chaperone/login?return={}", utf8_percent_encode(here, NON_ALPHANUMERIC));
    match HeaderValue::try_from(address) {
        Ok(address) => NoVisitor::SignIn(address),
        Err(_) => NoVisitor::Refused(Code::Unauthenticated.into()),
    }
}

fn no_sign_in() -> Refusal {
    Refusal::because(Code::NotFound, "there is no console here: engineers do not sign in by browser")
        .next("set `staff.client_id` to have them sign in, or call the API with a bearer token")
}
