//! THE API: HTTP under `/.chaperone/`, mapped to the control plane and back. No rule is decided here.
//!
//! A call meets these in order:
//!
//! * `envelope`: gives it an id and a log line, and every answer its fixed headers.
//! * `patience`: how long it may take.
//! * `cors`: lets the app's own pages call, and nobody else's.
//! * `throttle`: turns away who calls too often.
//! * `caller`: who calls, by `Authorization`, or a browser by a cookie of ours (`claims`: what a genuine token
//!   says of them; `cookies`: those cookies, and whether somebody acts in their login; `same_origin`: whether a page of ours
//!   asked). Nothing is read of a body before that.
//! * `input`: path, query and body, strictly, as types; `upload`: a body with files; `signed`: the headers of a message that another system signed. `idempotency`: what makes a creating call safe to repeat.
//! * `sign_in`: the pages by which engineers sign in and out, and enter a session's own origin. `page`: what people see.
//! * `answer`: the page that a mail's link leads to, where a member answers an access request.
//! * `v1`: one file per noun: the call into `access`, and the shape of the answer.
//! * `error`: every refusal, as a problem document.
//! * `openapi`: the document that describes all of this, made from the same code.
//!
//! Architecture Invariant: a cookie authenticates a change only when a page of ours asked for it, so no other page can make
//! a browser forge one.
pub(crate) mod answer;
pub(crate) mod caller;
pub(crate) mod claims;
pub(crate) mod cookies;
mod cors;
mod envelope;
pub(crate) mod error;
pub(crate) mod idempotency;
pub(crate) mod input;
mod openapi;
pub(crate) mod page;
mod patience;
pub(crate) mod same_origin;
mod sign_in;
mod signed;
#[cfg(test)]
mod tests;
mod throttle;
pub(crate) mod upload;
pub(crate) mod v1;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use http::header::CACHE_CONTROL;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Access;
use crate::audit::Journal;
use crate::config::Config;
use crate::domain::refusal::Code;
use crate::domain::time::Clock;
use crate::identity::{Keys, StaffVerifiers, Verifier};
use crate::limits::Limits;
use crate::notify::Notices;

use envelope::Frame;
use error::ApiError;
pub use sign_in::{SignIn, ask_again};

/// Where version 1 is.
const V1: &str = "/.chaperone/api/v1";

/// What the API works with.
#[derive(Debug)]
pub struct ApiState {
    /// The control plane.
    pub access: Arc<Access>,
    /// Who takes too much.
    pub limits: Arc<Limits>,
    /// Verifies the tokens of engineers.
    pub staff: StaffVerifiers,
    /// Verifies the tokens of members.
    pub customers: Verifier,
    /// Our own keys, whose public half apps fetch.
    pub keys: Arc<Keys>,
    /// The sign-in of engineers by browser; none: they present bearer tokens only.
    pub sign_in: Option<SignIn>,
    /// The configuration: issuers, claims, origins, the public URL.
    pub config: Arc<Config>,
    /// Who is told of what, and who looks on.
    pub notices: Arc<Notices>,
    /// Ends the streams of those who look on.
    pub stop: CancellationToken,
    /// The clocks.
    pub clock: Arc<Clock>,
    /// The trail.
    pub journal: Arc<Journal>,
}

/// The API as a service, with the pages of `rooms` beside it. Every path is the full one; a path that is not ours answers
/// `not-found`.
pub fn router(state: Arc<ApiState>, rooms: Router<Arc<ApiState>>) -> Router {
    let (routes, document) = documented().split_for_parts();
    let document = openapi::served(document, &state.config.server.public_url);
    let limit = patience::limit(state.config.store.lease);
    let routes = routes.merge(rooms).layer(from_fn_with_state(limit, patience::bounded));
    let routes =
        routes.route(openapi::PATH, get(async move || document)).merge(sign_in::routes()).merge(answer::routes());
    let origins = Arc::new(state.config.customers.origins.clone());
    let frame = Frame { clock: Arc::clone(&state.clock), vendor: state.config.vendor.clone() };
    framed(routes, origins, frame, Arc::clone(&state.limits)).with_state(state)
}

/// Every call, and the document that describes them.
fn documented() -> OpenApiRouter<Arc<ApiState>> {
    OpenApiRouter::with_openapi(openapi::begun()).routes(routes!(jwks)).nest(V1, v1::routes())
}

/// `routes` with what every call meets: the envelope, CORS, limits, and an answer where there is no such call.
fn framed<S>(routes: Router<S>, origins: Arc<BTreeSet<String>>, frame: Frame, limits: Arc<Limits>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes
        .fallback(async || ApiError::from(Code::NotFound))
        .method_not_allowed_fallback(async |method| ApiError::method_not_allowed(&method))
        .layer(from_fn_with_state(limits, throttle::throttle))
        .layer(from_fn_with_state(origins, cors::cors))
        .layer(from_fn_with_state(Arc::new(frame), envelope::envelope))
}

/// The public keys by which apps verify our assertions. Five minutes in a cache, so that a rotation is soon known.
#[utoipa::path(
    get,
    path = "/.chaperone/jwks.json",
    operation_id = "getKeys",
    tag = "keys",
    responses((status = 200, body = Object, description = "a JSON Web Key Set (RFC 7517)"))
)]
async fn jwks(State(state): State<Arc<ApiState>>) -> impl IntoResponse {
    ([(CACHE_CONTROL, "public, max-age=300")], Json(state.keys.jwks(state.clock.now())))
}
