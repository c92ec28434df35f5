//! What a workspace's page shows.
use std::borrow::Borrow;
use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::HeaderMap;

use crate::access::access_requests::{self, Shown};
use crate::access::support_requests::{self, Shown as Case};
use crate::access::ways_in::{self, Lent, Step, WaysIn};
use crate::access::{PageRequest, sessions};
use crate::api::error::ApiError;
use crate::api::{ApiState, cookies};
use crate::config::Config;
use crate::console::glance::{Pill, pill};
use crate::console::said::Said;
use crate::console::shell::{EVENTS, HOME, Place, distance, frame, page, refused};
use crate::console::visitor::Visitor;
use crate::console::{cases, emergencies, landing, words};
use crate::domain::access_request::{How, State};
use crate::domain::emergency::Standing;
use crate::domain::grant::Access;
use crate::domain::id::{SessionId, WorkspaceId};
use crate::domain::session::Session;
use crate::domain::support_request::Status;
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::EmergencyAccess;
use crate::face::{Frame, Moment};

use super::address;
use super::ask::Ask;
use super::enter::Enter;

/// Durations that are offered beside the vendor's presets, in hours.
const SHORTER: [i64; 3] = [1, 4, 8];
/// How many of the engineer's latest requests here are shown once they are answered.
const ANSWERED: usize = 3;

/// What the page's forms hold.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) enter: Enter,
    pub(super) ask: Ask,
    /// Whether the form to ask is open at once: it was just filled in, or is what the engineer came for.
    pub(super) asks: bool,
}

#[derive(Template)]
#[template(path = "console/workspace.html")]
struct Page<'a> {
    frame: Frame<'a>,
    said: Said,
    events: &'static str,
    home: &'static str,
    href: String,
    ways: &'a WaysIn,
    pill: Pill,
    filled: Filled,
    /// The session that this browser holds, wherever it is.
    held: Option<Session>,
    own_origins: bool,
    config: &'a Config,
    durations: Vec<Span>,
    answered: Vec<Shown>,
    cases: Vec<Case>,
    declare: String,
}

impl Page<'_> {
    fn when(&self, at: impl Borrow<Timestamp>) -> Moment {
        distance(at, self.ways.at)
    }

    /// Where a session goes on in this browser; none: it belongs to another.
    fn goes_on(&self, session: &Session) -> Option<String> {
        let here = self.own_origins || self.holds(&session.id);
        here.then(|| landing::address(self.config, &session.id, &session.workspace))
    }

    fn holds(&self, session: &SessionId) -> bool {
        self.held.as_ref().is_some_and(|held| held.id == *session)
    }

    /// The session that ends when another one begins in this browser.
    fn would_end(&self) -> Option<&Session> {
        self.held.as_ref().filter(|_| !self.own_origins)
    }

    /// Whether the form proposes this grant: the one that was chosen before, or the first.
    fn proposes(&self, lent: &Lent) -> bool {
        let chosen = self.filled.enter.grant.as_str();
        let first = || self.ways.grants.first().is_some_and(|first| first.grant.id == lent.grant.id);
        if chosen.is_empty() { first() } else { chosen == lent.grant.id.as_str() }
    }

    /// Whether asking is what comes next, or what the engineer came for.
    fn asks(&self) -> bool {
        self.ways.next() == Step::Ask || self.filled.asks
    }

    fn approved(&self) -> impl Iterator<Item = &crate::domain::emergency::Declaration> {
        self.ways.emergencies.iter().filter(|it| it.standing(self.ways.at) == Standing::Approved)
    }

    fn declared(&self) -> impl Iterator<Item = &crate::domain::emergency::Declaration> {
        self.ways.emergencies.iter().filter(|it| it.standing(self.ways.at) == Standing::Declared)
    }
}

/// Shows the page.
pub(super) async fn show(
    state: &Arc<ApiState>,
    visitor: &Visitor,
    workspace: &WorkspaceId,
    said: Said,
    filled: Filled,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let ways = ways_in::of(&state.access, &visitor.actor, workspace).await?;
    let latest = PageRequest::default();
    let cases = support_requests::list(&state.access, &visitor.actor, workspace, &latest).await?.items;
    let shown = Page {
        frame: frame(state, visitor, Place::Workspaces).await?,
        said,
        events: EVENTS,
        home: HOME,
        href: address(workspace),
        pill: pill(&ways),
        ways: &ways,
        filled,
        held: held(state, visitor, headers).await,
        own_origins: state.config.server.session_host.is_some(),
        config: &state.config,
        durations: durations(&state.config),
        answered: answered(state, visitor, workspace).await?,
        cases: cases.into_iter().filter(|shown| shown.case.status() != Status::Resolved).collect(),
        declare: emergencies::declare_address(workspace),
    };
    Ok(match &shown.said {
        Said::Refused(told) => refused(&shown, told),
        Said::Nothing | Said::Done(_) => page(&shown, &shown.said),
    })
}

/// The live session whose cookie this browser holds.
pub(in crate::console) async fn held(state: &ApiState, visitor: &Visitor, headers: &HeaderMap) -> Option<Session> {
    let token = cookies::session_token(headers).ok()?;
    let session = sessions::current(&state.access, &visitor.actor, &token.hash()).await.ok()?;
    let now = state.clock.now();
    Some(session).filter(|session| session.ended.is_none() && now < session.expires_at)
}

/// The engineer's latest requests to the workspace that are answered or over.
async fn answered(state: &ApiState, visitor: &Visitor, workspace: &WorkspaceId) -> Result<Vec<Shown>, ApiError> {
    let now = state.clock.now();
    let latest = access_requests::list(&state.access, &visitor.actor, &PageRequest::default()).await?.items;
    let here = latest.into_iter().filter(|shown| shown.request.workspace == *workspace);
    Ok(here.filter(|shown| shown.request.state(now) != State::Pending).take(ANSWERED).collect())
}

/// What the form offers: the vendor's presets and shorter ones, none longer than a grant may be.
fn durations(config: &Config) -> Vec<Span> {
    let shorter = SHORTER.into_iter().map(|hours| Span::from_seconds(hours * 3600));
    let mut offered: Vec<_> = config.grants.presets.iter().copied().chain(shorter).collect();
    offered.retain(|span| *span <= config.grants.max);
    offered.sort_unstable();
    offered.dedup();
    offered
}
