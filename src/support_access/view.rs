//! How an answer leaves: as a whole page in a browser of ours, or as the part alone for the app that shows it.
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use http::{HeaderValue, StatusCode};

use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::face::{self, Frame, Nav, Who};

use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{EVENTS, HOME, LEAVE, SCRIPT};

/// What a part may do where somebody looks at it alone: nothing.
const ALONE: &str = "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The pages, as the navigation names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Access,
    Sessions,
    Requests,
    Trail,
}

impl Place {
    const ALL: [Self; 4] = [Self::Access, Self::Sessions, Self::Requests, Self::Trail];

    const fn title(self) -> &'static str {
        match self {
            Self::Access => "Access",
            Self::Sessions => "Sessions",
            Self::Requests => "Support requests",
            Self::Trail => "Trail",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Access => "/",
            Self::Sessions => "/sessions",
            Self::Requests => "/support-requests",
            Self::Trail => "/trail",
        }
    }
}

/// A whole page around a part.
#[derive(Template)]
#[template(path = "support_access/page.html")]
struct Whole<'a> {
    frame: Frame<'a>,
    title: &'static str,
    follows: &'static str,
    part: &'a str,
}

/// A part for the app, with the way to the others.
#[derive(Template)]
#[template(path = "support_access/alone.html")]
struct Alone<'a> {
    nav: Vec<Nav>,
    part: &'a str,
}

/// A part in the place of one that the viewer may not see.
#[derive(Template)]
#[template(path = "support_access/shut.html")]
struct Shut {
    trouble: Trouble,
}

/// What a page shows.
pub(super) struct View<'a, T> {
    /// Which one.
    pub(super) place: Place,
    /// Its content.
    pub(super) part: &'a T,
    /// How many things wait on it.
    pub(super) waiting: usize,
    /// The HTTP status.
    pub(super) status: StatusCode,
}

impl<T: Template> View<'_, T> {
    /// The answer for the viewer.
    pub(super) fn answer(&self, state: &ApiState, viewer: &Viewer) -> Response {
        // Writing into a text does not fail.
        let part = self.part.render().unwrap_or_default();
        let nav = self.nav(viewer.home());
        let mut response = if viewer.alone {
            alone(Alone { nav, part: &part }.render().unwrap_or_default())
        } else {
            self.whole(state, viewer, nav, &part)
        };
        *response.status_mut() = self.status;
        response
    }

    fn nav(&self, home: &str) -> Vec<Nav> {
        let nav = Place::ALL.into_iter().map(|place| Nav {
            href: format!("{home}{}", place.path()),
            text: place.title(),
            current: place == self.place,
            waiting: if place == self.place { self.waiting } else { 0 },
        });
        nav.collect()
    }

    fn whole(&self, state: &ApiState, viewer: &Viewer, nav: Vec<Nav>, part: &str) -> Response {
        let frame = Frame {
            vendor: &state.config.vendor,
            place: "Support access",
            home: HOME.to_owned(),
            nav,
            who: Some(Who { name: viewer.member.email.as_str(), sign_out: LEAVE }),
            script: Some(&SCRIPT),
        };
        face::page(&Whole { frame, title: self.place.title(), follows: EVENTS, part })
    }
}

/// The page `place` where the viewer may not see what is on it.
pub(super) fn shut(state: &ApiState, viewer: &Viewer, place: Place, trouble: Trouble) -> Response {
    let status = trouble.status;
    View { place, part: &Shut { trouble }, waiting: 0, status }.answer(state, viewer)
}

/// A part alone.
pub(super) fn alone(html: String) -> Response {
    let mut response = Html(html).into_response();
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(ALONE));
    response
}

/// Goes on to another page of ours.
pub(super) fn see_other(address: &str) -> Result<Response, ApiError> {
    let location = HeaderValue::from_str(address).map_err(|_| ApiError::bad_request("the address is none of ours"))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}
