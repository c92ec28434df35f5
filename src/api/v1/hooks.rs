//! What the vendor's other systems tell us: `POST /hooks/ticket-closed`, signed as Standard Webhooks says.
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Idempotency;
use crate::access::tickets::{self, Closed};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::signed::{Signed, envelope};
use crate::api::{idempotency, input};
use crate::domain::id::WorkspaceId;
use crate::domain::refusal::Code;
use crate::domain::text::Label;
use crate::identity::verify_webhook;

/// A ticket was closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ticket": "SUP-1042"}))]
pub(super) struct TicketClosed {
    /// The ticket that grants name, or the id of a support request.
    ticket: Label,
    /// Only in this workspace; when it is left out, in all.
    workspace: Option<WorkspaceId>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClosedShown {
    grants_revoked: u64,
    support_requests_resolved: u64,
    sessions_ended: u64,
}

impl From<Closed> for ClosedShown {
    fn from(closed: Closed) -> Self {
        let Closed { grants_revoked, support_requests_resolved, sessions_ended } = closed;
        Self { grants_revoked, support_requests_resolved, sessions_ended }
    }
}

/// Ends what was consented to for a ticket: answers when nothing of it can pass any more.
#[utoipa::path(
    post,
    path = "/hooks/ticket-closed",
    operation_id = "ticketClosed",
    tag = "support_requests",
    params(Signed),
    request_body = TicketClosed,
    responses((status = 200, body = ClosedShown, description = "nothing of it can pass any more")),
    security(("webhook_signature" = []))
)]
pub(super) async fn ticket_closed(
    State(state): State<Arc<ApiState>>,
    request: Request,
) -> Result<Json<ClosedShown>, ApiError> {
    let tickets = state.config.tickets.as_ref().ok_or(Code::NotFound)?;
    let (parts, body) = request.into_parts();
    let envelope = envelope(&parts.headers)?;
    let bytes = input::json_bytes(&parts.headers, body).await?;
    verify_webhook(tickets.secret.expose_secret(), envelope, &bytes, state.clock.now())
        .map_err(|error| ApiError::unauthenticated(error.to_string()))?;
    let TicketClosed { ticket, workspace } = input::parse(&bytes)?;
    let once = Idempotency { key: envelope.id.to_owned(), digest: idempotency::fingerprint(&parts, &bytes) };
    let closed = tickets::close(&state.access, &ticket, workspace.as_ref(), once).await?;
    Ok(Json(closed.into()))
}
