//! `/w/{workspace}/settings/support-access`: where the app shows the gate's own panel, and leads to the gate's own pages.
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::header::REFERRER_POLICY;
use http::{HeaderValue, StatusCode};

use crate::demo::web;

use super::App;
use super::dashboard::Frame;
use super::problem::AppProblem;
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "app/support_access.html")]
struct Page {
    frame: Frame,
}

/// A form that takes the visitor to the gate's own pages.
#[derive(Template)]
#[template(path = "app/enter.html")]
struct Enter {
    frame: Frame,
    gate: String,
    token: String,
}

/// `GET …/support-access`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
) -> Result<Response, AppProblem> {
    Ok(web::page(StatusCode::OK, &Page { frame: frame(&app, &visitor, &workspace)? }))
}

/// `POST …/support-access/enter`: with a token that is made now, for it counts once and for a minute.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
) -> Result<Response, AppProblem> {
    let frame = frame(&app, &visitor, &workspace)?;
    let token = app.issuers.customer_token(visitor.member, None, app.clock.now());
    let token = token.map_err(|error| AppProblem::Gate(error.to_string()))?;
    let mut page = web::page(StatusCode::OK, &Enter { frame, gate: app.places.gate.clone(), token });
    // The gate takes such a form from a page that tells its origin.
    page.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    Ok(page)
}

/// The frame, for customers themselves.
fn frame(app: &App, visitor: &Visitor, workspace: &str) -> Result<Frame, AppProblem> {
    let books = app.books();
    let ledger = visitor.own(&books, workspace)?;
    visitor.expect_themselves()?;
    Ok(Frame::new(visitor, ledger, "Support access"))
}
