//! The trail of a workspace, for its members: `GET /workspaces/{workspace}/trail` and `GET …/trail/export`.
//!
//! * `asked`: which records, in which form. `live`: records as they are written.
mod asked;
mod live;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::value::RawValue;

use crate::access::records::{self, Follower};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::api::openapi::ReadsTrail;
use crate::audit::{Found, WorkspaceExport};
use crate::domain::id::WorkspaceId;

use super::reply::List;
pub(crate) use asked::FormAsked;
use asked::{ExportQuery, RecordsAsked, TrailQuery};

/// Lists the records of a workspace, or with `Accept: text/event-stream` tells of each as it is written.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/trail",
    operation_id = "listTrail",
    tag = "trail",
    params(TrailQuery),
    responses(
        (status = 200, description = "newest first; each is the record as it stands in the trail, with `name`, the words of \
            its kind for people, in front. With `Accept: text/event-stream` they come as they are written, each as an event \
            `record` whose id is its `workspace_seq`: after a break `Last-Event-ID` goes on behind it", content(
            (List<Object> = "application/json"), (String = "text/event-stream"))),
        ReadsTrail
    ),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(super) async fn list(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    RecordsAsked { query, page }: RecordsAsked,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if live::is_wanted(&headers) {
        let after = live::last_event(&headers, &page)?;
        let follower = Follower::begin(&state.access, &state.journal, actor, workspace, query, after).await?;
        return Ok(live::stream(follower, state.stop.clone()).into_response());
    }
    let page = records::list(&state.access, &state.journal, &actor, &workspace, query, &page).await?;
    Ok(List::of(page, |found| item(&found)).into_response())
}

/// Hands out all records of a workspace, with the proof that they are all there.
#[utoipa::path(
    get,
    path = "/workspaces/{workspace}/trail/export",
    operation_id = "exportTrail",
    tag = "trail",
    params(ExportQuery),
    responses(
        (status = 200, description = "the proof, and every record up to its checkpoint, oldest first, byte for byte as it \
            was hashed: `chaperone audit verify --export FILE --jwks FILE` shows that none is missing, added or changed", content(
            (String = "application/jsonl"), (String = "text/csv"))),
        ReadsTrail
    ),
    security(("customer_jwt" = []), ("member_cookie" = []))
)]
pub(crate) async fn export(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    FormAsked(form): FormAsked,
) -> Result<Response, ApiError> {
    let export = records::export(&state.access, &state.journal, &actor, &workspace, form.into()).await?;
    let name = format!("attachment; filename=\"{workspace}-trail.{}\"", form.ending());
    let headers = [(CONTENT_TYPE, form.content_type().to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, parts(export)).into_response())
}

/// The export, read from disk as fast as the client takes it. What cannot be read breaks it off, so that it is not taken
/// for whole.
fn parts(export: WorkspaceExport) -> Body {
    Body::from_stream(stream::try_unfold(export, async |mut export| {
        let read = tokio::task::spawn_blocking(move || export.part().map(|part| (part, export))).await;
        let (part, export) = read.map_err(std::io::Error::other).and_then(|read| read).inspect_err(|error| {
            tracing::error!(%error, "an export of the trail breaks off");
        })?;
        Ok::<_, std::io::Error>(part.map(|part| (Bytes::from(part), export)))
    }))
}

/// A record as the API shows it: its own line, with its name in front.
fn item(found: &Found) -> Box<RawValue> {
    let members = found.line.strip_prefix('{').unwrap_or_default();
    let named = format!(r#"{{"name":"{}",{members}"#, found.kind.title());
    RawValue::from_string(named).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
