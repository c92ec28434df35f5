//! Notes: read, add, delete, and attach files.
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::body::Body;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use futures_util::StreamExt;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::demo::web;

use super::App;
use super::books::{Attachment, Note};
use super::dashboard::Frame;
use super::problem::AppProblem;
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "app/notes.html")]
struct Page {
    frame: Frame,
    notes: Vec<Note>,
}

/// `GET /w/{workspace}/notes`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
) -> Result<Response, AppProblem> {
    let books = app.books();
    let ledger = visitor.own(&books, &workspace)?;
    Ok(web::page(StatusCode::OK, &Page { frame: Frame::new(&visitor, ledger, "Notes"), notes: ledger.notes.clone() }))
}

/// A new note.
#[derive(Deserialize)]
pub(super) struct NewNote {
    text: String,
}

/// `POST /w/{workspace}/notes`.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
    Form(note): Form<NewNote>,
) -> Result<Response, AppProblem> {
    let text = note.text.trim();
    if text.is_empty() || text.chars().count() > 1000 {
        return Err(AppProblem::BadForm("a note has 1 to 1000 characters"));
    }
    let mut books = app.books();
    let ledger = visitor.own_mut(&mut books, &workspace)?;
    ledger.add_note(visitor.signature(), text.to_owned(), app.clock.now());
    Ok(back(&workspace))
}

/// `DELETE /w/{workspace}/notes/{id}`.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((workspace, id)): Path<(String, u32)>,
) -> Result<StatusCode, AppProblem> {
    let mut books = app.books();
    if visitor.own_mut(&mut books, &workspace)?.delete_note(id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AppProblem::NotFound)
    }
}

/// `POST /w/{workspace}/notes/{id}/delete`: the same for forms, which know no DELETE. A second click finds nothing to
/// delete, and that is fine.
pub(super) async fn delete_by_form(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((workspace, id)): Path<(String, u32)>,
) -> Result<Response, AppProblem> {
    let mut books = app.books();
    let _ = visitor.own_mut(&mut books, &workspace)?.delete_note(id);
    Ok(back(&workspace))
}

/// `PUT /w/{workspace}/notes/{id}/attachments/{name}`: counts the bytes of a body of any length, as they come.
pub(super) async fn attach(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((workspace, id, name)): Path<(String, u32, String)>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), AppProblem> {
    visitor.expect_own(&workspace)?;
    if name.chars().count() > 120 || name.chars().any(char::is_control) {
        return Err(AppProblem::BadForm("that file name cannot be taken"));
    }
    let mut bytes = 0_u64;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| AppProblem::BadForm("the upload broke off"))?;
        bytes = bytes.saturating_add(piece.len() as u64);
    }
    let answer = json!({"name": name, "bytes": bytes});
    if app.books().ledger_mut(&workspace).is_some_and(|l| l.attach(id, Attachment { name, bytes })) {
        Ok((StatusCode::CREATED, Json(answer)))
    } else {
        Err(AppProblem::NotFound)
    }
}

fn back(workspace: &str) -> Response {
    web::see_other(&format!("/w/{workspace}/notes"), [])
}
