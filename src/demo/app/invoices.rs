//! Invoices: list, view, search, mark as paid, and take along as CSV.
use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::demo::web;

use super::App;
use super::books::{Invoice, Money, Status};
use super::dashboard::Frame;
use super::problem::AppProblem;
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "app/invoices.html")]
struct ListPage {
    frame: Frame,
    invoices: Vec<(Invoice, Status)>,
    outstanding: Money,
}

/// `GET /w/{workspace}/invoices`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
) -> Result<Response, AppProblem> {
    let (books, now) = (app.books(), app.clock.now());
    let ledger = visitor.own(&books, &workspace)?;
    let invoices = ledger.invoices.iter().map(|i| (i.clone(), i.status(now))).collect();
    let frame = Frame::new(&visitor, ledger, "Invoices");
    Ok(web::page(StatusCode::OK, &ListPage { frame, invoices, outstanding: ledger.outstanding() }))
}

#[derive(Template)]
#[template(path = "app/invoice.html")]
struct InvoicePage {
    frame: Frame,
    invoice: Invoice,
    status: Status,
}

/// `GET /w/{workspace}/invoices/{number}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((workspace, number)): Path<(String, u32)>,
) -> Result<Response, AppProblem> {
    let books = app.books();
    let ledger = visitor.own(&books, &workspace)?;
    let invoice = ledger.invoice(number).ok_or(AppProblem::NotFound)?.clone();
    let (frame, status) = (Frame::new(&visitor, ledger, "Invoices"), invoice.status(app.clock.now()));
    Ok(web::page(StatusCode::OK, &InvoicePage { frame, invoice, status }))
}

/// `POST /w/{workspace}/invoices/{number}/paid`.
pub(super) async fn mark_paid(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((workspace, number)): Path<(String, u32)>,
) -> Result<Response, AppProblem> {
    let mut books = app.books();
    if visitor.own_mut(&mut books, &workspace)?.mark_paid(number, app.clock.now()) {
        Ok(web::see_other(&format!("/w/{workspace}/invoices/{number}"), []))
    } else {
        Err(AppProblem::NotFound)
    }
}

/// What to look for.
#[derive(Deserialize)]
pub(super) struct Search {
    q: String,
}

/// `POST /api/search`: a POST that only reads, as the gate's route says.
pub(super) async fn search(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Json(search): Json<Search>,
) -> Result<Json<Value>, AppProblem> {
    let (books, now) = (app.books(), app.clock.now());
    let ledger = visitor.own(&books, visitor.member.workspace)?;
    let needle = search.q.trim().to_lowercase();
    let found = ledger.invoices.iter().filter(|i| i.matches(&needle)).map(|i| {
        json!({
            "number": i.number, "client": i.client, "total": i.total().to_string(), "status": i.status(now).as_str(),
        })
    });
    Ok(Json(json!({"items": found.collect::<Vec<_>>()})))
}

/// `GET /w/{workspace}/invoices.csv`.
pub(super) async fn csv(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
) -> Result<Response, AppProblem> {
    let (books, now) = (app.books(), app.clock.now());
    let mut lines = String::from("number,client,issued,due,status,total_eur\n");
    for i in &visitor.own(&books, &workspace)?.invoices {
        let (status, cents) = (i.status(now).as_str(), i.total().0);
        // Writing to a string cannot fail.
        let _ = writeln!(
            lines,
            "{},\"{}\",{},{},{status},{}.{:02}",
            i.number,
            i.client,
            i.issued.iso(),
            i.due.iso(),
            cents / 100,
            cents % 100
        );
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"invoices.csv\""),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, lines).into_response())
}
