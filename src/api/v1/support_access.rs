//! What a member sees at a glance: `GET /workspaces/{workspace}/support-access`.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::hygiene::Review;
use crate::access::support_access::{self, Overview};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::api::openapi::Oversees;
use crate::domain::id::WorkspaceId;
use crate::domain::time::{Span, Timestamp};

use super::access_requests::RequestShown;
use super::emergencies::EmergencyShown;
use super::grants::GrantShown;
use super::workspace_sessions::SessionSeen;

/// Where support access stands, and what may be chosen.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OverviewShown {
    workspace: WorkspaceId,
    granted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<String>,
    grants: Vec<GrantShown>,
    /// Live grants that somebody should look at: nobody uses them, or they have been in force for long.
    review: Vec<Review>,
    sessions: Vec<SessionSeen>,
    /// The latest that were approved, newest first, with what their reviews found.
    emergencies: Vec<EmergencyShown>,
    /// Requests of engineers that wait for an answer.
    waiting: Vec<RequestShown>,
    choices: Choices,
}

/// How long a new grant may last, what for, and for whom.
#[derive(Debug, Serialize, ToSchema)]
struct Choices {
    presets: Vec<Span>,
    /// The one to select; `null`: until somebody revokes it.
    default: Option<Span>,
    max: Span,
    recommend_min: Span,
    until_revoked: bool,
    /// What a grant may be for; empty: anything.
    purposes: Vec<String>,
    /// The organizations that a grant may name; empty: any.
    organizations: Vec<Organization>,
}

/// An organization that does support.
#[derive(Debug, Serialize, ToSchema)]
struct Organization {
    id: String,
    name: String,
}

impl OverviewShown {
    /// `overview` of `workspace` as it stands at `now`.
    pub(super) fn new(workspace: WorkspaceId, overview: Overview, now: Timestamp) -> Self {
        Self {
            workspace,
            granted: overview.granted,
            excluded: overview.excluded.map(|refusal| refusal.code.to_string()),
            grants: overview.grants.into_iter().map(|grant| GrantShown::new(grant, now)).collect(),
            review: overview.review,
            sessions: overview.sessions.into_iter().map(|shown| SessionSeen::new(shown, now)).collect(),
            emergencies: overview.emergencies.into_iter().map(|it| EmergencyShown::new(it, now)).collect(),
            waiting: overview.waiting.into_iter().map(|shown| RequestShown::new(shown, now)).collect(),
            choices: Choices {
                presets: overview.presets,
                default: overview.default,
                max: overview.max,
                recommend_min: overview.recommend_min,
                until_revoked: overview.until_revoked,
                purposes: overview.purposes,
                organizations: overview.organizations.into_iter().map(|(id, name)| Organization { id, name }).collect(),
            },
        }
    }
}

/// Reads the overview.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/support-access",
    operation_id = "getSupportAccess",
    tag = "grants",
    responses((status = 200, body = OverviewShown, description = "where support access stands"), Oversees),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(super) async fn overview(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
) -> Result<Json<OverviewShown>, ApiError> {
    let overview = support_access::overview(&state.access, &actor, &workspace).await?;
    Ok(Json(OverviewShown::new(workspace, overview, state.clock.now())))
}
