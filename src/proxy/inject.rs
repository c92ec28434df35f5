//! The request for upstream, rebuilt from typed parts; what says who it is comes last.
use http::header::{AUTHORIZATION, COOKIE, HOST, TE};
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::cache::{Entry, SignedFor};
use crate::config::Binding;
use crate::domain::grant::Access;
use crate::domain::random;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Span;
use crate::identity::{Act, Claims, SignError};
use crate::request::{Normalized, Route, Routed};
use crate::telemetry::logs::chain;

use super::exchange::Arrival;
use super::gate::{Door, Gate};

/// How long an assertion counts.
const ASSERTION: Span = Span::from_seconds(60);
/// A session-bound assertion is signed anew when this much of its time is left.
const RENEW: Span = Span::from_seconds(20);

const ASSERTION_HEADER: HeaderName = HeaderName::from_static("x-chaperone-assertion");
const SUBJECT: HeaderName = HeaderName::from_static("x-chaperone-subject");
const SUBJECT_EMAIL: HeaderName = HeaderName::from_static("x-chaperone-subject-email");
const ACTOR: HeaderName = HeaderName::from_static("x-chaperone-actor");
const ACTOR_EMAIL: HeaderName = HeaderName::from_static("x-chaperone-actor-email");
const WORKSPACE: HeaderName = HeaderName::from_static("x-chaperone-workspace");
const SESSION: HeaderName = HeaderName::from_static("x-chaperone-session");
const ACCESS: HeaderName = HeaderName::from_static("x-chaperone-access");
const MODE: HeaderName = HeaderName::from_static("x-chaperone-mode");
const GRANT: HeaderName = HeaderName::from_static("x-chaperone-grant");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const DESTINATION: HeaderName = HeaderName::from_static("destination");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The headers of a request in a session, but for framing and an upgrade's own.
///
/// # Errors
/// `internal` when a fact cannot be written as a header: then nothing is sent.
pub(super) fn in_session(
    routed: &Routed,
    entry: &Entry,
    gate: &Gate,
    door: &Door,
    arrival: &Arrival,
) -> Result<HeaderMap, Refusal> {
    let mut headers = of_anybody(routed, arrival)?;
    if let Some(cookies) = cookies(routed, entry, arrival)? {
        headers.insert(COOKIE, cookies);
    }
    if let Some(own) = routed.request.authorization.as_ref().filter(|_| routed.route.config.pass_authorization) {
        headers.insert(AUTHORIZATION, own.clone());
    }
    identity(&mut headers, routed, entry)?;
    headers.insert(ASSERTION_HEADER, assertion(routed, entry, gate, door, arrival)?);
    Ok(headers)
}

/// The headers of a request that is nobody's whom we know: its own cookies and `Authorization`, and nothing of ours.
///
/// # Errors
/// As [`in_session`].
pub(super) fn for_nobody(routed: &Routed, arrival: &Arrival) -> Result<HeaderMap, Refusal> {
    let mut headers = of_anybody(routed, arrival)?;
    if let Some(cookies) = routed.request.cookies.untouched() {
        headers.insert(COOKIE, cookies);
    }
    if let Some(own) = &routed.request.authorization {
        headers.insert(AUTHORIZATION, own.clone());
    }
    Ok(headers)
}

/// What every request has: the client's fields that may pass, and where it came from.
fn of_anybody(routed: &Routed, arrival: &Arrival) -> Result<HeaderMap, Refusal> {
    let request = &routed.request;
    let mut headers = HeaderMap::with_capacity(request.headers.len() + 24);
    for (name, value) in &request.headers {
        headers.append(name.clone(), value.clone());
    }
    headers.insert(HOST, text(&request.authority)?);
    if request.te_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if let Some(destination) = destination(request)? {
        headers.insert(DESTINATION, destination);
    }
    forwarding(&mut headers, routed, arrival)?;
    Ok(headers)
}

/// The browser's own cookies and the jar's; the jar wins by name.
fn cookies(routed: &Routed, entry: &Entry, arrival: &Arrival) -> Result<Option<HeaderValue>, Refusal> {
    let request = &routed.request;
    let kept = entry.live.jar().for_path(&request.host, &request.path.sent, arrival.now);
    let own = request.cookies.others.iter().filter(|(name, _)| kept.iter().all(|(other, _)| other != name));
    let pairs: Vec<String> = kept.iter().chain(own).map(|(name, value)| format!("{name}={value}")).collect();
    if pairs.is_empty() {
        return Ok(None);
    }
    let mut value = text(&pairs.join("; "))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The second path of `COPY` and `MOVE`, as it was judged, on the host that the app is told of.
fn destination(request: &Normalized) -> Result<Option<HeaderValue>, Refusal> {
    let Some(path) = &request.destination else { return Ok(None) };
    text(&format!("{}://{}{}", Gate::scheme(request.secure), request.authority, path.sent)).map(Some)
}

/// Where the request came from, rebuilt: nothing of the client's own word on it survives.
fn forwarding(headers: &mut HeaderMap, routed: &Routed, arrival: &Arrival) -> Result<(), Refusal> {
    let request = &routed.request;
    let (peer, proto) = (request.peer, Gate::scheme(request.secure));
    let node = if peer.is_ipv6() { format!("\"[{peer}]\"") } else { peer.to_string() };
    headers.insert(REQUEST_ID, text(arrival.id.as_str())?);
    headers.insert(TRACEPARENT, text(&arrival.trace.to_string())?);
    headers.insert(FORWARDED, text(&format!("for={node};proto={proto};host=\"{}\"", request.authority))?);
    headers.insert(FORWARDED_FOR, text(&peer.to_string())?);
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(proto));
    headers.insert(FORWARDED_HOST, text(&request.authority)?);
    Ok(())
}

/// Who acts as whom, on what: into `headers`, over whatever stands there.
fn identity(headers: &mut HeaderMap, routed: &Routed, entry: &Entry) -> Result<(), Refusal> {
    let session = &entry.session;
    headers.insert(SUBJECT, text(entry.subject.id.as_str())?);
    headers.insert(SUBJECT_EMAIL, text(entry.subject.email.as_str())?);
    headers.insert(ACTOR, text(entry.engineer.id.as_str())?);
    headers.insert(ACTOR_EMAIL, text(entry.engineer.email.as_str())?);
    headers.insert(WORKSPACE, text(entry.workspace.id.as_str())?);
    headers.insert(SESSION, text(session.id.as_str())?);
    headers.insert(ACCESS, HeaderValue::from_static(entry.basis.access().as_str()));
    headers.insert(MODE, HeaderValue::from_static(entry.basis.mode()));
    if let Some(grant) = entry.basis.grant() {
        headers.insert(GRANT, text(grant.id.as_str())?);
    }
    for (name, pieces) in routed.route.config.headers.values() {
        let value: String = pieces.iter().map(|piece| entry.resolve(piece)).collect();
        headers.insert(name.clone(), text(&value)?);
    }
    Ok(())
}

/// The assertion: signed for this request, or once for the session and the grant's revision.
fn assertion(
    routed: &Routed,
    entry: &Entry,
    gate: &Gate,
    door: &Door,
    arrival: &Arrival,
) -> Result<HeaderValue, Refusal> {
    let key = door.signer.key(arrival.now).map_err(|error| unsigned(&error))?;
    let sign = |claims: &Claims<'_>| key.sign(claims).map_err(|error| unsigned(&error));
    match routed.route.config.assertion.bind {
        Binding::Request => sign(&claims(&routed.route, entry, gate, arrival, Some(routed))),
        Binding::Session => {
            let route = routed.route.index;
            if let Some(kept) = entry.assertion(route, key.id(), arrival.now) {
                return Ok(kept);
            }
            let claims = claims(&routed.route, entry, gate, arrival, None);
            let value = sign(&claims)?;
            let lasts = Span::from_seconds(claims.exp.saturating_sub(claims.iat));
            let renew_at = arrival.now.plus(Span::from_millis(lasts.as_millis() - RENEW.as_millis()));
            entry.keep_assertion(SignedFor { route, signed_by: key.id().to_owned(), renew_at, value: value.clone() });
            Ok(value)
        }
    }
}

fn unsigned(error: &SignError) -> Refusal {
    tracing::error!(error = chain(error), "cannot sign an assertion");
    Code::Internal.into()
}

fn claims<'a>(
    route: &'a Route,
    entry: &'a Entry,
    gate: &'a Gate,
    arrival: &Arrival,
    bound_to: Option<&'a Routed>,
) -> Claims<'a> {
    let iat = arrival.now.as_seconds();
    let end = entry.expires_at().min(arrival.now.plus(ASSERTION));
    Claims {
        iss: &gate.server.public_url,
        aud: &route.config.assertion.audience,
        sub: entry.subject.id.as_str(),
        workspace: entry.workspace.id.as_str(),
        session: entry.session.id.as_str(),
        grant: entry.basis.grant().map(|grant| grant.id.as_str()),
        access: Access::as_str(entry.basis.access()),
        mode: entry.basis.mode(),
        ticket: entry.session.ticket.as_deref(),
        iat,
        nbf: iat,
        exp: end.as_seconds(),
        jti: Uuid::from_bytes(random::bytes()).simple().to_string(),
        act: Act { sub: entry.engineer.id.as_str(), email: entry.engineer.email.as_str() },
        method: bound_to.map(|routed| routed.request.method.as_str()),
        path: bound_to.map(|routed| routed.request.path.sent.as_str()),
    }
}

/// A header's value, or nothing is sent at all.
fn text(value: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_str(value)
        .map_err(|_| Refusal::because(Code::Internal, "a fact about this session cannot be written as a header"))
}

#[cfg(test)]
mod tests {
    use crate::request::{Arrived, normalize};

    use super::*;

    fn moved(to: &str) -> Option<HeaderValue> {
        let request = http::Request::builder().method("MOVE").uri("/dav/a").header("host", "Dav.example.com:8443");
        let head = request.header("destination", to).body(()).unwrap().into_parts().0;
        let arrived = Arrived { head: &head, secure: true, peer: [192, 0, 2, 1].into() };
        destination(&normalize(arrived).unwrap()).unwrap()
    }

    #[test]
    fn a_destination_reaches_the_app_in_the_spelling_that_was_judged() {
        for spelling in ["/dav/%7eb", "http://dav.example.com:8443/dav/~b", "https://DAV.example.com:8443/d%61v/~b"] {
            assert_eq!(moved(spelling).unwrap(), "https://dav.example.com:8443/dav/~b", "{spelling}");
        }
    }
}
