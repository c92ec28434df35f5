//! The sessions of the last day, and what was seen and done in one.
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::access::receipts::{self, Receipt};
use crate::access::sessions::{self, Shown};
use crate::access::{AccessError, PageRequest};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::domain::id::SessionId;
use crate::domain::time::Timestamp;
use crate::face::Moment;

use super::trouble::Trouble;
use super::view::{Place, View, shut};
use super::viewer::Viewer;

/// How many sessions are listed.
const LATEST: u32 = 100;

/// The list.
#[derive(Template)]
#[template(path = "support_access/sessions.html")]
struct Sessions {
    home: &'static str,
    sessions: Vec<Listed>,
}

/// One session of the list.
struct Listed {
    id: SessionId,
    name: String,
    reason: String,
    login: String,
    emergency: bool,
    since: Moment,
    /// When it ended, and the code that says why; none: it goes on.
    ended: Option<(Moment, String)>,
}

impl Listed {
    fn new(shown: Shown, now: Timestamp) -> Self {
        let Shown { session, engineer_name: name, .. } = shown;
        let over = session.basis.over();
        let ended = session.ended.map(|ended| (Moment::at(ended.at), ended.cause.to_string()));
        let run_out = (session.expires_at <= now).then(|| (Moment::at(session.expires_at), over.to_string()));
        Self {
            emergency: session.basis.emergency().is_some(),
            id: session.id,
            name,
            reason: session.reason,
            login: session.subject.to_string(),
            since: Moment::at(session.started_at),
            ended: ended.or(run_out),
        }
    }
}

/// What was seen and done in one session.
#[derive(Template)]
#[template(path = "support_access/receipt.html")]
struct Drawn {
    home: &'static str,
    /// Who.
    name: String,
    receipt: Receipt,
}

impl Drawn {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "a template lends what it passes")]
    const fn moment(at: &Timestamp) -> Moment {
        Moment::at(*at)
    }
}

/// Lists the sessions of the last day.
pub(super) async fn list(viewer: Viewer, State(state): State<Arc<ApiState>>) -> Result<Response, ApiError> {
    let page = PageRequest { after: None, limit: Some(LATEST) };
    let found = sessions::list(&state.access, &viewer.actor, viewer.workspace(), &page).await;
    let found = match found {
        Ok(found) => found,
        Err(AccessError::Refused(refusal)) => {
            return Ok(shut(&state, &viewer, Place::Sessions, Trouble::from(&*refusal)));
        }
        Err(error) => return Err(error.into()),
    };
    let now = state.clock.now();
    let sessions = found.items.into_iter().map(|shown| Listed::new(shown, now)).collect();
    let part = Sessions { home: viewer.home(), sessions };
    Ok(View { place: Place::Sessions, part: &part, waiting: 0, status: StatusCode::OK }.answer(&state, &viewer))
}

/// Shows one session, from the trail alone.
pub(super) async fn show(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SessionId>,
) -> Result<Response, ApiError> {
    let found = receipts::receipt(&state.access, &state.journal, &viewer.actor, viewer.workspace(), &id).await;
    let receipt = match found {
        Ok(receipt) => receipt,
        Err(AccessError::Refused(refusal)) => {
            return Ok(shut(&state, &viewer, Place::Sessions, Trouble::from(&*refusal)));
        }
        Err(error) => return Err(error.into()),
    };
    let engineer = receipt.engineer.as_ref();
    let name = engineer.map(|it| it.name.clone().unwrap_or_else(|| it.id.to_string()));
    let part = Drawn { home: viewer.home(), name: name.unwrap_or_default(), receipt };
    Ok(View { place: Place::Sessions, part: &part, waiting: 0, status: StatusCode::OK }.answer(&state, &viewer))
}
