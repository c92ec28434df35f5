//! The first page of a workspace, the frame of every page, and `GET /api/me`.
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::demo::web;
use crate::domain::member::Role;

use super::App;
use super::books::{Invoice, Ledger, Money, Note, Status};
use super::chart::Chart;
use super::problem::AppProblem;
use super::visitor::{ActorKind, Visitor};

/// What every page of a workspace shows around its content.
pub(super) struct Frame {
    pub(super) workspace: &'static str,
    pub(super) workspace_name: &'static str,
    pub(super) plan: &'static str,
    /// The name of the section, to mark its link.
    pub(super) section: &'static str,
    pub(super) member: &'static str,
    pub(super) role: &'static str,
    pub(super) administers: bool,
    pub(super) owns: bool,
    /// Who else is here in this login, in a sentence; whether that is support.
    pub(super) banner: Option<Banner>,
    /// The gate's origin, where the page shows parts of its pages: to customers themselves.
    pub(super) gate: Option<String>,
}

/// Says that somebody acts in somebody's login.
pub(super) struct Banner {
    pub(super) who: String,
    pub(super) detail: String,
    pub(super) support: bool,
}

impl Frame {
    /// The frame of the page `section` for `visitor` in their workspace.
    pub(super) fn new(visitor: &Visitor, ledger: &Ledger, section: &'static str) -> Self {
        let member = visitor.member;
        Self {
            workspace: member.workspace,
            workspace_name: ledger.name,
            plan: ledger.plan,
            section,
            member: member.name,
            role: member.role.as_str(),
            administers: matches!(member.role, Role::Owner | Role::Admin),
            owns: member.role == Role::Owner,
            gate: visitor.actor.is_none().then(|| visitor.gate.clone()),
            banner: visitor.actor.as_ref().map(|actor| match &actor.kind {
                ActorKind::Support { session, read_only } => Banner {
                    who: format!("{} (support) is here as {}", actor.name, first(member.name)),
                    detail: format!("{}, session {session}", if *read_only { "read-only" } else { "full access" }),
                    support: true,
                },
                ActorKind::Colleague => Banner {
                    who: format!("{} is logged in as {}", actor.name, first(member.name)),
                    detail: "by the login-as button".to_owned(),
                    support: false,
                },
            }),
        }
    }

    /// Whether the visitor has a login of the app's own, which they can end here.
    pub(super) fn signed_in(&self) -> bool {
        self.banner.as_ref().is_none_or(|banner| !banner.support)
    }
}

/// The name by which colleagues call somebody.
fn first(name: &str) -> &str {
    name.split(' ').next().unwrap_or(name)
}

#[derive(Template)]
#[template(path = "app/dashboard.html")]
struct Page {
    frame: Frame,
    outstanding: Money,
    overdue: Money,
    paid: Money,
    open: usize,
    late: usize,
    chart: Chart,
    recent: Vec<(Invoice, Status)>,
    notes: Vec<Note>,
}

/// `GET /w/{workspace}/`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
) -> Result<Response, AppProblem> {
    let (books, now) = (app.books(), app.clock.now());
    let ledger = visitor.own(&books, &workspace)?;
    let which = |wanted| ledger.invoices.iter().filter(move |i| i.status(now) == wanted);
    let sum = |wanted| which(wanted).map(Invoice::total).sum();
    let page = Page {
        frame: Frame::new(&visitor, ledger, "Overview"),
        outstanding: ledger.outstanding(),
        overdue: sum(Status::Overdue),
        paid: sum(Status::Paid),
        open: which(Status::Open).count() + which(Status::Overdue).count(),
        late: which(Status::Overdue).count(),
        chart: Chart::new(&ledger.invoices, now),
        recent: ledger.invoices.iter().take(5).map(|i| (i.clone(), i.status(now))).collect(),
        notes: ledger.notes.iter().take(3).cloned().collect(),
    };
    Ok(web::page(StatusCode::OK, &page))
}

/// `GET /api/me`: who the app takes its caller for.
pub(super) async fn me(visitor: Visitor) -> Json<Value> {
    let member = visitor.member;
    let actor = visitor.actor.map(|a| json!({"id": a.id, "email": a.email}));
    Json(json!({"workspace": member.workspace, "member": member.id, "role": member.role.as_str(), "actor": actor}))
}
