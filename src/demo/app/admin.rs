//! The admin area: who works here, and the login-as button that support must never get to press.
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{StatusCode, header};

use crate::demo::identities::{DemoMember, MEMBERS, member};
use crate::demo::web;

use super::App;
use super::dashboard::Frame;
use super::problem::AppProblem;
use super::visitor::{Actor, ActorKind, Visitor};

#[derive(Template)]
#[template(path = "app/admin.html")]
struct Page {
    frame: Frame,
    me: &'static str,
    members: Vec<&'static DemoMember>,
}

/// `GET /admin`.
pub(super) async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, AppProblem> {
    visitor.expect_admin()?;
    let books = app.books();
    let ledger = visitor.own(&books, visitor.member.workspace)?;
    let members = MEMBERS.iter().filter(|m| m.workspace == visitor.member.workspace).collect();
    let frame = Frame::new(&visitor, ledger, "Admin");
    Ok(web::page(StatusCode::OK, &Page { frame, me: visitor.member.id, members }))
}

/// `POST /admin/login-as/{user}`: from then on the app shows what that colleague sees, and who is looking.
pub(super) async fn login_as(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(user): Path<String>,
) -> Result<Response, AppProblem> {
    visitor.expect_admin()?;
    visitor.expect_themselves()?;
    let own = visitor.member;
    let colleague = member(own.workspace, &user).ok_or(AppProblem::NotFound)?;
    let actor = Actor {
        id: own.id.to_owned(),
        email: own.email.to_owned(),
        name: own.name.to_owned(),
        kind: ActorKind::Colleague,
    };
    let cookie = app.logins().add(Visitor { member: colleague, actor: Some(actor), gate: app.places.gate.clone() });
    Ok(web::see_other(&format!("/w/{}/", own.workspace), [(header::SET_COOKIE, cookie)]))
}
