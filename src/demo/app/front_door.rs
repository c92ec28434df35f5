//! The customers' own way in: a sign-in that asks for nothing, as this is a demo, and the app's own cookie.
use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use crate::demo::identities::{DemoMember, DemoWorkspace, MEMBERS, WORKSPACES, member};
use crate::demo::web;
use crate::domain::random;

use super::App;
use super::problem::AppProblem;
use super::visitor::Visitor;

/// The app's own cookie. Through the gate it means nothing: the assertion alone says who is there.
pub(super) const COOKIE: &str = "ledgerly";

/// Who is signed in, by the value of their cookie.
#[derive(Debug, Default)]
pub(super) struct Logins(BTreeMap<String, Visitor>);

impl Logins {
    /// Who owns this cookie.
    pub(super) fn visitor(&self, cookie: &str) -> Option<Visitor> {
        self.0.get(cookie).cloned()
    }

    /// Signs somebody in and tells the `Set-Cookie` value.
    pub(super) fn add(&mut self, visitor: Visitor) -> HeaderValue {
        let value = URL_SAFE_NO_PAD.encode(random::bytes::<24>());
        let cookie = format!("{COOKIE}={value}; HttpOnly; SameSite=Lax; Path=/");
        self.0.insert(value, visitor);
        // Letters, digits, `-` and `_` always make a header value.
        HeaderValue::from_str(&cookie).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// `GET /`: to the visitor's workspace, or to the front door.
pub(super) async fn home(visitor: Result<Visitor, AppProblem>) -> Result<Response, AppProblem> {
    match visitor {
        Ok(visitor) => Ok(web::see_other(&format!("/w/{}/", visitor.member.workspace), [])),
        Err(AppProblem::WhoAreYou) => Ok(web::see_other("/front-door", [])),
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(path = "app/front_door.html")]
struct Page {
    workspaces: Vec<(&'static DemoWorkspace, Vec<&'static DemoMember>)>,
    desk: String,
}

/// `GET /front-door`: everybody who could sign in.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    let workspaces = WORKSPACES.iter().map(|w| (w, MEMBERS.iter().filter(|m| m.workspace == w.id).collect()));
    web::page(StatusCode::OK, &Page { workspaces: workspaces.collect(), desk: app.places.desk.clone() })
}

/// Whom to be.
#[derive(Deserialize)]
pub(super) struct SignIn {
    workspace: String,
    member: String,
}

/// `POST /front-door/sign-in`.
pub(super) async fn sign_in(State(app): State<Arc<App>>, Form(form): Form<SignIn>) -> Result<Response, AppProblem> {
    let member = member(&form.workspace, &form.member).ok_or(AppProblem::BadForm("there is no such login"))?;
    let cookie = app.logins().add(Visitor { member, actor: None, gate: app.places.gate.clone() });
    Ok(web::see_other(&format!("/w/{}/", member.workspace), [(header::SET_COOKIE, cookie)]))
}

/// `POST /front-door/sign-out`.
pub(super) async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(cookie) = web::cookie(&headers, COOKIE) {
        app.logins().0.remove(cookie);
    }
    let gone = HeaderValue::from_static("ledgerly=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    web::see_other("/front-door", [(header::SET_COOKIE, gone)])
}
