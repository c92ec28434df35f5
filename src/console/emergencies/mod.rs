//! Emergencies: the engineer's own, and those of others that they may approve or review.
//!
//! * here: the list, and how an emergency is told of. `declare`: declaring one. `case`: one of them. `act`: approving it,
//!   entering by it, reviewing it.
mod act;
mod case;
mod declare;

use std::borrow::Borrow;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;
use serde::Deserialize;

use crate::access::names::{self, Names};
use crate::access::{PageRequest, emergencies};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::domain::emergency::{Declaration, Standing};
use crate::domain::id::{EmergencyId, EngineerId, WorkspaceId};
use crate::domain::time::Timestamp;
use crate::face::{Frame, Moment};

use super::glance::Pill;
use super::said::Said;
use super::shell::{EVENTS, HOME, Place, distance, frame, page};
use super::visitor::Visitor;
use super::words;

/// The pages, with their full paths.
pub(super) fn routes() -> Router<Arc<ApiState>> {
    let at = |what: &str| format!("{HOME}emergencies{what}");
    Router::new()
        .route(&at(""), get(list).post(declare::declare))
        .route(&at("/declare"), get(declare::show))
        .route(&at("/{emergency}"), get(case::show))
        .route(&at("/{emergency}/approve"), post(act::approve))
        .route(&at("/{emergency}/enter"), post(act::enter))
        .route(&at("/{emergency}/review"), post(act::review))
}

/// Where an emergency in this workspace is declared.
pub(super) fn declare_address(workspace: &WorkspaceId) -> String {
    format!("{HOME}emergencies/declare?workspace={workspace}")
}

/// Where an emergency's page is.
fn address(id: &EmergencyId) -> String {
    format!("{HOME}emergencies/{id}")
}

/// Where an emergency stands, in a word or two.
fn standing(declaration: &Declaration, now: impl Borrow<Timestamp>) -> Pill {
    let (tone, text) = match declaration.standing(*now.borrow()) {
        Standing::Declared => ("warn live", "Waits for approval"),
        Standing::Approved => ("bad live", "Approved"),
        Standing::Ended => ("warn", "Review is owed"),
        Standing::Lapsed => ("", "Lapsed"),
        Standing::Reviewed => ("good", "Reviewed"),
    };
    Pill { tone, text }
}

/// What an engineer does about an emergency next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Approves a colleague's.
    Approve,
    /// Enters by their own.
    Enter,
    /// Reviews a colleague's.
    Review,
    /// Nothing: it waits for others, or is over.
    Nothing,
}

impl Act {
    fn of(declaration: &Declaration, me: &EngineerId, now: Timestamp) -> Self {
        let mine = declaration.declared_by == *me;
        let approved = declaration.approvals.iter().any(|approval| approval.by == *me);
        match declaration.standing(now) {
            Standing::Declared if !mine && !approved => Self::Approve,
            Standing::Approved if mine => Self::Enter,
            Standing::Approved | Standing::Ended if !mine => Self::Review,
            Standing::Declared | Standing::Approved | Standing::Ended | Standing::Lapsed | Standing::Reviewed => {
                Self::Nothing
            }
        }
    }
}

#[derive(Debug, Deserialize)]
struct Asked {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "console/emergencies.html")]
struct Page<'a> {
    frame: Frame<'a>,
    said: Said,
    events: &'static str,
    home: &'static str,
    now: Timestamp,
    me: &'a EngineerId,
    names: Names,
    /// Those that wait for something that this engineer may do.
    to_do: Vec<Declaration>,
    others: Vec<Declaration>,
    further: bool,
    next: Option<String>,
}

impl Page<'_> {
    fn when(&self, at: impl Borrow<Timestamp>) -> Moment {
        distance(at, self.now)
    }

    fn act(&self, declaration: &Declaration) -> Act {
        Act::of(declaration, self.me, self.now)
    }
}

async fn list(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let further = asked.after.is_some();
    let wanted = PageRequest { after: asked.after, limit: None };
    let found = emergencies::list(&state.access, &visitor.actor, &wanted).await?;
    let places = found.items.iter().map(|it| &it.workspace);
    let people = found.items.iter().map(|it| &it.declared_by);
    let names = names::of(&state.access, &visitor.actor, places, people).await?;
    let (now, me) = (state.clock.now(), &visitor.engineer.id);
    let (to_do, others) = found.items.into_iter().partition(|it| Act::of(it, me, now) != Act::Nothing);
    let shown = Page {
        frame: frame(&state, &visitor, Place::Emergencies).await?,
        said: Said::of(&headers),
        events: EVENTS,
        home: HOME,
        now,
        me,
        names,
        to_do,
        others,
        further,
        next: found.next.map(|after| format!("{HOME}emergencies?after={after}")),
    };
    Ok(page(&shown, &shown.said))
}
