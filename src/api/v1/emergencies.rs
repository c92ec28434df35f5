//! Emergencies: `GET POST /emergencies`, `POST …/{emergency}/approve` and `…/review`.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::emergencies::{self, NewEmergency, NewReview};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::idempotency::{Creating, IdempotencyKey};
use crate::api::input::{AtPath, JsonBody, PageQuery, Paging};
use crate::api::openapi::{ApprovesEmergency, DeclaresEmergency, ReviewsEmergency};
use crate::domain::emergency::{Approval, Declaration, Outcome, Review, Standing};
use crate::domain::id::{EmergencyId, EngineerId, MemberId, WorkspaceId};
use crate::domain::text::{Justification, Label};
use crate::domain::time::Timestamp;

use super::reply::List;

/// What an engineer declares.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"workspace": "acme", "subject": "olga", "incident": "INC-7", "reason_code": "outage",
    "reason": "nobody at the customer's can sign in, and their nightly run fails"}))]
pub(super) struct DeclareEmergency {
    workspace: WorkspaceId,
    /// The member whose login is needed.
    subject: MemberId,
    /// The incident's number.
    incident: Label,
    /// One of the codes of the vendor's configuration.
    reason_code: String,
    /// Why it cannot wait for consent.
    reason: Justification,
}

impl From<DeclareEmergency> for NewEmergency {
    fn from(body: DeclareEmergency) -> Self {
        let DeclareEmergency { workspace, subject, incident, reason_code, reason } = body;
        Self { workspace, subject, incident, reason_code, reason }
    }
}

/// What a review found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "justified", "comment": "the run was down, and she touched nothing else"}))]
pub(super) struct ReviewEmergency {
    outcome: Outcome,
    comment: Justification,
}

impl From<ReviewEmergency> for NewReview {
    fn from(body: ReviewEmergency) -> Self {
        let ReviewEmergency { outcome, comment } = body;
        Self { outcome, comment }
    }
}

/// An emergency as engineers see it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EmergencyShown {
    id: EmergencyId,
    workspace: WorkspaceId,
    subject: MemberId,
    incident: String,
    reason_code: String,
    reason: String,
    standing: Standing,
    declared_by: EngineerId,
    declared_at: Timestamp,
    /// Until when it waits for approval.
    lapses_at: Timestamp,
    approvals: Vec<Approval>,
    /// When it ends by itself; none: it has not been approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// When something ended it before its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<ReviewShown>,
}

/// A review.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReviewShown {
    by: EngineerId,
    at: Timestamp,
    outcome: Outcome,
    comment: String,
}

impl From<Review> for ReviewShown {
    fn from(review: Review) -> Self {
        let Review { by, at, outcome, comment } = review;
        Self { by, at, outcome, comment }
    }
}

impl EmergencyShown {
    /// `declaration` as it stands at `now`.
    pub(super) fn new(declaration: Declaration, now: Timestamp) -> Self {
        Self {
            standing: declaration.standing(now),
            id: declaration.id,
            workspace: declaration.workspace,
            subject: declaration.subject,
            incident: declaration.incident,
            reason_code: declaration.reason_code,
            reason: declaration.reason,
            declared_by: declaration.declared_by,
            declared_at: declaration.declared_at,
            lapses_at: declaration.lapses_at,
            approvals: declaration.approvals,
            expires_at: declaration.opening.map(|opening| opening.expires_at),
            ended_at: declaration.ended_at,
            review: declaration.review.map(ReviewShown::from),
        }
    }
}

/// Declares one. Nobody enters by it before other engineers have approved it and the customer has been told.
#[utoipa::path(
    post,
    path = "/emergencies",
    operation_id = "declareEmergency",
    tag = "emergencies",
    params(IdempotencyKey),
    request_body = DeclareEmergency,
    responses((status = 201, body = EmergencyShown, description = "it waits for approval"), DeclaresEmergency),
    security(("staff_jwt" = []))
)]
pub(super) async fn declare(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    Creating { body, idempotency }: Creating<DeclareEmergency>,
) -> Result<impl IntoResponse, ApiError> {
    let declaration = emergencies::declare(&state.access, &actor, body.into(), idempotency).await?;
    Ok((StatusCode::CREATED, Json(EmergencyShown::new(declaration, state.clock.now()))))
}

/// Lists the caller's own, and those of others that wait for approval or review.
#[utoipa::path(
    get,
    path = "/emergencies",
    operation_id = "listEmergencies",
    tag = "emergencies",
    params(PageQuery),
    responses((status = 200, body = List<EmergencyShown>, description = "newest first; a page may be short")),
    security(("staff_jwt" = []))
)]
pub(super) async fn list(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    Paging(page): Paging,
) -> Result<Json<List<EmergencyShown>>, ApiError> {
    let page = emergencies::list(&state.access, &actor, &page).await?;
    let now = state.clock.now();
    Ok(List::of(page, |declaration| EmergencyShown::new(declaration, now)))
}

/// Approves another engineer's: with the last approval that is needed its clock starts, and the customer is told.
#[utoipa::path(
    post,
    path = "/emergencies/{emergency}/approve",
    operation_id = "approveEmergency",
    tag = "emergencies",
    responses((status = 200, body = EmergencyShown, description = "with the approval"), ApprovesEmergency),
    security(("staff_jwt" = []))
)]
pub(super) async fn approve(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EmergencyId>,
) -> Result<Json<EmergencyShown>, ApiError> {
    let declaration = emergencies::approve(&state.access, &actor, &id).await?;
    Ok(Json(EmergencyShown::new(declaration, state.clock.now())))
}

/// Reviews another engineer's, once; it ends one that still lasts.
#[utoipa::path(
    post,
    path = "/emergencies/{emergency}/review",
    operation_id = "reviewEmergency",
    tag = "emergencies",
    request_body = ReviewEmergency,
    responses((status = 200, body = EmergencyShown, description = "with the review"), ReviewsEmergency),
    security(("staff_jwt" = []))
)]
pub(super) async fn review(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EmergencyId>,
    JsonBody(body): JsonBody<ReviewEmergency>,
) -> Result<Json<EmergencyShown>, ApiError> {
    let declaration = emergencies::review(&state.access, &actor, &id, body.into()).await?;
    Ok(Json(EmergencyShown::new(declaration, state.clock.now())))
}
