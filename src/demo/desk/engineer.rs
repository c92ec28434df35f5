//! An engineer's page: entering a workspace, and leaving it.
use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::{Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::demo::identities::{DemoEngineer, DemoWorkspace, WORKSPACES, engineer};
use crate::demo::web;
use crate::identity::{SessionToken, clear_cookie, set_cookie};
use crate::request::COOKIE_SESSION;

use super::exchange::{Exchange, Outcome};
use super::{Desk, DeskProblem, Entered};

#[derive(Template)]
#[template(path = "desk/engineer.html")]
struct Page {
    engineer: &'static DemoEngineer,
    workspaces: &'static [DemoWorkspace],
    entered: Option<Arc<Entered>>,
    /// Why that session has ended, if it has.
    ended: Option<String>,
    choice: Option<Choice>,
    calls: Vec<Exchange>,
    gate: String,
}

fn find(Path(id): &Path<String>) -> Result<&'static DemoEngineer, DeskProblem> {
    engineer(id).ok_or(DeskProblem::NotFound)
}

fn page_of(engineer: &DemoEngineer) -> String {
    format!("/engineer/{}", engineer.id)
}

/// `GET /engineer/{id}`.
pub(super) async fn show(State(desk): State<Arc<Desk>>, who: Path<String>) -> Result<Response, DeskProblem> {
    let engineer = find(&who)?;
    let (entered, choice) =
        desk.remember(|memory| (memory.entered.get(engineer.id).cloned(), memory.choices.get(engineer.id).cloned()));
    let ended = match &entered {
        Some(entered) => ending(&desk, engineer, entered).await?,
        None => None,
    };
    let (calls, gate) = (desk.calls(&page_of(engineer)), desk.places.gate.clone());
    Ok(web::page(StatusCode::OK, &Page { engineer, workspaces: WORKSPACES, entered, ended, choice, calls, gate }))
}

/// The code for which a session has ended, if it has: only the gate knows, so it is asked each time.
async fn ending(desk: &Desk, engineer: &DemoEngineer, entered: &Entered) -> Result<Option<String>, DeskProblem> {
    let bearer = desk.issuers.staff_token(engineer, desk.clock.now())?;
    let answer = desk.api.session(&bearer, &entered.token).await;
    Ok(answer.ok().and_then(|a| a.body.get("cause").or_else(|| a.body.get("code"))?.as_str().map(str::to_owned)))
}

/// Where to enter, and why.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Enter {
    workspace: String,
    reason: String,
    #[serde(default)]
    ticket: String,
    /// On which grant; empty unless several fit.
    #[serde(default)]
    grant: String,
}

impl Enter {
    /// The body of `POST /sessions`.
    fn body(&self) -> Value {
        let mut body = json!({"workspace": self.workspace, "reason": self.reason});
        for (name, value) in [("ticket", self.ticket.trim()), ("grant", self.grant.as_str())] {
            if let Some(body) = body.as_object_mut().filter(|_| !value.is_empty()) {
                body.insert(name.to_owned(), value.into());
            }
        }
        body
    }
}

/// Somebody wanted to enter, several grants fit, and the gate asks on which.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    wanted: Enter,
    grants: Vec<String>,
}

impl Choice {
    /// The choice that an answer asks for, if it does.
    fn of(wanted: &Enter, call: &Exchange) -> Option<Self> {
        let Outcome::Refused { body, .. } = &call.outcome else { return None };
        let grants = Vec::deserialize(body.get("grants")?).ok()?;
        Some(Self { wanted: wanted.clone(), grants })
    }
}

/// `POST /engineer/{id}/enter`: on success this browser gets the session's cookie. Cookies know no ports, so the
/// gate on its own port of 127.0.0.1 gets it too; and browsers trust loopback enough for a `Secure` one.
pub(super) async fn enter(
    State(desk): State<Arc<Desk>>,
    who: Path<String>,
    Form(form): Form<Enter>,
) -> Result<Response, DeskProblem> {
    let engineer = find(&who)?;
    let token = desk.issuers.staff_token(engineer, desk.clock.now())?;
    let call = desk.call(Method::POST, "/sessions", &token, Some(form.body())).await;
    let text = |name: &str| call.done().and_then(|body| body.get(name)?.as_str().map(str::to_owned));
    let begun = text("id").zip(text("token").and_then(|token| SessionToken::parse(&token).ok()));
    let expires_at = text("expires_at").and_then(|at| at.parse().ok());
    desk.remember(|memory| match Choice::of(&form, &call) {
        Some(choice) => memory.choices.insert(engineer.id, choice),
        None => memory.choices.remove(engineer.id),
    });
    let Some((session, token)) = begun else {
        desk.keep(&page_of(engineer), call);
        return Ok(web::see_other(&page_of(engineer), []));
    };
    let cookie = set_cookie(COOKIE_SESSION, token.reveal());
    let entered = Arc::new(Entered { session, workspace: form.workspace, expires_at, token });
    if let Some(earlier) = desk.remember(|memory| memory.entered.insert(engineer.id, entered)) {
        end(&desk, engineer, &earlier).await?;
    }
    desk.keep(&page_of(engineer), call);
    Ok(web::see_other(&page_of(engineer), [(header::SET_COOKIE, cookie)]))
}

/// Ends a session whose cookie no browser holds any more, unless it has ended by itself.
async fn end(desk: &Desk, engineer: &DemoEngineer, session: &Entered) -> Result<(), DeskProblem> {
    if ending(desk, engineer, session).await?.is_none() {
        let token = desk.issuers.staff_token(engineer, desk.clock.now())?;
        let call = desk.call(Method::DELETE, &format!("/sessions/{}", session.session), &token, None).await;
        desk.keep(&page_of(engineer), call);
    }
    Ok(())
}

/// `POST /engineer/{id}/leave`.
pub(super) async fn leave(State(desk): State<Arc<Desk>>, who: Path<String>) -> Result<Response, DeskProblem> {
    let engineer = find(&who)?;
    if let Some(entered) = desk.remember(|memory| memory.entered.remove(engineer.id)) {
        end(&desk, engineer, &entered).await?;
    }
    Ok(web::see_other(&page_of(engineer), [(header::SET_COOKIE, clear_cookie(COOKIE_SESSION))]))
}
