//! Sends what was permitted and recorded, and answers with what comes back; cut when the access lapses.
use std::sync::Arc;

use http::header::{CONNECTION, UPGRADE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use crate::audit::{Appended, Kind, Outcome};
use crate::domain::refusal::{Code, Refusal};
use crate::request::{Routed, Upgrade};
use crate::telemetry::logs::chain;

use super::authorize::Permitted;
use super::body::{Body, Lapse, Outgoing, Progress, Stopped};
use super::exchange::Arrival;
use super::gate::{Door, Gate};
use super::lapse::{Stands, Watch};
use super::record::{self, Recorded};
use super::stream::{self, Answer, Completion};
use super::upstream::NoAnswer;
use super::{inject, tunnel};

/// How an exchange without an answer of the app ends: in the trail, and for the client.
type Unanswered = (Outcome, Refusal);

/// Lets the request through.
///
/// # Errors
/// `upstream-unreachable`, `upstream-timeout`; `audit-unavailable` when the record does not reach the disk; the cause
/// when the access lapses before the app answers; `bad-request` when the client does not send its body whole.
pub(super) async fn forward(
    recorded: Recorded,
    mut request: Request<Incoming>,
    gate: &Arc<Gate>,
    arrival: &Arrival,
) -> Result<Response<Body>, Refusal> {
    let Recorded { permitted, pending } = recorded;
    let Permitted { routed, token, entry, chained, entering, permit, bundle } = permitted;
    let routed = Arc::new(routed);
    let progress = Arc::new(Progress::default());
    let completed = record::event(Kind::AccessCompleted, &entry, &routed, arrival);
    let mut completion = Completion::new(gate, completed, routed.route.index, arrival.began, Arc::clone(&progress));
    let over = CancellationToken::new();
    let client = routed.request.upgrade.as_ref().map(|_| hyper::upgrade::on(&mut request));
    let watch = Watch::new(gate, Stands { token, entry, bundle, chained }, &routed);
    let asking = Asking { gate, arrival, routed: &routed, watch, progress: &progress, over: &over, pending };
    // Whatever breaks this exchange off ends the request's body.
    let guard = over.clone().drop_guard();
    // The permit was for this one request: it is spent here.
    drop(permit);

    let (answer, lapse) = asking.ask(request.into_body()).await.map_err(|(outcome, refusal)| {
        completion.finish(outcome);
        refusal
    })?;
    if let (Some(client), StatusCode::SWITCHING_PROTOCOLS) = (client, answer.status()) {
        return Ok(tunnel::open(gate, client, answer, entering.into_stream(), lapse, completion));
    }
    let answer = Answer {
        head_and_body: answer,
        routed: &routed,
        now: arrival.now,
        stream: entering.into_stream(),
        lapse,
        over: guard,
        completion,
    };
    stream::respond(answer)
}

/// A request on its way.
struct Asking<'a> {
    gate: &'a Arc<Gate>,
    arrival: &'a Arrival,
    routed: &'a Arc<Routed>,
    watch: Watch,
    progress: &'a Arc<Progress>,
    over: &'a CancellationToken,
    pending: Option<Appended>,
}

impl Asking<'_> {
    /// Sends the request and waits for the head of the answer, and for the record to be on disk, as long as the access
    /// stands.
    async fn ask(mut self, body: Incoming) -> Result<(Response<Incoming>, Lapse), Unanswered> {
        let cut = |refusal| (Outcome::Cut, refusal);
        // While the record was written, something may have changed.
        self.watch.confirm().await.map_err(cut)?;
        let door = self.gate.door(self.routed.route.index).ok_or_else(|| cut(Code::Internal.into()))?;
        let headers = inject::headers(self.routed, self.watch.entry(), self.gate, door, self.arrival).map_err(cut)?;
        let target = target(self.routed).map_err(cut)?;
        let lapse = || -> Lapse { Box::pin(self.watch.clone().lapsed()) };
        let body = Outgoing::new(body, lapse, self.over, self.progress, &self.routed.route);
        let outgoing = outgoing(self.routed, headers, body);
        let passed = self.gate.clock.uptime().since(self.arrival.began);
        self.gate.metrics.overhead_seconds.observe(passed.as_secs_f64());
        let mut lapse = lapse();
        tokio::select! {
            biased;
            refusal = &mut lapse => Err(cut(refusal)),
            answered = self.answered(door, outgoing, target) => Ok((answered?, lapse)),
        }
    }

    async fn answered(
        mut self,
        door: &Door,
        outgoing: Request<Outgoing>,
        target: PathAndQuery,
    ) -> Result<Response<Incoming>, Unanswered> {
        let authority = &self.routed.request.authority;
        // An upgrade gets a connection of its own; everything else shares the pool.
        let answered = match self.routed.request.upgrade {
            Some(_) => door.upstream.send_alone(outgoing, target, &self.gate.tasks).await,
            None => door.upstream.send(outgoing, authority, target, self.progress).await,
        };
        let answer = answered.map_err(|error| self.no_answer(&error))?;
        if let Some(appended) = self.pending.take() {
            appended.durable().await.map_err(|no| (Outcome::Cut, record::unavailable(no)))?;
        }
        Ok(answer)
    }

    fn no_answer(&self, error: &NoAnswer) -> Unanswered {
        match self.progress.stopped() {
            Some(Stopped::Lapsed(refusal)) => return (Outcome::Cut, refusal.clone()),
            Some(Stopped::Client) => {
                let refusal = Refusal::because(Code::BadRequest, "the request's body ended before its end");
                return (Outcome::ClientGone, refusal);
            }
            None => {}
        }
        tracing::warn!(error = chain(error), "no answer from the app");
        let (kind, code) = match error {
            NoAnswer::Unreachable(_) => ("unreachable", Code::UpstreamUnreachable),
            NoAnswer::Timeout => ("timeout", Code::UpstreamTimeout),
        };
        self.gate.metrics.upstream_errors_total.with_label_values(&[kind]).inc();
        (Outcome::UpstreamFailed, code.into())
    }
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
