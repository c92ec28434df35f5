//! An emergency's page: what is broken, who approved, and what the engineer can do about it.
use std::borrow::Borrow;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use crate::access::emergencies;
use crate::access::names::{self, Names};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::console::said::Said;
use crate::console::shell::{EVENTS, HOME, Place, distance, frame, page, refused};
use crate::console::visitor::Visitor;
use crate::console::words;
use crate::domain::emergency::{Declaration, Outcome};
use crate::domain::id::{EmergencyId, EngineerId};
use crate::domain::time::Timestamp;
use crate::face::{Frame, Moment};

use super::{Act, address, standing};

/// What the page's forms hold.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) reason: Option<String>,
    pub(super) comment: String,
}

#[derive(Template)]
#[template(path = "console/emergency.html")]
struct Page<'a> {
    frame: Frame<'a>,
    said: Said,
    events: &'static str,
    home: &'static str,
    href: String,
    now: Timestamp,
    me: &'a EngineerId,
    names: Names,
    it: &'a Declaration,
    act: Act,
    filled: Filled,
}

impl Page<'_> {
    fn when(&self, at: impl Borrow<Timestamp>) -> Moment {
        distance(at, self.now)
    }

    fn is_mine(&self) -> bool {
        self.it.declared_by == *self.me
    }

    /// The reason that the form proposes: what was written before, or what the emergency was declared for.
    fn reason(&self) -> &str {
        self.filled.reason.as_deref().unwrap_or(&self.it.reason)
    }
}

/// Shows the page.
pub(super) async fn show(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<EmergencyId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    shown(&state, &visitor, &id, Said::of(&headers), Filled::default()).await
}

/// The page, with what was filled in.
pub(super) async fn shown(
    state: &Arc<ApiState>,
    visitor: &Visitor,
    id: &EmergencyId,
    said: Said,
    filled: Filled,
) -> Result<Response, ApiError> {
    let it = emergencies::get(&state.access, &visitor.actor, id).await?;
    let (now, me) = (state.clock.now(), &visitor.engineer.id);
    let people = it.approvals.iter().map(|approval| &approval.by).chain([&it.declared_by]);
    let people = people.chain(it.review.as_ref().map(|review| &review.by));
    let shown = Page {
        frame: frame(state, visitor, Place::Emergencies).await?,
        said,
        events: EVENTS,
        home: HOME,
        href: address(id),
        now,
        me,
        names: names::of(&state.access, &visitor.actor, std::iter::once(&it.workspace), people).await?,
        act: Act::of(&it, me, now),
        it: &it,
        filled,
    };
    Ok(match &shown.said {
        Said::Refused(told) => refused(&shown, told),
        Said::Nothing | Said::Done(_) => page(&shown, &shown.said),
    })
}
