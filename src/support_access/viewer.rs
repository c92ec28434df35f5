//! Who looks at a page of ours: a member, by the member cookie, or by the app's token where the app shows a part of it.
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::HeaderName;
use http::request::Parts;

use crate::access::Actor;
use crate::api::ApiState;
use crate::api::caller;
use crate::api::error::ApiError;
use crate::domain::id::WorkspaceId;
use crate::domain::member::Member;
use crate::domain::refusal::{Code, Refusal};

use super::{HOME, PANEL, enter};

/// By which browsers say who asked for a page.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A member who looks at a page, or acts on one.
#[derive(Debug)]
pub(super) struct Viewer {
    /// As the control plane knows them.
    pub(super) actor: Actor,
    /// Who.
    pub(super) member: Member,
    /// Whether they get the part alone, without a page around it.
    pub(super) alone: bool,
    /// Whether a page of ours led here: only then is it believed what the address says was done.
    pub(super) from_here: bool,
}

impl Viewer {
    /// Where the addresses begin that their pages lead to.
    pub(super) fn home(&self) -> &'static str {
        if self.alone { PANEL } else { HOME.trim_end_matches('/') }
    }

    /// Their workspace.
    pub(super) const fn workspace(&self) -> &WorkspaceId {
        &self.member.workspace
    }
}

impl FromRequestParts<Arc<ApiState>> for Viewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<ApiState>) -> Result<Self, Response> {
        let alone = parts.uri.path().starts_with(PANEL);
        let actor = match caller::member(state, &parts.method, &parts.headers).await {
            Ok(actor) => actor,
            Err(error) if error.is_unauthenticated() && !alone => return Err(enter::missing(&state.config)),
            Err(error) => return Err(error.into_response()),
        };
        let Actor::Member(who) = &actor else { return Err(ApiError::from(strangers()).into_response()) };
        let member = who.member.clone();
        let from_here = parts.headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin");
        Ok(Self { actor, member, alone, from_here })
    }
}

fn strangers() -> Refusal {
    Refusal::because(Code::PolicyDenied, "these pages are for the members of a workspace")
        .next("open support access from the app")
}
