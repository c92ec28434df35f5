//! Declaring an emergency: a form that nobody takes for anything else.
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

use crate::access::emergencies::{self, NewEmergency};
use crate::access::ways_in;
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::config;
use crate::console::posted::{Posted, given};
use crate::console::said::{Done, Said};
use crate::console::shell::{HOME, Place, done, frame, page, refused};
use crate::console::visitor::Visitor;
use crate::console::words;
use crate::domain::emergency::Declaration;
use crate::domain::id::WorkspaceId;
use crate::face::Frame;

use super::address;

/// The form, as it was filled in.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Form {
    #[serde(default)]
    workspace: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    incident: String,
    #[serde(default)]
    reason_code: String,
    #[serde(default)]
    reason: String,
}

impl Form {
    fn emergency(&self) -> Result<NewEmergency, ApiError> {
        Ok(NewEmergency {
            workspace: given("Workspace", &self.workspace)?,
            subject: given("Whose login", &self.subject)?,
            incident: given("Incident", &self.incident)?,
            reason_code: self.reason_code.clone(),
            reason: given("Why it cannot wait", &self.reason)?,
        })
    }
}

#[derive(Template)]
#[template(path = "console/emergency/declare.html")]
struct Page<'a> {
    frame: Frame<'a>,
    said: Said,
    home: &'static str,
    limits: &'a config::Emergency,
    /// The workspace's name, where it is known.
    name: Option<String>,
    form: Form,
}

pub(super) async fn show(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    Query(form): Query<Form>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    shown(&state, &visitor, form, Said::of(&headers)).await
}

async fn shown(state: &Arc<ApiState>, visitor: &Visitor, form: Form, said: Said) -> Result<Response, ApiError> {
    let name = match form.workspace.parse::<WorkspaceId>() {
        Ok(id) => ways_in::of(&state.access, &visitor.actor, &id).await.ok().map(|ways| ways.workspace.name),
        Err(_) => None,
    };
    let frame = frame(state, visitor, Place::Emergencies).await?;
    let shown = Page { frame, said, home: HOME, limits: &state.config.emergency, name, form };
    Ok(match &shown.said {
        Said::Refused(told) => refused(&shown, told),
        Said::Nothing | Said::Done(_) => page(&shown, &shown.said),
    })
}

pub(super) async fn declare(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    Posted(form): Posted<Form>,
) -> Result<Response, ApiError> {
    match declared(&state, &visitor, &form).await {
        Ok(declaration) => done(Done::Declared, &address(&declaration.id)),
        Err(error) => shown(&state, &visitor, form, Said::from(&error)).await,
    }
}

async fn declared(state: &ApiState, visitor: &Visitor, form: &Form) -> Result<Declaration, ApiError> {
    Ok(emergencies::declare(&state.access, &visitor.actor, form.emergency()?, None).await?)
}
