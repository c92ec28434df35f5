//! The desk: one page where you choose who you are, do what they may do through the gate's real API, and see each call
//! with its answer; and the walk-through.
//!
//! * `exchange`: one call, as the pages show it: what was sent, as `curl`, and what came back.
//! * `home`: who is there to be. `member`: grant and revoke. `engineer`: enter and leave.
//! * `walk`: the same story step by step, for a shell.
//!
//! The desk acts with minted identities for whoever asks, so it listens on loopback, answers only to its own name,
//! and takes forms from its own pages alone.
mod engineer;
mod exchange;
mod home;
mod member;
mod walk;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{Method, StatusCode, header};
use serde_json::Value;

use crate::config::Profile;
use crate::domain::time::{Clock, Timestamp};
use crate::identity::SessionToken;

use super::api::Api;
use super::consent::minute;
use super::identities::{IdentityError, Issuers};
use super::places::Places;
use super::web::{self, Origin};
use exchange::{Exchange, quoted};

/// How many calls of one person are shown.
const REMEMBERED: usize = 6;

/// Everything that the desk's handlers share.
pub(super) struct Desk {
    api: Api,
    places: Places,
    issuers: Arc<Issuers>,
    clock: Arc<Clock>,
    profile: Profile,
    /// The shell command that verifies the trail, for the walk-through's last step.
    verify: String,
    memory: Mutex<Memory>,
}

/// What the desk remembers until the demo ends.
#[derive(Default)]
struct Memory {
    /// The last calls of each person, newest first.
    calls: BTreeMap<String, VecDeque<Exchange>>,
    /// The session that each engineer entered last.
    entered: BTreeMap<&'static str, Arc<Entered>>,
    /// The choice that the gate has given to each engineer who wanted to enter.
    choices: BTreeMap<&'static str, engineer::Choice>,
}

/// A session that was entered from the desk.
#[derive(Debug)]
struct Entered {
    session: String,
    workspace: String,
    expires_at: Option<Timestamp>,
    /// The value of the cookie, to ask the gate where the session stands.
    token: SessionToken,
}

impl Entered {
    /// Its latest end, in words, if the gate told it.
    fn until(&self) -> Option<String> {
        self.expires_at.map(minute)
    }
}

impl Desk {
    /// A desk for the gate of `places`, which goes by the rules of `profile`, and whose trail is verified by `verify`.
    pub(super) fn new(
        places: Places,
        issuers: Arc<Issuers>,
        clock: Arc<Clock>,
        profile: Profile,
        verify: String,
    ) -> Arc<Self> {
        let api = Api::new(places.gate.clone());
        Arc::new(Self { api, places, issuers, clock, profile, verify, memory: Mutex::default() })
    }

    /// Calls the API with `token` and tells of it.
    async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Exchange {
        let answer = self.api.call(method.clone(), path, token, body.as_ref()).await;
        Exchange::new(method, &self.api.url(path), token, body.as_ref(), answer)
    }

    fn remember<T>(&self, change: impl FnOnce(&mut Memory) -> T) -> T {
        change(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps a call for the page of `person`.
    fn keep(&self, person: &str, call: Exchange) {
        self.remember(|memory| {
            let calls = memory.calls.entry(person.to_owned()).or_default();
            calls.push_front(call);
            calls.truncate(REMEMBERED);
        });
    }

    /// The last calls of `person`, newest first.
    fn calls(&self, person: &str) -> Vec<Exchange> {
        self.remember(|memory| memory.calls.get(person).into_iter().flatten().cloned().collect())
    }
}

/// A path as one word of a shell.
pub(super) fn word(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// What goes wrong at the desk itself.
#[derive(Debug)]
enum DeskProblem {
    /// Nobody of that name, or no such page.
    NotFound,
    /// Another site sent this form.
    ForeignForm,
    /// The desk was called by another name than its own.
    OtherName(String),
    /// No token can be minted.
    Identity(IdentityError),
}

impl From<IdentityError> for DeskProblem {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error)
    }
}

#[derive(Template)]
#[template(path = "desk/problem.html")]
struct ProblemPage {
    title: &'static str,
    detail: String,
}

impl IntoResponse for DeskProblem {
    fn into_response(self) -> Response {
        let (status, title, detail) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "Not found", "There is no such page at the desk.".to_owned()),
            Self::ForeignForm => {
                (StatusCode::FORBIDDEN, "Not from here", "The desk takes its own forms only.".to_owned())
            }
            Self::OtherName(desk) => {
                (StatusCode::MISDIRECTED_REQUEST, "Another address", format!("The desk is at {desk}/"))
            }
            Self::Identity(error) => (StatusCode::INTERNAL_SERVER_ERROR, "No token", error.to_string()),
        };
        web::page(status, &ProblemPage { title, detail })
    }
}

/// The desk's routes.
pub(super) fn router(desk: Arc<Desk>) -> Router {
    let own_pages = middleware::from_fn_with_state(Arc::clone(&desk), only_own_pages);
    Router::new()
        .route("/", get(home::show))
        .route("/walk", get(walk::show))
        .route("/assets/desk.js", get(|| async { web::script(include_str!("../templates/desk/desk.js")) }))
        .route("/engineer/{id}", get(engineer::show))
        .route("/engineer/{id}/enter", post(engineer::enter))
        .route("/engineer/{id}/leave", post(engineer::leave))
        .route("/member/{workspace}/{id}", get(member::show))
        .route("/member/{workspace}/{id}/grant", post(member::grant))
        .route("/member/{workspace}/{id}/revoke", post(member::revoke))
        .route("/member/{workspace}/{id}/end-session", post(member::end_session))
        .fallback(|| async { DeskProblem::NotFound })
        .layer(own_pages)
        .with_state(desk)
}

/// Whoever reads a page here can act as anybody: so no other name for this address (DNS rebinding), and no form that
/// does not say that it comes from here.
async fn only_own_pages(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let own = desk.places.desk.trim_start_matches("http://");
    if request.headers().get(header::HOST).is_none_or(|host| host != own) {
        return DeskProblem::OtherName(desk.places.desk.clone()).into_response();
    }
    let ours = [desk.places.desk.clone()];
    if !request.method().is_safe() && web::origin(request.headers(), &ours) != Origin::Ours {
        return DeskProblem::ForeignForm.into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests;
