//! What is done about an emergency: a colleague approves it, its declarer enters by it, another colleague reviews it.
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::access::emergencies::{self, NewReview};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::console::landing;
use crate::console::posted::{Posted, given};
use crate::console::said::{Done, Said};
use crate::console::shell::{Place, done};
use crate::console::visitor::Visitor;
use crate::console::workspace::Enter;
use crate::domain::emergency::Outcome;
use crate::domain::id::EmergencyId;
use crate::domain::refusal::Code;

use super::case::{Filled, shown};

/// Why its declarer enters.
#[derive(Debug, Deserialize)]
pub(super) struct Entering {
    #[serde(default)]
    reason: String,
}

/// What a review found.
#[derive(Debug, Deserialize)]
pub(super) struct Reviewing {
    outcome: Outcome,
    #[serde(default)]
    comment: String,
}

pub(super) async fn approve(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EmergencyId>,
) -> Result<Response, ApiError> {
    match emergencies::approve(&state.access, &visitor.actor, &id).await.map_err(ApiError::from) {
        Ok(_) => done(Done::Approved, &Place::Emergencies.href()),
        Err(error) => told(&state, &visitor, &id, error, Filled::default()).await,
    }
}

pub(super) async fn enter(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EmergencyId>,
    Posted(Entering { reason }): Posted<Entering>,
) -> Result<Response, ApiError> {
    let workspace = emergencies::get(&state.access, &visitor.actor, &id).await?.workspace;
    let enter = Enter { emergency: id.to_string(), reason, ..Enter::default() };
    match enter.begin(&state, &visitor, &workspace).await {
        Ok(started) => landing::enter(&state.config, &started),
        Err(error) => {
            let filled = Filled { reason: Some(enter.reason), ..Filled::default() };
            told(&state, &visitor, &id, error, filled).await
        }
    }
}

pub(super) async fn review(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EmergencyId>,
    Posted(Reviewing { outcome, comment }): Posted<Reviewing>,
) -> Result<Response, ApiError> {
    let reviewed = async {
        let review = NewReview { outcome, comment: given("What you found", &comment)? };
        Ok(emergencies::review(&state.access, &visitor.actor, &id, review).await?)
    };
    match reviewed.await {
        Ok(_) => done(Done::Reviewed, &Place::Emergencies.href()),
        Err(error) => told(&state, &visitor, &id, error, Filled { comment, ..Filled::default() }).await,
    }
}

/// The emergency's page with the refusal; without such an emergency, the refusal alone.
async fn told(
    state: &Arc<ApiState>,
    visitor: &Visitor,
    id: &EmergencyId,
    error: ApiError,
    filled: Filled,
) -> Result<Response, ApiError> {
    if error.code() == Code::NotFound {
        return Err(error);
    }
    shown(state, visitor, id, Said::from(&error), filled).await
}
