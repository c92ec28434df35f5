//! `GET /`: who is there to be.
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::demo::identities::{DemoEngineer, DemoMember, DemoWorkspace, ENGINEERS, MEMBERS, WORKSPACES};
use crate::demo::web;

use super::Desk;

#[derive(Template)]
#[template(path = "desk/home.html")]
struct Page {
    engineers: &'static [DemoEngineer],
    workspaces: Vec<(&'static DemoWorkspace, Vec<&'static DemoMember>)>,
    gate: String,
    app: String,
}

/// Shows everybody.
pub(super) async fn show(State(desk): State<Arc<Desk>>) -> Response {
    let workspaces = WORKSPACES.iter().map(|w| (w, MEMBERS.iter().filter(|m| m.workspace == w.id).collect())).collect();
    let (gate, app) = (desk.places.gate.clone(), desk.places.app.clone());
    web::page(StatusCode::OK, &Page { engineers: ENGINEERS, workspaces, gate, app })
}
