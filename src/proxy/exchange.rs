//! The spine: one request from its arrival to its answer, top to bottom. All branching is here; each arrow is a type.
use std::net::IpAddr;
use std::sync::Arc;

use http::header::COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::config::Limits;
use crate::domain::id::RequestId;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::{Timestamp, Uptime};
use crate::request::{Arrived, normalize, route};
use crate::telemetry::traces::Trace;

use super::admit::admit;
use super::authorize::authorize;
use super::body::Body;
use super::forward::{Proof, forward};
use super::gate::Gate;
use super::identify::{Identified, identify};
use super::record::record;
use super::refuse::{TurnedAway, turn_away};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is known of a request before it is understood.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    /// Its id.
    pub(super) id: RequestId,
    /// Wall time, read once.
    pub(super) now: Timestamp,
    /// For measuring how long it takes.
    pub(super) began: Uptime,
    /// The client's address.
    pub(super) peer: IpAddr,
    /// Whether it came over TLS.
    pub(super) secure: bool,
    /// Its place in a trace.
    pub(super) trace: Trace,
}

/// Answers one request; the answer names it, so that an engineer can name it too.
pub(super) async fn exchange(gate: &Arc<Gate>, arrival: Arrival, mut head: Parts, body: Incoming) -> Response<Body> {
    let mut answer = match pass(gate, &arrival, &mut head, body).await {
        Ok(answer) => answer,
        Err(turned_away) => turn_away(gate, &arrival, &head, *turned_away),
    };
    if let Ok(id) = HeaderValue::from_str(arrival.id.as_str()) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    answer
}

async fn pass(
    gate: &Arc<Gate>,
    arrival: &Arrival,
    head: &mut Parts,
    body: Incoming,
) -> Result<Response<Body>, Box<TurnedAway>> {
    gate.limits.request(arrival.peer)?;
    within_limits(&head.headers, body.size_hint().lower(), &gate.settings)?;
    let arrived = Arrived { head, secure: arrival.secure, peer: arrival.peer };
    let routed = Arc::new(route(normalize(arrived)?, &gate.routes)?);
    gate.metrics.forged_headers_total.inc_by(routed.request.forged.0.into());
    let proof = match identify(routed, gate)? {
        Identified::Nobody(unimpersonated) => Proof::Unimpersonated(unimpersonated),
        Identified::Session(presented) => {
            let admitted = admit(presented, gate, arrival).await?;
            gate.limits.request_of(&admitted.entry.engineer.id)?;
            let permitted = authorize(admitted, gate, arrival)?;
            Proof::Recorded(Box::new(record(permitted, gate, arrival).await?))
        }
    };
    let mut request = Request::new(body);
    // An upgrade's other end travels in the extensions.
    *request.extensions_mut() = std::mem::take(&mut head.extensions);
    forward(proof, request, gate, arrival).await
}

/// HTTP/2 has no limit of its own on the number of fields. A body may tell its size in advance.
fn within_limits(headers: &HeaderMap, body: u64, limits: &Limits) -> Result<(), Refusal> {
    let most = limits.head_fields;
    if headers.iter().filter(|(name, _)| *name != COOKIE).count() > most {
        return Err(Refusal::because(Code::BadRequest, format!("the request has more than {most} header fields")));
    }
    if limits.body.is_some_and(|most| body > most) { Err(Code::TooLarge.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_but_for_cookies() {
        let limits = Limits { head_fields: 9, ..Limits::default() };
        let mut headers = HeaderMap::new();
        for _ in 0..9 {
            headers.append("x-field", HeaderValue::from_static("1"));
            headers.append(COOKIE, HeaderValue::from_static("a=1"));
        }
        assert!(within_limits(&headers, 0, &limits).is_ok());
        headers.append("x-field", HeaderValue::from_static("1"));
        assert_eq!(within_limits(&headers, 0, &limits).map_err(|refusal| refusal.code), Err(Code::BadRequest));
    }

    #[test]
    fn a_body_that_tells_that_it_is_too_large_is_refused_in_advance() {
        let limits = Limits { body: Some(9), ..Limits::default() };
        assert!(within_limits(&HeaderMap::new(), 9, &limits).is_ok());
        let refused = within_limits(&HeaderMap::new(), 10, &limits).map_err(|refusal| refusal.code);
        assert_eq!(refused, Err(Code::TooLarge));
    }
}
