//! Beginning a session: as which subject, for what reason.
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

use crate::access::sessions::{self, NewSession, Started};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::console::landing;
use crate::console::posted::{Posted, given, optional};
use crate::console::said::Said;
use crate::console::visitor::Visitor;
use crate::domain::id::WorkspaceId;
use crate::domain::session::BasisId;

use super::ask::Ask;
use super::view::{self, Filled};

/// The form, as it was filled in.
#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::console) struct Enter {
    /// On which grant; empty: on the only one that fits.
    #[serde(default)]
    pub(in crate::console) grant: String,
    /// In place of a grant: by which emergency.
    #[serde(default)]
    pub(in crate::console) emergency: String,
    #[serde(default)]
    pub(in crate::console) reason: String,
    #[serde(default)]
    pub(in crate::console) ticket: String,
}

impl Enter {
    fn session(&self, workspace: &WorkspaceId) -> Result<NewSession, ApiError> {
        let grant = optional("Grant", &self.grant)?.map(BasisId::Grant);
        let emergency = optional("Emergency", &self.emergency)?.map(BasisId::Emergency);
        Ok(NewSession {
            workspace: workspace.clone(),
            on: grant.or(emergency),
            reason: given("Reason", &self.reason)?,
            ticket: optional("Ticket", &self.ticket)?,
        })
    }

    /// Begins the session that the form asks for.
    pub(in crate::console) async fn begin(
        &self,
        state: &ApiState,
        visitor: &Visitor,
        workspace: &WorkspaceId,
    ) -> Result<Started, ApiError> {
        Ok(sessions::start(&state.access, &visitor.actor, self.session(workspace)?, None).await?)
    }
}

pub(super) async fn enter(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(workspace): AtPath<WorkspaceId>,
    headers: HeaderMap,
    Posted(enter): Posted<Enter>,
) -> Result<Response, ApiError> {
    match enter.begin(&state, &visitor, &workspace).await {
        Ok(started) => landing::enter(&state.config, &started),
        Err(error) => {
            let filled = Filled { enter, ask: Ask::usual(&state.config), asks: false };
            view::show(&state, &visitor, &workspace, Said::from(&error), filled, &headers).await
        }
    }
}
