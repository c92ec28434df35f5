//! Sessions, for members: `GET /workspaces/{workspace}/sessions`, `DELETE …/{session}`, `POST …/{session}/report`.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::sessions::{self, Reported, Shown};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::input::{AtPath, PageQuery, Paging};
use crate::api::openapi::Oversees;
use crate::domain::engineer::Engineer;
use crate::domain::id::{MemberId, SessionId, WorkspaceId};
use crate::domain::time::Timestamp;

use super::reply::List;
use super::sessions::{BasisShown, EndingShown, SessionShown};

/// A session as members see it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionSeen {
    id: SessionId,
    engineer: EngineerSeen,
    subject: MemberId,
    #[serde(flatten)]
    basis: BasisShown,
    started_at: Timestamp,
    expires_at: Timestamp,
    last_seen_at: Timestamp,
    #[serde(flatten)]
    ending: EndingShown,
}

/// An engineer as members see them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EngineerSeen {
    name: String,
    email: String,
}

impl From<Engineer> for EngineerSeen {
    fn from(engineer: Engineer) -> Self {
        Self { name: engineer.name, email: engineer.email.to_string() }
    }
}

impl SessionSeen {
    /// `shown` as it stands at `now`.
    pub(super) fn new(shown: Shown, now: Timestamp) -> Self {
        let Shown { session, engineer_name: name, engineer_email: email } = shown;
        Self {
            ending: EndingShown::of(&session, now),
            id: session.id,
            engineer: EngineerSeen { name, email },
            subject: session.subject,
            basis: session.basis.into(),
            started_at: session.started_at,
            expires_at: session.expires_at,
            last_seen_at: session.last_seen_at,
        }
    }
}

/// Lists a workspace's.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/sessions",
    operation_id = "listWorkspaceSessions",
    tag = "sessions",
    params(PageQuery),
    responses((status = 200, body = List<SessionSeen>, description = "newest first, ended ones of the last 24 hours too"), Oversees),
    security(("customer_jwt" = []), ("member_cookie" = []), ("api_key" = ["operator"]))
)]
pub(super) async fn list(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    Paging(page): Paging,
) -> Result<Json<List<SessionSeen>>, ApiError> {
    let page = sessions::list(&state.access, &actor, &workspace, &page).await?;
    let now = state.clock.now();
    Ok(List::of(page, |shown| SessionSeen::new(shown, now)))
}

/// Ends one.
#[utoipa::path(
    delete,
    path = "/workspaces/{workspace}/sessions/{session}",
    operation_id = "endWorkspaceSession",
    tag = "sessions",
    responses((status = 200, body = SessionShown, description = "it has ended"), Oversees),
    security(("customer_jwt" = []), ("member_cookie" = []), ("api_key" = ["operator"]))
)]
pub(super) async fn end(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, SessionId)>,
) -> Result<Json<SessionShown>, ApiError> {
    let session = sessions::end_for_member(&state.access, &actor, &workspace, &id).await?;
    Ok(Json(SessionShown::new(session, state.clock.now())))
}

/// What came of a report.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportedShown {
    session: SessionShown,
    reported_at: Timestamp,
    /// Sessions that ended by it, this one included.
    sessions_ended: u64,
    /// Grants that were revoked: all that were open.
    grants_revoked: u64,
}

/// Reports one that was not expected.
#[utoipa::path(
    post,
    path = "/workspaces/{workspace}/sessions/{session}/report",
    operation_id = "reportSession",
    tag = "sessions",
    responses((status = 200, body = ReportedShown, description = "it has ended, every open grant is revoked, security is alerted"), Oversees),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(super) async fn report(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath((workspace, id)): AtPath<(WorkspaceId, SessionId)>,
) -> Result<Json<ReportedShown>, ApiError> {
    let Reported { session, reported_at, sessions_ended, grants_revoked } =
        sessions::report(&state.access, &actor, &workspace, &id).await?;
    let session = SessionShown::new(session, state.clock.now());
    Ok(Json(ReportedShown { session, reported_at, sessions_ended, grants_revoked }))
}
