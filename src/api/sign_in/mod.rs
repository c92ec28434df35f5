//! The pages by which engineers sign in at their identity provider, sign out, and enter a session's own origin.
//!
//! * `login`: to the identity provider. `callback`: back from it, with a new staff cookie.
//! * `ask_again`: asks the identity provider again, as often as `staff.recheck` needs it.
//! * `logout`: the end of the sign-in and its sessions. `back_channel`: the same, by the identity provider.
//! * `enter`: from the public origin to a session's own, by a code in a form.
//! * `leave`: out of a session.
//! * `local_path`: where a browser may be sent afterwards.
mod ask_again;
mod back_channel;
mod callback;
mod enter;
mod leave;
mod local_path;
mod login;
mod logout;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use http::HeaderValue;

use crate::config::Config;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Clock;
use crate::identity::{Provider, Seal, Verifier};

use super::ApiState;
use super::error::ApiError;

use ask_again::Remembered;
pub use ask_again::ask_again;

/// The largest form, in bytes.
const FORM_LIMIT: usize = 16 * 1024;
/// Where engineers sign in.
const LOGIN: &str = "/.chaperone/login";
/// Where they sign out, and see that they are signed in.
const LOGOUT: &str = "/.chaperone/logout";
/// Where the identity provider signs them out by itself.
const BACK_CHANNEL: &str = "/.chaperone/logout/back-channel";
/// Where the identity provider sends them back to.
const CALLBACK: &str = "/.chaperone/callback";
/// Where they enter a session's own origin.
const ENTER: &str = "/.chaperone/enter";

/// Where they leave a session.
const LEAVE: &str = "/.chaperone/leave";

/// The sign-in of engineers by browser.
#[derive(Debug)]
pub struct SignIn {
    provider: Provider,
    seal: Seal,
    remembered: Remembered,
}

impl SignIn {
    /// As the configuration says; none without `staff.client_id`. `staff` verifies the tokens of engineers.
    #[must_use]
    pub fn new(config: &Config, staff: &Verifier, clock: &Arc<Clock>) -> Option<Self> {
        let sign_in = config.staff.sign_in.clone()?;
        let callback = format!("{}{CALLBACK}", config.server.public_url);
        let provider = Provider::new(config.staff.issuer.clone(), sign_in, callback, staff, Arc::clone(clock));
        Some(Self { provider, seal: Seal::new(), remembered: Remembered::default() })
    }
}

/// The pages, with their full paths.
pub(super) fn routes() -> Router<Arc<ApiState>> {
    Router::new()
        .route(LOGIN, get(login::login))
        .route(CALLBACK, get(callback::callback))
        .route(LOGOUT, get(logout::ask).post(logout::logout))
        .route(BACK_CHANNEL, post(back_channel::logout))
        .route(ENTER, get(enter::ask).post(enter::enter))
        .route(LEAVE, get(leave::ask).post(leave::leave))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
}

impl ApiState {
    fn browser_sign_in(&self) -> Result<&SignIn, ApiError> {
        let missing = || {
            Refusal::because(Code::NotFound, "engineers do not sign in by browser here")
                .next("set `staff.client_id`, or present a bearer token")
        };
        Ok(self.sign_in.as_ref().ok_or_else(missing)?)
    }
}

/// An address of ours as a header's value.
fn location(address: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(address).map_err(|_| ApiError::bad_request("the address holds characters that none may have"))
}
