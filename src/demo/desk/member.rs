//! A member's page: where support access stands, granting, revoking, showing somebody out.
use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::demo::consent::{GrantForm, Overview, is_id};
use crate::demo::identities::{DemoMember, member};
use crate::demo::web;

use super::exchange::{Exchange, Outcome};
use super::{Desk, DeskProblem};

#[derive(Template)]
#[template(path = "desk/member.html")]
struct Page {
    member: &'static DemoMember,
    overview: Option<Overview>,
    /// The call that told where support access stands.
    standing: Exchange,
    calls: Vec<Exchange>,
    app: String,
}

/// A member in a path.
type Who = Path<(String, String)>;

fn find(Path((workspace, id)): &Who) -> Result<&'static DemoMember, DeskProblem> {
    member(workspace, id).ok_or(DeskProblem::NotFound)
}

fn page_of(member: &DemoMember) -> String {
    format!("/member/{}/{}", member.workspace, member.id)
}

/// `GET /member/{workspace}/{id}`.
pub(super) async fn show(State(desk): State<Arc<Desk>>, who: Who) -> Result<Response, DeskProblem> {
    let member = find(&who)?;
    let standing = call(&desk, member, Method::GET, "support-access", None).await?;
    let overview = standing.done().and_then(Overview::read);
    let (calls, app) = (desk.calls(&page_of(member)), desk.places.app.clone());
    Ok(web::page(StatusCode::OK, &Page { member, overview, standing, calls, app }))
}

/// `POST …/grant`.
pub(super) async fn grant(
    State(desk): State<Arc<Desk>>,
    who: Who,
    Form(form): Form<GrantForm>,
) -> Result<Response, DeskProblem> {
    act(&desk, find(&who)?, Method::POST, "grants", Some(form.body())).await
}

/// Which grant or session.
#[derive(Deserialize)]
pub(super) struct Which {
    id: String,
}

/// `POST …/revoke`.
pub(super) async fn revoke(
    State(desk): State<Arc<Desk>>,
    who: Who,
    Form(which): Form<Which>,
) -> Result<Response, DeskProblem> {
    let id = Some(which.id).filter(|id| is_id(id)).ok_or(DeskProblem::NotFound)?;
    act(&desk, find(&who)?, Method::DELETE, &format!("grants/{id}"), None).await
}

/// `POST …/end-session`.
pub(super) async fn end_session(
    State(desk): State<Arc<Desk>>,
    who: Who,
    Form(which): Form<Which>,
) -> Result<Response, DeskProblem> {
    let id = Some(which.id).filter(|id| is_id(id)).ok_or(DeskProblem::NotFound)?;
    act(&desk, find(&who)?, Method::DELETE, &format!("sessions/{id}"), None).await
}

/// Calls the API as `member`, keeps the call, and goes back to their page.
async fn act(
    desk: &Desk,
    member: &DemoMember,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<Response, DeskProblem> {
    let call = call(desk, member, method, path, body).await?;
    desk.keep(&page_of(member), call);
    Ok(web::see_other(&page_of(member), []))
}

async fn call(
    desk: &Desk,
    member: &DemoMember,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<Exchange, DeskProblem> {
    let token = desk.issuers.customer_token(member, None, desk.clock.now())?;
    Ok(desk.call(method, &format!("/workspaces/{}/{path}", member.workspace), &token, body).await)
}
