//! Sessions, for engineers: `POST /sessions`, `GET /sessions/current`, `POST …/{session}/renew`, `DELETE …/{session}`.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Actor;
use crate::access::sessions::{self, NewSession, Started};
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::idempotency::{Creating, IdempotencyKey};
use crate::api::input::AtPath;
use crate::api::openapi::{Enters, NoSuchSession, NoSuchThing, StaysLonger};
use crate::api::{ApiState, cookies};
use crate::config::Server;
use crate::domain::id::{EmergencyId, GrantId, MemberId, SessionId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::session::{BasisId, Session};
use crate::domain::text::{Justification, Label};
use crate::domain::time::Timestamp;
use crate::identity::{clear_cookie, clear_site_data, set_cookie};
use crate::request::COOKIE_SESSION;

/// What an engineer asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"workspace": "acme", "reason": "the import hangs", "ticket": "T-1"}))]
pub(super) struct StartSession {
    workspace: WorkspaceId,
    grant: Option<GrantId>,
    reason: Justification,
    ticket: Option<Label>,
    /// In place of `grant`: an emergency of the caller's.
    emergency: Option<EmergencyId>,
}

impl TryFrom<StartSession> for NewSession {
    type Error = ApiError;

    fn try_from(body: StartSession) -> Result<Self, ApiError> {
        let StartSession { workspace, grant, emergency, reason, ticket } = body;
        let on = match (grant, emergency) {
            (Some(grant), None) => Some(BasisId::Grant(grant)),
            (None, Some(emergency)) => Some(BasisId::Emergency(emergency)),
            (None, None) => None,
            (Some(_), Some(_)) => {
                return Err(ApiError::bad_request("a session stands on `grant` or on `emergency`, not on both"));
            }
        };
        Ok(Self { workspace, on, reason, ticket })
    }
}

/// A session that has begun, with its token: shown this once, to its engineer.
#[derive(Serialize, ToSchema)]
pub(super) struct StartedShown {
    id: SessionId,
    /// Only for those who did not come with a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    url: String,
    /// Where a browser gets the session's cookies, when they belong to the session's own origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    enter: Option<String>,
    expires_at: Timestamp,
    workspace: WorkspaceId,
    subject: MemberId,
    #[serde(flatten)]
    basis: BasisShown,
    reason: String,
    /// The sessions of this browser that ended because this one began.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ended: Vec<SessionId>,
}

impl StartedShown {
    /// `started` at this gate, for a browser that came with its staff cookie or for another caller.
    pub(super) fn new(started: Started, server: &Server, by_cookie: bool) -> Self {
        let Started { session, token, replaced } = started;
        let Server { public_url, session_host, .. } = server;
        let own = session_host.as_ref().map(|host| host.origin(public_url, &session.id));
        let enter = format!("{public_url}/.chaperone/enter?session={}", session.id);
        Self {
            enter: (by_cookie && own.is_some()).then_some(enter),
            url: format!("{}/", own.as_ref().unwrap_or(public_url)),
            id: session.id,
            token: (!by_cookie).then(|| token.reveal().to_owned()),
            ended: replaced,
            expires_at: session.expires_at,
            workspace: session.workspace,
            subject: session.subject,
            basis: session.basis.into(),
            reason: session.reason,
        }
    }
}

/// What a session stands on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BasisShown {
    /// `consented`, or `emergency`.
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<GrantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emergency: Option<EmergencyId>,
}

impl From<BasisId> for BasisShown {
    fn from(basis: BasisId) -> Self {
        Self { mode: basis.mode(), grant: basis.grant().cloned(), emergency: basis.emergency().cloned() }
    }
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SessionStanding {
    Live,
    Ended,
}

/// A session as its engineer sees it, and whoever ended it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionShown {
    id: SessionId,
    workspace: WorkspaceId,
    subject: MemberId,
    #[serde(flatten)]
    basis: BasisShown,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    standing: SessionStanding,
    started_at: Timestamp,
    expires_at: Timestamp,
    last_seen_at: Timestamp,
    #[serde(flatten)]
    ending: EndingShown,
}

impl SessionShown {
    /// `session` as it stands at `now`.
    pub(super) fn new(session: Session, now: Timestamp) -> Self {
        let ending = EndingShown::of(&session, now);
        Self {
            standing: if ending.ended_at.is_some() { SessionStanding::Ended } else { SessionStanding::Live },
            ending,
            id: session.id,
            workspace: session.workspace,
            subject: session.subject,
            basis: session.basis.into(),
            reason: session.reason,
            ticket: session.ticket,
            started_at: session.started_at,
            expires_at: session.expires_at,
            last_seen_at: session.last_seen_at,
        }
    }
}

/// When and why a session ended; nothing while it is live.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct EndingShown {
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

impl EndingShown {
    /// How `session` has ended by `now`: as it was told to, or by its own end, which the store may not know yet.
    pub(super) fn of(session: &Session, now: Timestamp) -> Self {
        let by = |at, cause: &Code| Self { ended_at: Some(at), cause: Some(cause.to_string()) };
        match &session.ended {
            Some(ended) => by(ended.at, &ended.cause),
            None if session.expires_at <= now => by(session.expires_at, &Code::SessionEnded),
            None => Self::default(),
        }
    }
}

/// Begins one. Its token is in the body, for tools, and in the cookie, for browsers; where each session has an origin of
/// its own, the browser gets the cookie there.
#[utoipa::path(
    post,
    path = "/sessions",
    operation_id = "startSession",
    tag = "sessions",
    params(IdempotencyKey),
    request_body = StartSession,
    responses((status = 201, body = StartedShown, description = "the session, with its token and the cookie"), Enters),
    security(("staff_jwt" = []))
)]
pub(super) async fn start(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    Creating { body, idempotency }: Creating<StartSession>,
) -> Result<impl IntoResponse, ApiError> {
    let started = sessions::start(&state.access, &actor, body.try_into()?, idempotency).await?;
    let server = &state.config.server;
    let cookie = server.session_host.is_none().then(|| set_cookie(COOKIE_SESSION, started.token.reveal()));
    let cookie = AppendHeaders(cookie.map(|cookie| (SET_COOKIE, cookie)));
    let shown = StartedShown::new(started, server, by_cookie(&actor));
    Ok((StatusCode::CREATED, cookie, Json(shown)))
}

const fn by_cookie(actor: &Actor) -> bool {
    match actor {
        Actor::Engineer(who) => who.sign_in.is_some(),
        Actor::Member(_) | Actor::Key(_) => false,
    }
}

/// The session whose cookie the caller holds.
#[utoipa::path(
    get,
    path = "/sessions/current",
    operation_id = "getCurrentSession",
    tag = "sessions",
    responses((status = 200, body = SessionShown, description = "as it stands now"), NoSuchSession),
    security(("staff_jwt" = [], "session_cookie" = []))
)]
pub(super) async fn current(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    headers: HeaderMap,
) -> Result<Json<SessionShown>, ApiError> {
    let token = cookies::session_token(&headers)?;
    let session = sessions::current(&state.access, &actor, &token.hash()).await?;
    Ok(Json(SessionShown::new(session, state.clock.now())))
}

/// Moves its end as far as is allowed.
#[utoipa::path(
    post,
    path = "/sessions/{session}/renew",
    operation_id = "renewSession",
    tag = "sessions",
    responses((status = 200, body = SessionShown, description = "with its new end"), StaysLonger),
    security(("staff_jwt" = []))
)]
pub(super) async fn renew(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SessionId>,
) -> Result<Json<SessionShown>, ApiError> {
    let session = sessions::renew(&state.access, &actor, &id).await?;
    Ok(Json(SessionShown::new(session, state.clock.now())))
}

/// Ends one, and has the browser forget its cookie; a browser that sits in a session drops what the app left there too.
#[utoipa::path(
    delete,
    path = "/sessions/{session}",
    operation_id = "endSession",
    tag = "sessions",
    responses((status = 200, body = SessionShown, description = "it has ended"), NoSuchThing),
    security(("staff_jwt" = []), ("api_key" = ["operator"]))
)]
pub(super) async fn end(
    Caller(actor): Caller,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SessionId>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let session = sessions::end(&state.access, &actor, &id).await?;
    let forget = [(SET_COOKIE, clear_cookie(COOKIE_SESSION))];
    let residue = cookies::session_token(&headers).is_ok().then(|| [clear_site_data()]);
    Ok((forget, residue, Json(SessionShown::new(session, state.clock.now()))))
}
