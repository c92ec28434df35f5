//! What flows back: the answer's head sifted, its body guarded by the access behind it, its end recorded.
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, SET_COOKIE, TRAILER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio_util::sync::DropGuard;

use crate::audit::{self, AccessEvent, Kind, Outcome, Told};
use crate::cache::Stream;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::request::{Routed, safe_response_header, safe_trailer};
use crate::telemetry::traces::Over;

use super::banner::Banner;
use super::body::{Body, BoxError, Lapse, Lapsed, Progress, sift};
use super::cookie_jar;
use super::exchange::Arrival;
use super::gate::Gate;

/// Records how an exchange came to its end, whatever ends it.
pub(super) struct Completion {
    gate: Arc<Gate>,
    told: Option<Told>,
    routed: Arc<Routed>,
    arrival: Arrival,
    outcome: Outcome,
    status: u16,
    progress: Arc<Progress>,
    pub(super) received: u64,
}

impl Completion {
    /// Of what is `told`. Without that the exchange was nobody's whom we know, and is only counted.
    pub(super) fn new(
        gate: &Arc<Gate>,
        told: Option<Told>,
        routed: &Arc<Routed>,
        arrival: &Arrival,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            gate: Arc::clone(gate),
            told,
            routed: Arc::clone(routed),
            arrival: arrival.clone(),
            outcome: Outcome::ClientGone,
            status: 0,
            progress,
            received: 0,
        }
    }

    /// How it ended; without a word the client has gone away.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = status.as_u16();
    }

    /// Bytes of a tunnel that went upstream.
    pub(super) fn sent(&self, bytes: u64) {
        self.progress.advance(bytes);
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if self.outcome == Outcome::ClientGone && self.gate.cut.is_cancelled() {
            self.outcome = Outcome::Cut;
        }
        let took = self.gate.clock.uptime().since(self.arrival.began);
        let outcome = if self.told.is_some() { self.outcome.as_str() } else { "passed" };
        let route = self.routed.route.index;
        self.gate.count(Some(route), outcome);
        self.gate.traces.end(
            self.arrival.trace,
            &Over {
                began: self.arrival.now,
                took,
                request: &self.arrival.id,
                method: self.routed.request.method.as_str(),
                route: Some(route),
                status: self.status,
                outcome,
                code: None,
            },
        );
        let Some(told) = &self.told else { return };
        let response = audit::Response {
            status: self.status,
            bytes_in: self.progress.sent(),
            bytes_out: self.received,
            duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            outcome: self.outcome,
        };
        let (at, kind) = (self.gate.clock.now(), Kind::AccessCompleted);
        let event = AccessEvent { at, kind, told, decision: None, response: Some(response) };
        self.gate.journal.note(&event);
    }
}

/// An answer of the app, with all that guards it.
pub(super) struct Answer<'a> {
    pub(super) head_and_body: Response<Incoming>,
    pub(super) routed: &'a Routed,
    pub(super) now: Timestamp,
    /// The session's; none: the exchange is nobody's whom we know.
    pub(super) stream: Option<Stream>,
    pub(super) lapse: Lapse,
    /// Ends the request's body, unless the answer comes to its own end.
    pub(super) over: DropGuard,
    pub(super) completion: Completion,
    /// What is put on it if it is a page.
    pub(super) banner: Option<Banner>,
}

impl Answer<'_> {
    /// Its head for the client, but for trailers.
    pub(super) fn headers(&self) -> HeaderMap {
        let app = self.head_and_body.headers();
        match &self.stream {
            Some(stream) => in_session(app, self.routed, stream, self.now),
            None => for_nobody(app),
        }
    }
}

/// The answer for the client.
///
/// # Errors
/// `upstream-unreachable` for a switch of protocols that nobody asked for.
pub(super) fn respond(answer: Answer<'_>) -> Result<Response<Body>, Refusal> {
    let mut headers = answer.headers();
    let Answer { head_and_body, stream, lapse, over, mut completion, banner, .. } = answer;
    let (parts, body) = head_and_body.into_parts();
    completion.answered(parts.status);
    if parts.status.is_informational() {
        completion.finish(Outcome::UpstreamFailed);
        return Err(Refusal::because(Code::UpstreamUnreachable, "the app switched protocols unasked"));
    }
    if let Some(announced) = announced(&parts.headers) {
        headers.insert(TRAILER, announced);
    }
    let (bodiless, events) = (body.is_end_stream(), events(&headers));
    let mut guarded = Guarded { inner: body, stream, lapse, request: Some(over), completion, events, over: false };
    if bodiless {
        // Nobody asks an empty body for frames.
        guarded.complete();
    }
    let body = guarded.boxed_unsync();
    let body = match banner {
        Some(banner) => banner.put(parts.status, &mut headers, body),
        None => body,
    };
    let mut response = Response::new(body);
    *response.status_mut() = parts.status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// The app's head for an engineer: nothing that caches keep; its cookies stay in the session's jar.
fn in_session(app: &HeaderMap, routed: &Routed, stream: &Stream, now: Timestamp) -> HeaderMap {
    let mut headers = sifted(app, |name| !is_for_caches(name));
    keep_private(&mut headers);
    cookie_jar::keep(app, routed, &mut stream.live().jar(), now, &mut headers);
    headers
}

/// The app's head for somebody whom we do not know: as it is, but for what is of this hop, or would be of ours.
fn for_nobody(app: &HeaderMap) -> HeaderMap {
    let mut headers = sifted(app, |_| true);
    for cookie in app.get_all(SET_COOKIE).iter().filter(|cookie| !cookie_jar::sets_ours(cookie)) {
        headers.append(SET_COOKIE, cookie.clone());
    }
    headers
}

/// What of the app's head may reach the client, if it is `wanted`; cookies are not among it.
fn sifted(headers: &HeaderMap, wanted: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    let connection = listed(headers, &CONNECTION);
    let mut sifted = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        if safe_response_header(name, &connection) && wanted(name) {
            sifted.append(name.clone(), value.clone());
        }
    }
    sifted
}

/// The trailers that the app announces and that may pass: in HTTP/1.1 no others are sent.
fn announced(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut names = listed(headers, &TRAILER);
    names.retain(|name| safe_trailer(name, &HeaderValue::from_static("")));
    let names: Vec<&str> = names.iter().map(HeaderName::as_str).collect();
    if names.is_empty() { None } else { HeaderValue::try_from(names.join(", ")).ok() }
}

/// The field names that a list field holds.
fn listed(headers: &HeaderMap, field: &HeaderName) -> Vec<HeaderName> {
    let values = headers.get_all(field).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse().ok()).collect()
}

/// Nothing that was shown in a session is shown again undecided: not out of a shared cache, and not out of the browser's
/// own when the access has lapsed, or in the next session at the same address.
fn keep_private(headers: &mut HeaderMap) {
    let mut said = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let unstored = said.any(|value| value.to_ascii_lowercase().contains("no-store"));
    let kept = HeaderValue::from_static(if unstored { "no-store" } else { "private, no-cache" });
    headers.insert(CACHE_CONTROL, kept);
}

/// Whether the body is a stream of server-sent events in plain text.
fn events(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"text/event-stream")) && !headers.contains_key(CONTENT_ENCODING)
}

/// Whether a field speaks to shared caches alone (RFC 9213), past `Cache-Control`.
fn is_for_caches(name: &HeaderName) -> bool {
    name.as_str().ends_with("-cache-control") || matches!(name.as_str(), "surrogate-control" | "edge-control")
}

/// A body that ends with the access behind it.
struct Guarded {
    inner: Incoming,
    stream: Option<Stream>,
    lapse: Lapse,
    /// Ends the request's body, unless the answer comes to its own end: some apps answer first and read on.
    request: Option<DropGuard>,
    completion: Completion,
    /// Whether the body is a stream of server-sent events, whose reader can be told.
    events: bool,
    over: bool,
}

impl Guarded {
    fn complete(&mut self) {
        self.completion.finish(Outcome::Complete);
        // The body watches its access by itself.
        drop(self.request.take().map(DropGuard::disarm));
    }

    fn cut(&mut self, refusal: &Refusal) -> Result<Frame<Bytes>, BoxError> {
        self.over = true;
        self.request = None;
        self.completion.finish(Outcome::Cut);
        if !self.events {
            return Err(Lapsed.into());
        }
        // The blank lines end whatever event was being sent.
        let farewell = format!("\n\nevent: access-ended\ndata: {{\"code\":\"{}\"}}\n\n", refusal.code);
        Ok(Frame::data(farewell.into()))
    }
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.over {
            return Poll::Ready(None);
        }
        if let Some(cause) = self.stream.as_ref().and_then(|stream| stream.live().cause()) {
            return Poll::Ready(Some(self.cut(&cause.into())));
        }
        if let Poll::Ready(refusal) = self.lapse.as_mut().poll(cx) {
            return Poll::Ready(Some(self.cut(&refusal)));
        }
        loop {
            match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let Some(frame) = sift(frame, |_| true) else { continue };
                    self.completion.received += frame.data_ref().map_or(0, |data| data.len() as u64);
                    if self.inner.is_end_stream() {
                        self.complete();
                    }
                    return Poll::Ready(Some(Ok(frame)));
                }
                Some(Err(error)) => {
                    self.over = true;
                    self.completion.finish(Outcome::UpstreamFailed);
                    return Poll::Ready(Some(Err(error.into())));
                }
                None => {
                    self.over = true;
                    self.complete();
                    return Poll::Ready(None);
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_the_app_would_let_caches_keep_is_asked_for_again_each_time() {
        for (said, kept) in [
            (&[("cache-control", "public, max-age=600"), ("cache-control", "s-maxage=9")][..], "private, no-cache"),
            (&[], "private, no-cache"),
            (&[("cache-control", "private, No-Store")], "no-store"),
        ] {
            let mut answer = headers(said);
            keep_private(&mut answer);
            assert_eq!(answer.get_all(CACHE_CONTROL).iter().collect::<Vec<_>>(), [kept]);
        }
        let past =
            headers(&[("cdn-cache-control", "max-age=9"), ("surrogate-control", "max-age=9"), ("etag", "\"1\"")]);
        assert_eq!(sifted(&past, |name| !is_for_caches(name)), headers(&[("etag", "\"1\"")]));
    }

    #[test]
    fn a_farewell_is_only_written_into_events_in_plain_text() {
        assert!(events(&headers(&[("content-type", "text/event-stream; charset=utf-8")])));
        assert!(!events(&headers(&[("content-type", "text/event-stream"), ("content-encoding", "gzip")])));
        assert!(!events(&headers(&[("content-type", "text/html")])));
    }

    #[test]
    fn hop_by_hop_fields_cookies_and_our_family_end_here() {
        let answer = headers(&[
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("set-cookie", "sid=1"),
            ("x-chaperone-subject", "olga"),
            ("transfer-encoding", "chunked"),
            ("x-kept", "1"),
        ]);
        assert_eq!(sifted(&answer, |_| true), headers(&[("x-kept", "1")]));
    }

    #[test]
    fn customers_get_the_apps_own_cookies_and_words_to_caches_but_none_of_ours() {
        let answer = headers(&[
            ("set-cookie", "sid=1; HttpOnly"),
            ("set-cookie", "__Host-chaperone=EVIL; Secure; Path=/"),
            ("set-cookie", "=__Host-chaperone-staff=EVIL"),
            ("set-cookie", "__host-Chaperone-member=; Max-Age=0"),
            ("set-cookie", "search=chaperone"),
            ("cache-control", "public, max-age=600"),
            ("cdn-cache-control", "max-age=9"),
            ("x-chaperone-subject", "olga"),
            ("connection", "close"),
        ]);
        let kept = headers(&[
            ("cache-control", "public, max-age=600"),
            ("cdn-cache-control", "max-age=9"),
            ("set-cookie", "sid=1; HttpOnly"),
            ("set-cookie", "search=chaperone"),
        ]);
        assert_eq!(for_nobody(&answer), kept);
    }
}
