//! The one table: code → status, title, reason and next step; and the RFC 9457 document made of it.
//!
//! Statuses live here and nowhere else. docs/ERRORS.md lists the same table; a test holds them together.
#[cfg(test)]
mod tests;

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::id::RequestId;
use crate::domain::refusal::{Code, Refusal};

/// What a code means, for machines and for people.
#[derive(Debug, Clone, Copy)]
pub struct Meaning {
    /// The HTTP status.
    pub status: StatusCode,
    /// A short title for people.
    pub title: &'static str,
    /// Why, when the refusal does not say it better.
    pub reason: &'static str,
    /// What to do next, when the refusal does not say it better.
    pub next: &'static str,
}

/// What `code` means. A vendor's own code is a refusal by policy.
#[must_use]
pub fn meaning(code: &Code) -> Meaning {
    let (status, title, reason, next) = row(code);
    Meaning { status, title, reason, next }
}

#[rustfmt::skip]
fn row(code: &Code) -> (StatusCode, &'static str, &'static str, &'static str) {
    use StatusCode as S;
    match code {
        Code::Unauthenticated => (S::UNAUTHORIZED, "Who is asking?", "no valid token was presented", "sign in, or send a valid token in `Authorization: Bearer`"),
        Code::NoSession => (S::UNAUTHORIZED, "No support session", "this address is open to support sessions only, and this browser has none", "start a session for the workspace that granted access"),
        Code::SessionEnded => (S::UNAUTHORIZED, "The session has ended", "this support session has ended", "start a new session if the customer's grant still stands"),
        Code::SessionIdle => (S::UNAUTHORIZED, "The session was idle", "this support session ended because it was left alone", "start a new session"),
        Code::WrongWorkspace => (S::FORBIDDEN, "Another workspace", "this belongs to another workspace than yours", "enter that workspace first"),
        Code::ForcedSso => (S::FORBIDDEN, "Single sign-on is forced", "this workspace forces single sign-on, which excludes support access", "work with the customer directly"),
        Code::ChainedImpersonation => (S::FORBIDDEN, "No login from inside a login", "nobody logs in as a user from inside another user's login", "end that login first, and ask that user for a grant of their own"),
        Code::ConsentWhileImpersonated => (S::FORBIDDEN, "Consent is the customer's own act", "consent is the customer's own act, never given from inside somebody else's login", "ask the customer to do this themselves"),
        Code::WrongSubject => (S::FORBIDDEN, "Another login", "this grant lends another login", "ask that user for a grant of their own"),
        Code::NotNamed => (S::FORBIDDEN, "Others are named", "this grant names other engineers", "ask the customer to name you"),
        Code::OutOfScope => (S::FORBIDDEN, "Outside the grant", "the customer did not open this part of the account", "ask for a wider grant"),
        Code::GrantMissing => (S::FORBIDDEN, "No access granted", "the customer has not granted access", "ask the customer for access"),
        Code::GrantNotYet => (S::FORBIDDEN, "Not yet", "this grant has not begun", "wait for its start"),
        Code::GrantEnded => (S::FORBIDDEN, "The grant has ended", "this grant has ended", "ask the customer for a new one"),
        Code::GrantRevoked => (S::FORBIDDEN, "Access was revoked", "the customer revoked this grant", "ask the customer for access if you still need it"),
        Code::EmergencyNever => (S::FORBIDDEN, "No emergency access", "this workspace excludes emergency access by contract", "ask the customer for access"),
        Code::EmergencyEnded => (S::FORBIDDEN, "The emergency has ended", "this emergency has ended", "ask the customer for access"),
        Code::EmergencyUnreviewed => (S::FORBIDDEN, "A review is owed", "your last emergency has not been reviewed", "ask a colleague to review it"),
        Code::SelfApproval => (S::FORBIDDEN, "Not your own", "an emergency is approved by another engineer", "ask a colleague"),
        Code::ReadOnly => (S::FORBIDDEN, "Read-only access", "the customer granted read-only access", "ask the customer for full access"),
        Code::NotOwner => (S::FORBIDDEN, "Owners only", "only workspace owners decide on support access", "ask an owner of the workspace"),
        Code::DurationTooLong => (S::FORBIDDEN, "Too long", "a grant may not last that long", "choose a shorter duration"),
        Code::DurationRequired => (S::FORBIDDEN, "How long?", "a grant needs an end", "choose a duration"),
        Code::PlanRequired => (S::FORBIDDEN, "Not part of this plan", "this is not part of the workspace's plan", "upgrade the plan"),
        Code::StepUp => (S::FORBIDDEN, "Sign in once more", "this needs a second factor that was shown lately", "sign in again with your second factor"),
        Code::PolicyDenied | Code::Vendor(_) => (S::FORBIDDEN, "Refused by policy", "the vendor's policies do not permit this", "ask your security team which access you need"),
        Code::PolicyError => (S::FORBIDDEN, "A policy failed", "a policy could not be evaluated, so nothing passes", "tell the security team: the log names the policy"),
        Code::AmbiguousPath => (S::BAD_REQUEST, "An ambiguous path", "this path can be read in more than one way", "send the path in its plain form"),
        Code::BadRequest => (S::BAD_REQUEST, "A malformed request", "this request is malformed", "correct it and send it again"),
        Code::NotFound => (S::NOT_FOUND, "Not found", "there is no such thing here", "check the address"),
        Code::Conflict => (S::CONFLICT, "Too late", "the state does not allow this any more", "read it again and decide anew"),
        Code::ChooseGrant => (S::CONFLICT, "Several grants fit", "several grants fit", "name one in `grant`"),
        Code::TooLarge => (S::PAYLOAD_TOO_LARGE, "Too large", "the body is too large", "send less"),
        Code::UnsupportedMediaType => (S::UNSUPPORTED_MEDIA_TYPE, "Not this kind of body", "the body is of a kind that is not taken here", "send `application/json`"),
        Code::TooManyRequests => (S::TOO_MANY_REQUESTS, "Too many requests", "too many requests in a short time", "wait a little"),
        Code::Internal => (S::INTERNAL_SERVER_ERROR, "A fault of ours", "something went wrong on our side", "try again, and tell the platform team the request id"),
        Code::UpstreamUnreachable => (S::BAD_GATEWAY, "The app does not answer", "the app behind this gate does not answer", "try again in a moment"),
        Code::StaleState => (S::SERVICE_UNAVAILABLE, "Not sure enough", "what is known of grants is too old to let anybody pass", "try again in a moment"),
        Code::AuditUnavailable => (S::SERVICE_UNAVAILABLE, "The trail cannot be written", "access cannot be recorded, so there is none", "try again in a moment; the platform team has been alerted"),
        Code::CustomerNotTold => (S::SERVICE_UNAVAILABLE, "The customer has not been told", "the customer has not been told of this emergency yet", "try again in a moment"),
        Code::UpstreamTimeout => (S::GATEWAY_TIMEOUT, "The app takes too long", "the app behind this gate took too long to answer", "try again in a moment"),
    }
}

/// An RFC 9457 problem document, with the members that the contract adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// A URI reference for the kind of problem: where docs/ERRORS tells of it.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short title.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this very request.
    pub detail: String,
    /// The stable code.
    pub code: String,
    /// The id of the policy that refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The other causes that applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The request's id, for the vendor's own support.
    pub request_id: RequestId,
}

impl Problem {
    /// The document for `refusal` of the request `request_id`.
    #[must_use]
    pub fn new(refusal: &Refusal, request_id: RequestId) -> Self {
        let meaning = meaning(&refusal.code);
        let detail = if refusal.reason.is_empty() { meaning.reason } else { &refusal.reason };
        Self {
            kind: format!("urn:chaperone:error:{}", refusal.code),
            title: meaning.title,
            status: meaning.status.as_u16(),
            detail: detail.to_owned(),
            code: refusal.code.to_string(),
            policy: refusal.policy.clone(),
            also: refusal.also.iter().map(Code::to_string).collect(),
            next: Some(refusal.next.clone().unwrap_or_else(|| meaning.next.to_owned())),
            request_id,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Seconds for `Retry-After`, where waiting helps.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        matches!(self.status, 429 | 503).then_some(2)
    }
}
