//! Sends what was permitted and recorded, and answers with what comes back; cut when the access lapses.
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::header::{CONNECTION, UPGRADE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use crate::audit::{Kind, Outcome};
use crate::domain::refusal::{Code, Refusal};
use crate::request::{Routed, Upgrade};
use crate::telemetry::logs::chain;

use super::authorize::Permitted;
use super::body::{Body, Outgoing};
use super::exchange::Arrival;
use super::gate::{Door, Gate};
use super::lapse::Watch;
use super::record::{self, Recorded};
use super::refuse::TurnedAway;
use super::stream::{self, Answer, Completion, Lapse};
use super::upstream::NoAnswer;
use super::{inject, tunnel};

/// Lets the request through.
///
/// # Errors
/// `upstream-unreachable`, `upstream-timeout`; `audit-unavailable` when the record does not reach the disk; the cause
/// when the access lapses before the app answers.
pub(super) async fn forward(
    recorded: Recorded,
    mut request: Request<Incoming>,
    gate: &Arc<Gate>,
    arrival: &Arrival,
) -> Result<Response<Body>, Box<TurnedAway>> {
    let Recorded { permitted, pending } = recorded;
    let Permitted { routed, token, entry, chained, entering, permit } = permitted;
    let door = gate.door(routed.route.index).ok_or(Code::Internal)?;
    let headers = inject::headers(&routed, &entry, gate, door, arrival)?;
    let target = target(&routed)?;
    let routed = Arc::new(routed);
    let sent = Arc::new(AtomicU64::new(0));
    let completed = record::event(Kind::AccessCompleted, &entry, &routed, arrival);
    let mut completion = Completion::new(gate, completed, routed.route.index, arrival.began, Arc::clone(&sent));
    let cut = CancellationToken::new();
    let watch =
        Watch { gate: Arc::clone(gate), token, entry: Arc::clone(&entry), routed: Arc::clone(&routed), chained };
    let mut lapse: Lapse = Box::pin(watch.lapsed());
    let client = routed.request.upgrade.as_ref().map(|_| hyper::upgrade::on(&mut request));
    let body = Outgoing::new(request.into_body(), &entry.live, &cut, sent, &routed.route);
    let outgoing = outgoing(&routed, headers, body);
    // The permit was for this one request: it is spent here.
    drop(permit);
    gate.metrics.overhead_seconds.observe(gate.clock.uptime().since(arrival.began).as_secs_f64());

    let answered = tokio::select! {
        biased;
        refusal = &mut lapse => {
            cut.cancel();
            completion.finish(Outcome::Cut);
            return Err(refusal.into());
        }
        answered = send(gate, door, outgoing, target, client.is_some()) => answered,
    };
    let answer = answered.map_err(|error| {
        completion.finish(Outcome::UpstreamFailed);
        no_answer(gate, &error)
    })?;
    if let Some(appended) = pending {
        appended.durable().await.map_err(record::unavailable)?;
    }
    if let (Some(client), StatusCode::SWITCHING_PROTOCOLS) = (client, answer.status()) {
        return Ok(tunnel::open(gate, client, answer, entering.into_stream(), lapse, completion));
    }
    let answer = Answer {
        head_and_body: answer,
        routed: &routed,
        now: arrival.now,
        stream: entering.into_stream(),
        lapse,
        cut,
        completion,
    };
    Ok(stream::respond(answer)?)
}

/// The same path, byte for byte, that the policies judged, and the query.
fn target(routed: &Routed) -> Result<PathAndQuery, Refusal> {
    let path = &routed.request.path.sent;
    let target = match &routed.request.query {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path.as_str()),
    };
    target.map_err(|_| Code::BadRequest.into())
}

fn outgoing(routed: &Routed, headers: HeaderMap, body: Outgoing) -> Request<Outgoing> {
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = routed.request.method.clone();
    *outgoing.headers_mut() = headers;
    match routed.request.upgrade {
        Some(Upgrade::WebSocket) => {
            outgoing.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            outgoing.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        None => {}
    }
    outgoing
}

/// An upgrade gets a connection of its own; everything else shares the pool.
async fn send(
    gate: &Gate,
    door: &Door,
    outgoing: Request<Outgoing>,
    target: PathAndQuery,
    alone: bool,
) -> Result<Response<Incoming>, NoAnswer> {
    if alone {
        door.upstream.send_alone(outgoing, target, &gate.tasks).await
    } else {
        door.upstream.send(outgoing, target).await
    }
}

fn no_answer(gate: &Gate, error: &NoAnswer) -> Refusal {
    tracing::warn!(error = chain(error), "no answer from the app");
    let (kind, code) = match error {
        NoAnswer::Unreachable(_) => ("unreachable", Code::UpstreamUnreachable),
        NoAnswer::Timeout => ("timeout", Code::UpstreamTimeout),
    };
    gate.metrics.upstream_errors_total.with_label_values(&[kind]).inc();
    code.into()
}
