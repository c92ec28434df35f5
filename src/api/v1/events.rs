//! What happens, as it happens: `GET /workspaces/{workspace}/events` for members, `GET /events` for engineers.
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, Method};

use crate::access::following;
use crate::api::ApiState;
use crate::api::caller::{self, Caller};
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::api::openapi::{Follows, Oversees};
use crate::domain::id::WorkspaceId;
use crate::domain::refusal::{Code, Refusal};
use crate::notify::{Following, Live, Next, TooMany};

/// The header by which a reader who was cut off says how far they had come.
const LAST_EVENT_ID: &str = "last-event-id";

/// Follows a workspace.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/events",
    operation_id = "followWorkspace",
    tag = "sessions",
    responses(
        (status = 200, body = String, content_type = "text/event-stream", description = "server-sent events: `id` is the \
            place to go on from (`Last-Event-ID`), `event` what happened, `data` a JSON object; a comment every ten \
            seconds; `access-ended` when the caller may not look on any more"),
        Oversees,
        Follows
    ),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(crate) async fn of_workspace(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let member = following::of_workspace(&state.access, &actor, &workspace).await?;
    open(state, Following::Member(member), headers).await
}

/// Follows what is about the engineer who calls.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "followOwn",
    tag = "sessions",
    responses((status = 200, body = String, content_type = "text/event-stream", description = "server-sent events, as for members"), Follows),
    security(("staff_jwt" = []), ("staff_cookie" = []))
)]
pub(super) async fn of_engineer(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let engineer = following::of_engineer(&actor)?;
    open(state, Following::Engineer(engineer), headers).await
}

async fn open(state: Arc<ApiState>, following: Following, headers: HeaderMap) -> Result<Response, ApiError> {
    let after = last_event(&headers)?;
    let live = Live::open(&state.notices, following.clone(), after, state.stop.clone()).await;
    let live = live.map_err(crate::access::AccessError::from)?.map_err(|TooMany| Code::TooManyRequests)?;
    let reader = Reader { state, following, headers, live, stage: Stage::Opened };
    let pieces = unfold(reader, |mut reader| async move {
        let piece = reader.piece().await?;
        Some((Ok::<_, std::convert::Infallible>(piece), reader))
    });
    let headers = [
        (CONTENT_TYPE.as_str(), "text/event-stream"),
        (CACHE_CONTROL.as_str(), "no-store"),
        ("x-accel-buffering", "no"),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

fn last_event(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let place = value.to_str().ok().and_then(|text| text.parse().ok()).filter(|place| *place >= 0);
    place.map(Some).ok_or_else(|| {
        let refusal = Refusal::because(Code::BadRequest, "`Last-Event-ID` is none of ours");
        refusal.next("leave it out to begin with what comes from now on").into()
    })
}

/// Somebody who looks on.
struct Reader {
    state: Arc<ApiState>,
    following: Following,
    /// What they called with: whoever could not call with it any more does not look on any longer either.
    headers: HeaderMap,
    live: Live,
    stage: Stage,
}

/// How far a stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was said yet.
    Opened,
    /// It goes on.
    Running,
    /// The last word was said.
    Over,
}

/// What readers pass over: it shows them, and whatever is in between, that the stream is open.
const COMMENT: &str = ":\n\n";

impl Reader {
    /// What they read next; none at the end.
    async fn piece(&mut self) -> Option<String> {
        match self.stage {
            Stage::Opened => {
                self.stage = Stage::Running;
                return Some(COMMENT.to_owned());
            }
            Stage::Running => {}
            Stage::Over => return None,
        }
        let piece = match self.live.next().await {
            Next::Event(piece) => piece,
            Next::Heartbeat => COMMENT.to_owned(),
            Next::End => return None,
        };
        match self.still_may().await {
            Ok(()) => Some(piece),
            Err(code) => {
                self.stage = Stage::Over;
                Some(format!("event: access-ended\ndata: {{\"code\":\"{code}\"}}\n\n"))
            }
        }
    }

    /// Whether the same call would be answered now.
    async fn still_may(&self) -> Result<(), Code> {
        let (state, headers) = (&self.state, &self.headers);
        let actor = match &self.following {
            Following::Member(_) => caller::member(state, &Method::GET, headers).await,
            Following::Engineer(_) => caller::actor(state, &Method::GET, headers).await,
        };
        let (access, actor) = (&state.access, actor.map_err(|error| error.code())?);
        let now = match &self.following {
            Following::Member(key) => {
                following::of_workspace(access, &actor, &key.workspace).await.map(Following::Member)
            }
            Following::Engineer(_) => following::of_engineer(&actor).map(Following::Engineer),
        };
        match now {
            Ok(now) if now == self.following => Ok(()),
            Ok(_) => Err(Code::Unauthenticated),
            Err(error) => Err(ApiError::from(error).code()),
        }
    }
}
