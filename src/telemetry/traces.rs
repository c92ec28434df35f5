//! Where a request is in its trace (W3C Trace Context), and how long it took there: one span for each request.
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::id::RequestId;
use crate::domain::random;
use crate::domain::time::Timestamp;

use super::collector;
pub use super::collector::CollectorError;

/// How many ended spans wait for the collector at most; beyond that they are lost, never a request.
const QUEUE: usize = 4096;

/// Makes traces, and sends their spans to a collector when there is one.
#[derive(Debug)]
pub struct Traces {
    queue: Option<mpsc::Sender<SpanData>>,
    percent: u64,
}

/// A request's place in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    id: u128,
    span: u64,
    /// The span of whoever sent the request, when it is to be believed.
    parent: Option<u64>,
    sampled: bool,
}

/// What is said of a request when it is over. Times are wall time and how long it took.
#[derive(Debug)]
pub struct Over<'a> {
    /// When it arrived.
    pub began: Timestamp,
    /// How long it took, up to the last byte.
    pub took: Duration,
    /// Its id.
    pub request: &'a RequestId,
    /// Its method.
    pub method: &'a str,
    /// The route's place in the file, from 0; none: turned away before a route was found, or by it.
    pub route: Option<usize>,
    /// The status of the answer; 0: there was none.
    pub status: u16,
    /// The word that `chaperone_requests_total` counts it under.
    pub outcome: &'a str,
    /// The code of the refusal, if it was refused.
    pub code: Option<&'a str>,
}

impl Traces {
    /// None are sent; requests have their place in a trace all the same.
    #[must_use]
    pub fn off() -> Arc<Self> {
        Arc::new(Self { queue: None, percent: 100 })
    }

    /// Sends `percent` of the traces that begin here to the collector at `url`; a task among `tasks` does it until `stop`,
    /// and then sends what is left.
    ///
    /// # Errors
    /// When no client can be made for the collector's address.
    pub fn start(
        url: &Uri,
        percent: u64,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<Arc<Self>, CollectorError> {
        let (queue, ended) = mpsc::channel(QUEUE);
        let exporter = collector::exporter(url)?;
        tasks.spawn(collector::send(exporter, ended, stop));
        Ok(Arc::new(Self { queue: Some(queue), percent }))
    }

    /// The place of a request that begins. `inbound` is the `traceparent` of a sender that is to be believed; without one
    /// the trace's id is the request's own, so that both are found by one search.
    #[must_use]
    pub fn begin(&self, request: &RequestId, inbound: Option<&str>) -> Trace {
        let span = u64::from_be_bytes(random::bytes_for_names()) | 1;
        if let Some((id, parent, sampled)) = inbound.and_then(parse) {
            return Trace { id, span, parent: Some(parent), sampled };
        }
        let text = request.as_str();
        let hex = text.rsplit_once('_').map_or(text, |(_, uuid)| uuid);
        let id = u128::from_str_radix(hex, 16).unwrap_or_else(|_| u128::from_be_bytes(random::bytes()) | 1);
        // The last 32 bits are random in every id, so that every node chooses alike.
        let sampled = u64::try_from(id & 0xffff_ffff).is_ok_and(|low| low * 100 < self.percent << 32);
        Trace { id, span, parent: None, sampled }
    }

    /// A request is over: its span is sent, if it is sampled.
    pub fn end(&self, trace: Trace, over: &Over<'_>) {
        let Some(queue) = self.queue.as_ref().filter(|_| trace.sampled) else { return };
        // A collector that does not keep up loses spans; nobody waits for it.
        let _ = queue.try_send(span(trace, over));
    }
}

impl fmt::Display for Trace {
    /// As `traceparent` (W3C Trace Context, section 3.2).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.id, self.span, u8::from(self.sampled))
    }
}

/// The trace, the parent and whether it is sampled, of a well-formed `traceparent`.
fn parse(traceparent: &str) -> Option<(u128, u64, bool)> {
    let mut parts = traceparent.split('-');
    let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    // A later version may go on after these four; this one may not.
    let whole = parts.next().is_none() || version != "00";
    if !(hex(version, 2) && version != "ff" && hex(id, 32) && hex(span, 16) && hex(flags, 2) && whole) {
        return None;
    }
    let (id, span) = (u128::from_str_radix(id, 16).ok()?, u64::from_str_radix(span, 16).ok()?);
    let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
    (id != 0 && span != 0).then_some((id, span, sampled))
}

fn span(trace: Trace, over: &Over<'_>) -> SpanData {
    let mut attributes = vec![
        KeyValue::new("http.request.method", over.method.to_owned()),
        KeyValue::new("http.response.status_code", i64::from(over.status)),
        KeyValue::new("chaperone.request", over.request.to_string()),
        KeyValue::new("chaperone.outcome", over.outcome.to_owned()),
    ];
    let route = over.route.map(|route| KeyValue::new("chaperone.route", route.to_string()));
    attributes.extend(route);
    attributes.extend(over.code.map(|code| KeyValue::new("chaperone.code", code.to_owned())));
    // A refusal is what the gate is for; only a failure is an error (OpenTelemetry's semantic conventions for HTTP).
    let status = if over.status >= 500 { Status::error(over.outcome.to_owned()) } else { Status::Unset };
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes(trace.id.to_be_bytes()),
            SpanId::from_bytes(trace.span.to_be_bytes()),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: SpanId::from_bytes(trace.parent.unwrap_or(0).to_be_bytes()),
        parent_span_is_remote: trace.parent.is_some(),
        span_kind: SpanKind::Server,
        name: over.method.to_owned().into(),
        start_time: over.began.into(),
        end_time: std::time::SystemTime::from(over.began) + over.took,
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status,
        instrumentation_scope: InstrumentationScope::builder("chaperone").build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INBOUND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn request() -> RequestId {
        RequestId::mint("2026-11-22T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_new_trace_has_the_requests_own_id() {
        let request = request();
        let trace = Traces::off().begin(&request, None);
        let text = trace.to_string();
        let own = request.as_str().trim_start_matches("rq_");
        assert!(text.starts_with(&format!("00-{own}-")) && text.ends_with("-01"), "{text}");
        assert!(parse(&text).is_some(), "{text}");
    }

    #[test]
    fn a_believed_sender_stays_in_its_trace() {
        let trace = Traces::off().begin(&request(), Some(INBOUND));
        assert_eq!(trace.id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!((trace.parent, trace.sampled), (Some(0x00f0_67aa_0ba9_02b7), true));
        assert_ne!(trace.span, 0x00f0_67aa_0ba9_02b7, "a span of our own");
        let unsampled = INBOUND.replace("-01", "-00");
        assert!(!Traces::off().begin(&request(), Some(&unsampled)).sampled);
    }

    #[test]
    fn what_is_no_traceparent_begins_a_new_trace() {
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
            assert_eq!(Traces::off().begin(&request(), Some(bad)).parent, None, "{bad}");
        }
        assert!(parse(&INBOUND.replace("00-4b", "01-4b").replace("-01", "-01-later")).is_some());
    }

    #[test]
    fn a_share_of_the_traces_is_sampled() {
        let traces = Traces { queue: None, percent: 10 };
        let sampled = (0..5000).filter(|_| traces.begin(&request(), None).sampled).count();
        assert!((350..650).contains(&sampled), "{sampled} of 5000");
    }

    #[test]
    fn only_failures_are_errors() {
        let request = request();
        let over = |status, code| Over {
            began: "2026-11-22T12:00:00Z".parse().unwrap(),
            took: Duration::from_millis(7),
            request: &request,
            method: "GET",
            route: None,
            status,
            outcome: "refused",
            code,
        };
        let trace = Traces::off().begin(&request, None);
        let refused = span(trace, &over(403, Some("grant-missing")));
        assert_eq!(refused.status, Status::Unset);
        assert_eq!(refused.end_time.duration_since(refused.start_time).unwrap(), Duration::from_millis(7));
        assert_eq!(span(trace, &over(503, None)).status, Status::error("refused"));
    }
}
