//! Why a request passes or not: `POST /explain`.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::explain::{self, Described, Explained, Question, Sources};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::input::JsonBody;
use crate::api::openapi::NoSuchRecord;
use crate::domain::id::{EngineerId, MemberId, RequestId, WorkspaceId};
use crate::domain::time::Timestamp;

/// Which request: one of the trail by `request_id` alone, or one that is described by everything else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"engineer": "ada", "workspace": "acme", "method": "POST", "path": "/w/acme/invoices"}))]
pub(super) struct Explain {
    /// The id of a refusal, or of any request of the trail.
    request_id: Option<RequestId>,
    engineer: Option<EngineerId>,
    workspace: Option<WorkspaceId>,
    /// As whom; without it whoever granted.
    subject: Option<MemberId>,
    method: Option<String>,
    /// The path, as a browser would send it, or a whole URL.
    path: Option<String>,
    /// When, in the past or the future; without it now.
    at: Option<Timestamp>,
}

impl TryFrom<Explain> for Question {
    type Error = ApiError;

    fn try_from(body: Explain) -> Result<Self, ApiError> {
        let Explain { request_id, engineer, workspace, subject, method, path, at } = body;
        match (request_id, engineer, workspace, method, path) {
            (Some(id), None, None, None, None) if subject.is_none() && at.is_none() => Ok(Self::Recorded(id)),
            (Some(_), ..) => Err(ApiError::bad_request("`request_id` stands alone: the trail knows the rest")),
            (None, Some(engineer), Some(workspace), Some(method), Some(path)) => {
                Ok(Self::Described(Described { engineer, workspace, subject, method, path, at }))
            }
            (None, ..) => Err(ApiError::bad_request(
                "name `request_id`, or describe a request by `engineer`, `workspace`, `method` and `path`",
            )),
        }
    }
}

/// Explains a request, and what would permit it.
#[utoipa::path(
    post,
    path = "/explain",
    operation_id = "explain",
    tag = "operators",
    request_body = Explain,
    responses((status = 200, body = Explained, description = "what is decided, and why"), NoSuchRecord),
    security(("api_key" = ["operator"]))
)]
pub(super) async fn explain(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    JsonBody(body): JsonBody<Explain>,
) -> Result<Json<Explained>, ApiError> {
    let bundle = state.access.engine.current();
    let sources =
        Sources { store: &state.access.store, bundle: &bundle, config: &state.config, now: state.clock.now() };
    Ok(Json(explain::explain_to(&actor, sources, body.try_into()?).await?))
}
