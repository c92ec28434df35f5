//! Why a call fails, and the problem document that says so.
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;

use crate::access::AccessError;
use crate::domain::id::{GrantId, RequestId};
use crate::domain::refusal::{Code, Refusal};
use crate::problem::Problem;
use crate::telemetry::logs::chain;

/// Why a call fails. As a response it is only a note, which the envelope turns into the document: that needs the
/// request's id.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    refusal: Box<Refusal>,
    /// The grants among which the caller chooses; empty for every other code.
    grants: Vec<GrantId>,
    /// The status, where HTTP has one of its own for what `bad-request` says.
    status: Option<StatusCode>,
}

impl ApiError {
    /// The request is malformed; `reason` names what.
    pub(crate) fn bad_request(reason: impl Into<String>) -> Self {
        Refusal::because(Code::BadRequest, reason).into()
    }

    /// Nobody that we know calls; `reason` says why we think so and holds nothing of the token.
    pub(crate) fn unauthenticated(reason: impl Into<String>) -> Self {
        Refusal::because(Code::Unauthenticated, reason).into()
    }

    /// This path takes other methods; `Allow` lists them (RFC 9110, section 15.5.6).
    pub(crate) fn method_not_allowed(method: &Method) -> Self {
        let refusal = Refusal::because(Code::BadRequest, format!("this address does not take `{method}`"))
            .next("use one of the methods that `Allow` lists");
        Self { status: Some(StatusCode::METHOD_NOT_ALLOWED), ..refusal.into() }
    }

    /// The stable word of the refusal.
    pub(crate) fn code(&self) -> Code {
        self.refusal.code.clone()
    }

    /// Why it fails.
    pub(crate) fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// Whether nobody that we know calls.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        self.refusal.code == Code::Unauthenticated
    }

    /// What the request `id` is told.
    pub(crate) fn problem(&self, id: RequestId) -> Problem {
        let mut problem = Problem::new(&self.refusal, id);
        if let Some(status) = self.status {
            problem.status = status.as_u16();
        }
        problem
    }

    /// The answer for the request `id`.
    pub(crate) fn document(self, id: RequestId) -> impl IntoResponse {
        Document { problem: self.problem(id), grants: self.grants }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self { refusal: Box::new(refusal), grants: Vec::new(), status: None }
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Refusal::from(code).into()
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Refused(refusal) => (*refusal).into(),
            AccessError::ChooseGrant(grants) => Self { grants, ..Code::ChooseGrant.into() },
            AccessError::Store(error) => {
                tracing::error!(error = chain(&error), "the store cannot be used");
                Refusal::because(Code::StaleState, "the state of grants and sessions cannot be read or written").into()
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem document, with the one member that only the API adds.
#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    problem: Problem,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    grants: Vec<GrantId>,
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let mut response = (self.problem.status(), axum::Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.problem.retry_after() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.problem.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
