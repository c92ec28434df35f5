//! `/w/{workspace}/settings/support-access`: where an owner grants and revokes, through the gate's API, as themselves.
use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::demo::consent::{GrantForm, Overview, Refused, is_id};
use crate::demo::web;

use super::App;
use super::dashboard::Frame;
use super::problem::AppProblem;
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "app/support_access.html")]
struct Page {
    frame: Frame,
    overview: Option<Overview>,
    /// Why the gate tells nothing, if so.
    trouble: Option<String>,
}

/// `GET …/support-access`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
) -> Result<Response, AppProblem> {
    let answer = ask(&app, &visitor, &workspace, Method::GET, "support-access", None).await;
    let books = app.books();
    let frame = Frame::new(&visitor, visitor.own(&books, &workspace)?, "Support access");
    let (overview, trouble) = match answer {
        Ok(body) => (Overview::read(&body), None),
        Err(AppProblem::Gate(why)) => (None, Some(why)),
        Err(AppProblem::Refused(why)) => (None, Some(format!("{} ({})", why.detail, why.code))),
        Err(other) => return Err(other),
    };
    Ok(web::page(StatusCode::OK, &Page { frame, overview, trouble }))
}

/// `POST …/support-access/grant`.
pub(super) async fn grant(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
    Form(form): Form<GrantForm>,
) -> Result<Response, AppProblem> {
    ask(&app, &visitor, &workspace, Method::POST, "grants", Some(&form.body())).await?;
    Ok(web::see_other(&format!("/w/{workspace}/settings/support-access"), []))
}

/// Which grant.
#[derive(Deserialize)]
pub(super) struct Which {
    grant: String,
}

/// `POST …/support-access/revoke`.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, AppProblem> {
    if !is_id(&which.grant) {
        return Err(AppProblem::BadForm("that is no grant's id"));
    }
    ask(&app, &visitor, &workspace, Method::DELETE, &format!("grants/{}", which.grant), None).await?;
    Ok(web::see_other(&format!("/w/{workspace}/settings/support-access"), []))
}

/// One call to the gate with a token of the visitor's own.
async fn ask(
    app: &App,
    visitor: &Visitor,
    workspace: &str,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, AppProblem> {
    visitor.expect_own(workspace)?;
    visitor.expect_themselves()?;
    let gate = |why: String| AppProblem::Gate(why);
    let token = app.issuers.customer_token(visitor.member, None, app.clock.now()).map_err(|e| gate(e.to_string()))?;
    let path = format!("/workspaces/{workspace}/{path}");
    let answer = app.api.call(method, &path, &token, body).await.map_err(|e| gate(e.to_string()))?;
    if answer.status.is_success() {
        return Ok(answer.body);
    }
    let unreadable = || gate(format!("it answers {} and no reason", answer.status));
    Err(Refused::read(&answer.body).map_or_else(unreadable, AppProblem::Refused))
}
