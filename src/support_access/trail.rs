//! The trail: what happened in the workspace, newest first, by kind, session and engineer; and all of it with its proof.
use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::access::{AccessError, PageRequest, records};
use crate::api::ApiState;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::api::v1::trail as calls;
use crate::audit::{self, Found, Kind};
use crate::domain::time::Timestamp;
use crate::face::Moment;

use super::trouble::Trouble;
use super::view::{Place, View, shut};
use super::viewer::Viewer;

/// How many records are on one page.
const PAGE: u32 = 50;

/// What may be looked for: the word of the form, how it reads, and how the words of its kinds begin.
const TOPICS: [(&str, &str, &[&str]); 6] = [
    ("", "Everything", &[""]),
    ("consent", "Consent: granted, changed, revoked, asked for", &["grant.", "request."]),
    ("sessions", "Sessions", &["session."]),
    ("actions", "Pages and actions", &["access."]),
    ("cases", "Support requests", &["support.", "ticket."]),
    ("emergencies", "Emergencies", &["emergency."]),
];

/// The form.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Looked {
    topic: String,
    session: String,
    engineer: String,
    after: String,
}

impl Looked {
    /// The page behind `next`, as a query.
    fn older(&self, next: &str) -> String {
        let Self { topic, session, engineer, .. } = self;
        let [topic, session, engineer] =
            [topic, session, engineer].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
        format!("topic={topic}&session={session}&engineer={engineer}&after={next}")
    }

    /// What is looked for, and which page of it.
    fn read(&self) -> Result<(audit::Query, PageRequest), ApiError> {
        let topic = TOPICS.iter().find(|(word, ..)| *word == self.topic);
        let (word, _, begins) = topic.ok_or_else(|| ApiError::bad_request("there is no such topic"))?;
        let of_topic = |kind: &&Kind| begins.iter().any(|begin| kind.as_str().starts_with(begin));
        let kinds = if word.is_empty() { Vec::new() } else { Kind::ALL.iter().filter(of_topic).copied().collect() };
        let query = audit::Query { kinds, session: named(&self.session)?, engineer: named(&self.engineer)? };
        Ok((query, PageRequest { after: named(&self.after)?, limit: Some(PAGE) }))
    }
}

fn named<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<Option<T>, ApiError> {
    let text = Some(text.trim()).filter(|text| !text.is_empty());
    text.map(str::parse).transpose().map_err(|problem: T::Err| ApiError::bad_request(problem.to_string()))
}

/// The page.
#[derive(Template)]
#[template(path = "support_access/trail.html")]
struct Page {
    home: &'static str,
    looked: Looked,
    records: Vec<Record>,
    /// Where the page before is, as a query.
    older: Option<String>,
}

/// One record.
struct Record {
    name: &'static str,
    at: Moment,
    line: Line,
}

/// The members of a record that are shown.
#[derive(Deserialize)]
struct Line {
    at: Timestamp,
    engineer: Option<String>,
    subject: Option<String>,
    session: Option<String>,
    reason: Option<String>,
    ticket: Option<String>,
    request: Option<Request>,
    decision: Option<Decision>,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    path: String,
}

#[derive(Deserialize)]
struct Decision {
    code: Option<String>,
}

impl Record {
    fn new(found: &Found) -> Option<Self> {
        let line: Line = serde_json::from_str(&found.line).ok()?;
        Some(Self { name: found.kind.title(), at: Moment::at(line.at), line })
    }

    fn code(&self) -> Option<&str> {
        self.line.decision.as_ref()?.code.as_deref()
    }
}

/// Shows it.
pub(super) async fn list(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    looked: Result<Query<Looked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(looked) = looked.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let (query, page) = looked.read()?;
    let (access, journal) = (&state.access, &state.journal);
    let found = match records::list(access, journal, &viewer.actor, viewer.workspace(), query, &page).await {
        Ok(found) => found,
        Err(AccessError::Refused(refusal)) => {
            return Ok(shut(&state, &viewer, Place::Trail, Trouble::from(&*refusal)));
        }
        Err(error) => return Err(error.into()),
    };
    let records = found.items.iter().filter_map(Record::new).collect();
    let older = found.next.map(|next| looked.older(&next));
    let part = Page { home: viewer.home(), looked, records, older };
    Ok(View { place: Place::Trail, part: &part, waiting: 0, status: StatusCode::OK }.answer(&state, &viewer))
}

/// Hands out all of it with its proof, as the API's call does.
pub(super) async fn export(
    viewer: Viewer,
    State(state): State<Arc<ApiState>>,
    form: calls::FormAsked,
) -> Result<Response, ApiError> {
    let workspace = viewer.member.workspace;
    calls::export(Caller(viewer.actor), State(state), AtPath(workspace), form).await
}
