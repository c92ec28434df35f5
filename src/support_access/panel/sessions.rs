//! How a live session is shown: who is inside, as whom, why, and what they look at.
use serde::Deserialize;

use crate::access::sessions::Shown;
use crate::access::support_access::Overview;
use crate::access::{AccessError, PageRequest, records};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::audit::{Found, Kind, Query};
use crate::domain::grant::Access;
use crate::domain::id::SessionId;
use crate::domain::session::BasisId;
use crate::domain::time::Timestamp;
use crate::face::Moment;

use crate::support_access::viewer::Viewer;

/// How many requests of a session are shown.
const LATEST: u32 = 5;

/// An engineer who is inside.
#[derive(Debug)]
pub(in crate::support_access) struct Inside {
    pub(super) id: SessionId,
    pub(super) name: String,
    pub(super) email: String,
    /// As whom.
    pub(super) login: String,
    pub(super) reason: String,
    pub(super) ticket: Option<String>,
    /// How far they may go.
    pub(super) may: May,
    pub(super) since: Moment,
    pub(super) until: Moment,
    pub(super) seen: Moment,
    /// Their latest requests, newest first; none: the viewer may not read the trail.
    pub(super) steps: Option<Vec<Step>>,
}

/// How far somebody may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    Look,
    Change,
    /// Without consent.
    Emergency,
}

/// One request.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) at: Moment,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) refused: bool,
}

/// The members of a record that are shown.
#[derive(Deserialize)]
struct Line {
    at: Timestamp,
    request: Option<Request>,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    path: String,
}

impl Inside {
    /// Those of the overview, for the viewer.
    pub(in crate::support_access) async fn all(
        state: &ApiState,
        viewer: &Viewer,
        overview: &Overview,
        now: Timestamp,
    ) -> Result<Vec<Self>, ApiError> {
        let mut all = Vec::new();
        for shown in &overview.sessions {
            let steps = steps(state, viewer, &shown.session.id, now).await?;
            all.push(Self { steps, ..Self::new(shown, overview, now) });
        }
        Ok(all)
    }

    fn new(shown: &Shown, overview: &Overview, now: Timestamp) -> Self {
        let Shown { session, engineer_name, engineer_email } = shown;
        let may = match &session.basis {
            BasisId::Emergency(_) => May::Emergency,
            BasisId::Grant(id) => match overview.grants.iter().find(|grant| grant.id == *id).map(|it| it.access) {
                Some(Access::ReadOnly) => May::Look,
                Some(Access::Full) | None => May::Change,
            },
        };
        Self {
            id: session.id.clone(),
            name: engineer_name.clone(),
            email: engineer_email.clone(),
            login: session.subject.to_string(),
            reason: session.reason.clone(),
            ticket: session.ticket.clone(),
            may,
            since: Moment::from(session.started_at, now),
            until: Moment::at(session.expires_at),
            seen: Moment::from(session.last_seen_at, now),
            steps: None,
        }
    }
}

/// The latest requests of a session, as the trail has them; none where the viewer may not read it.
async fn steps(
    state: &ApiState,
    viewer: &Viewer,
    session: &SessionId,
    now: Timestamp,
) -> Result<Option<Vec<Step>>, ApiError> {
    let kinds = vec![Kind::AccessPermitted, Kind::AccessRefused];
    let query = Query { kinds, session: Some(session.clone()), ..Query::default() };
    let page = PageRequest { after: None, limit: Some(LATEST) };
    let (access, journal) = (&state.access, &state.journal);
    match records::list(access, journal, &viewer.actor, viewer.workspace(), query, &page).await {
        Ok(page) => Ok(Some(page.items.iter().filter_map(|found| step(found, now)).collect())),
        Err(AccessError::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn step(found: &Found, now: Timestamp) -> Option<Step> {
    let Line { at, request } = serde_json::from_str(&found.line).ok()?;
    let Request { method, path } = request?;
    Some(Step { at: Moment::from(at, now), method, path, refused: found.kind == Kind::AccessRefused })
}
