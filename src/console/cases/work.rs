//! Working on a case: taking it up, entering for it, being done with it.
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::access::support_requests;
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::{AtPath, without_secrets};
use crate::console::landing;
use crate::console::posted::{Posted, given};
use crate::console::said::{Done, Said};
use crate::console::shell::done;
use crate::console::visitor::Visitor;
use crate::console::workspace::Enter;
use crate::domain::id::SupportRequestId;
use crate::domain::refusal::Code;
use crate::domain::text::Prose;

use super::address;
use super::case::{Filled, shown};

/// Why an engineer enters.
#[derive(Debug, Deserialize)]
pub(super) struct Entering {
    #[serde(default)]
    reason: String,
}

/// What support leaves for the customer.
#[derive(Debug, Deserialize)]
pub(super) struct Resolving {
    #[serde(default)]
    summary: String,
}

pub(super) async fn start(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SupportRequestId>,
) -> Result<Response, ApiError> {
    match support_requests::start(&state.access, &visitor.actor, &id).await.map_err(ApiError::from) {
        Ok(_) => done(Done::TakenUp, &address(&id)),
        Err(error) => told(&state, &visitor, &id, error, Filled::default()).await,
    }
}

pub(super) async fn enter(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SupportRequestId>,
    Posted(Entering { reason }): Posted<Entering>,
) -> Result<Response, ApiError> {
    let case = support_requests::find(&state.access, &visitor.actor, &id).await?.case;
    let enter = Enter { grant: case.grant.to_string(), reason, ..Enter::default() };
    match enter.begin(&state, &visitor, &case.workspace).await {
        Ok(started) => landing::enter(&state.config, &started),
        Err(error) => {
            let filled = Filled { reason: enter.reason, ..Filled::default() };
            told(&state, &visitor, &id, error, filled).await
        }
    }
}

pub(super) async fn resolve(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SupportRequestId>,
    Posted(Resolving { summary }): Posted<Resolving>,
) -> Result<Response, ApiError> {
    let resolved = async {
        let summary: Prose = given("Summary", &summary)?;
        without_secrets("summary", summary.as_str())?;
        Ok(support_requests::resolve(&state.access, &visitor.actor, &id, summary).await?)
    };
    match resolved.await {
        Ok(_) => done(Done::Resolved, &address(&id)),
        Err(error) => told(&state, &visitor, &id, error, Filled { summary, ..Filled::default() }).await,
    }
}

/// The case's page with the refusal; without such a case, the refusal alone.
async fn told(
    state: &Arc<ApiState>,
    visitor: &Visitor,
    id: &SupportRequestId,
    error: ApiError,
    filled: Filled,
) -> Result<Response, ApiError> {
    if error.code() == Code::NotFound {
        return Err(error);
    }
    shown(state, visitor, id, Said::from(&error), filled).await
}
