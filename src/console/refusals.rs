//! Why a request of the engineer's own was refused: by the id that the page of the refusal shows.
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use crate::access::explain::{Own, Sources, explain_own};
use crate::access::names::{self, Names};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::domain::id::RequestId;
use crate::domain::refusal::Code;
use crate::face::{self, Frame, Moment};
use crate::problem::meaning;

use super::posted::given;
use super::shell::{HOME, Place, frame, see};
use super::visitor::Visitor;
use super::words;

/// The pages, with their full paths.
pub(super) fn routes() -> Router<Arc<ApiState>> {
    let at = |what: &str| format!("{HOME}refusals{what}");
    Router::new().route(&at(""), get(find)).route(&at("/{request}"), get(show))
}

/// Somebody looks for a request by its id.
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    id: String,
}

#[derive(Template)]
#[template(path = "console/refusal.html")]
struct Page<'a> {
    frame: Frame<'a>,
    home: &'static str,
    id: RequestId,
    names: Names,
    own: Own,
}

impl Page<'_> {
    fn at(&self) -> Moment {
        Moment::at(self.own.at)
    }

    fn title(&self) -> &'static str {
        self.own.refused.as_ref().map_or("It was permitted", |why| meaning(&why.code).title)
    }
}

/// Whether asking for access is what helps.
fn needs_access(code: &Code) -> bool {
    matches!(
        code,
        Code::GrantMissing
            | Code::GrantEnded
            | Code::GrantRevoked
            | Code::ReadOnly
            | Code::OutOfScope
            | Code::WrongSubject
            | Code::NotNamed
            | Code::EmergencyEnded
    )
}

async fn find(_: Visitor, Query(Asked { id }): Query<Asked>) -> Result<Response, ApiError> {
    let id: RequestId = given("Request", &id)?;
    see(&format!("{HOME}refusals/{id}"))
}

async fn show(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<RequestId>,
) -> Result<Response, ApiError> {
    let bundle = state.access.engine.current();
    let sources =
        Sources { store: &state.access.store, bundle: &bundle, config: &state.config, now: state.clock.now() };
    let own = explain_own(&visitor.actor, sources, &id).await?;
    let names = names::of(&state.access, &visitor.actor, own.workspace.iter(), std::iter::empty()).await?;
    let frame = frame(&state, &visitor, Place::Workspaces).await?;
    Ok(face::page(&Page { frame, home: HOME, id, names, own }))
}
