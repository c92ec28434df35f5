//! The billing area: what the customer pays the vendor. The demo's policies keep support out of it.
use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::demo::web;

use super::App;
use super::dashboard::Frame;
use super::problem::AppProblem;
use super::visitor::Visitor;

/// The plans on offer: id, name, price, what is in it.
const PLANS: &[(&str, &str, &str, &str)] = &[
    ("free", "Free", "€0", "One user, ten invoices a month"),
    ("team", "Team", "€29", "Ten users, unlimited invoices"),
    ("business", "Business", "€99", "Single sign-on, the audit trail of support access"),
];

#[derive(Template)]
#[template(path = "app/billing.html")]
struct Page {
    frame: Frame,
    plan: &'static str,
    plans: &'static [(&'static str, &'static str, &'static str, &'static str)],
}

/// `GET /billing`.
pub(super) async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, AppProblem> {
    visitor.expect_owner()?;
    let books = app.books();
    let ledger = visitor.own(&books, visitor.member.workspace)?;
    let frame = Frame::new(&visitor, ledger, "Billing");
    Ok(web::page(StatusCode::OK, &Page { frame, plan: ledger.plan, plans: PLANS }))
}

/// The plan to change to.
#[derive(Deserialize)]
pub(super) struct Change {
    plan: String,
}

/// `POST /billing/plan`.
pub(super) async fn change_plan(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Form(change): Form<Change>,
) -> Result<Response, AppProblem> {
    visitor.expect_owner()?;
    let chosen =
        PLANS.iter().find(|(id, ..)| *id == change.plan).ok_or(AppProblem::BadForm("there is no such plan"))?;
    visitor.own_mut(&mut app.books(), visitor.member.workspace)?.plan = chosen.0;
    Ok(web::see_other("/billing", []))
}
