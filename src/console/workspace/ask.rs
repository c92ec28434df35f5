//! Asking a workspace's members for access.
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

use crate::access::access_requests::{self, NewRequest};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::config::Config;
use crate::console::posted::{Posted, given, optional};
use crate::console::said::{Done, Said};
use crate::console::shell::done;
use crate::console::visitor::Visitor;
use crate::domain::grant::Access;
use crate::domain::id::WorkspaceId;
use crate::domain::time::Span;

use super::address;
use super::enter::Enter;
use super::view::{self, Filled};

/// The form, as it was filled in.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Ask {
    pub(super) access: Access,
    pub(super) duration: Span,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) ticket: String,
    #[serde(default)]
    pub(super) purpose: String,
    /// Who must answer; empty: any member who may.
    #[serde(default)]
    pub(super) subject: String,
}

impl Ask {
    /// The form before anybody filled it in: looking only, for the shortest time that pages offer.
    pub(super) fn usual(config: &Config) -> Self {
        let shortest = config.grants.presets.iter().min().copied();
        Self {
            access: Access::ReadOnly,
            duration: shortest.unwrap_or(config.grants.max).min(config.grants.max),
            reason: String::new(),
            ticket: String::new(),
            purpose: String::new(),
            subject: String::new(),
        }
    }

    fn request(&self, workspace: &WorkspaceId) -> Result<NewRequest, ApiError> {
        Ok(NewRequest {
            workspace: workspace.clone(),
            subject: optional("Whose login", &self.subject)?,
            access: self.access,
            duration: self.duration,
            reason: given("Reason", &self.reason)?,
            ticket: optional("Ticket", &self.ticket)?,
            purpose: optional("Purpose", &self.purpose)?,
            extends: None,
        })
    }
}

pub(super) async fn ask(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    headers: HeaderMap,
    Posted(ask): Posted<Ask>,
) -> Result<Response, ApiError> {
    match send(&state, &visitor, &workspace, &ask).await {
        Ok(()) => done(Done::Asked, &address(&workspace)),
        Err(error) => {
            let filled = Filled { enter: Enter::default(), ask, asks: true };
            view::show(&state, &visitor, &workspace, Said::from(&error), filled, &headers).await
        }
    }
}

async fn send(state: &ApiState, visitor: &Visitor, workspace: &WorkspaceId, ask: &Ask) -> Result<(), ApiError> {
    let request = ask.request(workspace)?;
    if request.duration <= Span::ZERO {
        return Err(ApiError::bad_request("How long: this is not longer than zero"));
    }
    access_requests::create(&state.access, &visitor.actor, request, None).await?;
    Ok(())
}
