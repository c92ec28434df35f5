//! What every page of the console has: its frame, and how it is sent.
use std::borrow::Borrow;
use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::access::{AccessError, PageRequest, access_requests, sessions};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::domain::access_request::State as Standing;
use crate::domain::time::Timestamp;
use crate::face::{self, Asset, Frame, Nav, Who};

use super::said::{Done, Said, Told};
use super::visitor::Visitor;

/// Where the console is.
pub(super) const HOME: &str = "/.chaperone/console/";
/// Where the events are that an engineer's pages follow.
pub(super) const EVENTS: &str = "/.chaperone/api/v1/events";

/// What the console's pages do by themselves, beside what every page does.
pub(super) static SCRIPT: Asset = Asset::script("console", include_str!("static/console.js"));

/// A page of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Workspaces,
    Requests,
    Sessions,
    Cases,
    Emergencies,
}

impl Place {
    const ALL: [Self; 5] = [Self::Workspaces, Self::Requests, Self::Sessions, Self::Cases, Self::Emergencies];

    const fn text(self) -> &'static str {
        match self {
            Self::Workspaces => "Workspaces",
            Self::Requests => "Requests",
            Self::Sessions => "Sessions",
            Self::Cases => "Cases",
            Self::Emergencies => "Emergencies",
        }
    }

    /// Where it is.
    pub(super) fn href(self) -> String {
        let name = match self {
            Self::Workspaces => "",
            Self::Requests => "requests",
            Self::Sessions => "sessions",
            Self::Cases => "cases",
            Self::Emergencies => "emergencies",
        };
        format!("{HOME}{name}")
    }
}

/// What stands around a page at `place`, for `visitor`.
///
/// # Errors
/// When what waits for them cannot be read.
pub(super) async fn frame<'a>(
    state: &'a Arc<ApiState>,
    visitor: &'a Visitor,
    place: Place,
) -> Result<Frame<'a>, ApiError> {
    let waits = Waits::of(state, visitor).await?;
    let nav = |page: Place| Nav {
        href: page.href(),
        text: page.text(),
        current: page == place,
        waiting: match page {
            Place::Requests => waits.requests,
            Place::Sessions => waits.sessions,
            Place::Workspaces | Place::Cases | Place::Emergencies => 0,
        },
    };
    Ok(Frame {
        vendor: &state.config.vendor,
        place: "Support console",
        home: HOME.to_owned(),
        nav: Place::ALL.into_iter().map(nav).collect(),
        who: Some(Who { name: &visitor.engineer.name, sign_out: "/.chaperone/logout" }),
        script: Some(&SCRIPT),
    })
}

/// What of theirs an engineer should not forget.
struct Waits {
    requests: usize,
    sessions: usize,
}

impl Waits {
    async fn of(state: &ApiState, visitor: &Visitor) -> Result<Self, AccessError> {
        let (access, latest, now) = (&state.access, PageRequest::default(), state.clock.now());
        let requests = access_requests::list(access, &visitor.actor, &latest).await?.items;
        let sessions = sessions::list_own(access, &visitor.actor, &latest).await?.items;
        Ok(Self {
            requests: requests.iter().filter(|shown| shown.request.state(now) == Standing::Pending).count(),
            sessions: sessions.iter().filter(|session| session.ended.is_none() && now < session.expires_at).count(),
        })
    }
}

/// Sends a page that says `said` first.
pub(super) fn page(page: &impl Template, said: &Said) -> Response {
    let mut response = face::page(page);
    if let Some((name, value)) = said.told() {
        response.headers_mut().append(name, value);
    }
    response
}

/// Sends the page on which something was tried, and refused.
pub(super) fn refused(page: &impl Template, told: &Told) -> Response {
    let mut response = face::page(page);
    *response.status_mut() = told.status;
    response
}

/// Leads to another page, which tells what was done.
pub(super) fn done(done: Done, address: &str) -> Result<Response, ApiError> {
    Ok(with(see(address)?, [done.told_next()]))
}

/// Leads to another page.
pub(super) fn see(address: &str) -> Result<Response, ApiError> {
    let address = HeaderValue::from_str(address).map_err(|_| ApiError::bad_request("this leads to no address"))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response())
}

/// The response with these fields besides.
pub(super) fn with(mut response: Response, fields: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> Response {
    for (name, value) in fields {
        response.headers_mut().append(name, value);
    }
    response
}

/// How long ago, or how far ahead, `at` is when it is `now`.
pub(super) fn distance(at: impl Borrow<Timestamp>, now: Timestamp) -> face::Moment {
    face::Moment::from(*at.borrow(), now)
}
