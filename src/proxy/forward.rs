//! Sends what may pass, and answers with what comes back; cut when the access lapses.
use std::sync::Arc;

use http::header::{CONNECTION, UPGRADE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use crate::audit::{Appended, Outcome, Told};
use crate::cache::{Entering, Entry};
use crate::domain::refusal::{Code, Refusal};
use crate::request::{Routed, Upgrade};
use crate::telemetry::logs::chain;

use super::authorize::Permitted;
use super::banner::Banner;
use super::body::{Body, Lapse, Outgoing, Progress, Stopped};
use super::exchange::Arrival;
use super::gate::{Door, Gate};
use super::lapse::{Stands, Watch};
use super::record::{self, Recorded};
use super::refuse::TurnedAway;
use super::stream::{self, Answer, Completion};
use super::unimpersonated::Unimpersonated;
use super::upstream::NoAnswer;
use super::{inject, tunnel};

/// How an exchange without an answer of the app ends: in the trail, and for the client.
type Unanswered = (Outcome, Refusal);

/// Why a request may be sent. There is no other reason.
pub(super) enum Proof {
    /// The policies permit it, and the trail says so.
    Recorded(Box<Recorded>),
    /// It is nobody's whom we know, and its route is open to everybody.
    Unimpersonated(Unimpersonated),
}

/// Lets the request through.
///
/// # Errors
/// `upstream-unreachable`, `upstream-timeout`; `audit-unavailable` when the record does not reach the disk; the cause
/// when the access lapses before the app answers; `bad-request` when the client does not send its body whole.
pub(super) async fn forward(
    proof: Proof,
    mut request: Request<Incoming>,
    gate: &Arc<Gate>,
    arrival: &Arrival,
) -> Result<Response<Body>, Box<TurnedAway>> {
    let Passage { routed, footing, entering, told, pending } = Passage::of(proof, gate);
    let session = footing.session();
    let progress = Arc::new(Progress::default());
    let mut completion = Completion::new(gate, told, &routed, arrival, Arc::clone(&progress));
    let over = CancellationToken::new();
    let client = routed.request.upgrade.as_ref().map(|_| hyper::upgrade::on(&mut request));
    let banner = session.as_ref().and_then(|entry| Banner::wanted(&routed, entry));
    let asking = Asking {
        gate,
        arrival,
        routed: &routed,
        footing,
        progress: &progress,
        over: &over,
        pending,
        for_page: banner.is_some(),
    };
    // Whatever breaks this exchange off ends the request's body.
    let guard = over.clone().drop_guard();

    let refused = |refusal| {
        let turned_away = TurnedAway::new(refusal).let_through();
        let over = session.as_ref().is_some_and(|entry| entry.is_over(gate.clock.now()));
        Box::new(if over { turned_away.over() } else { turned_away })
    };
    let (answer, lapse) = asking.ask(request.into_body()).await.map_err(|(outcome, refusal)| {
        completion.finish(outcome);
        refused(refusal)
    })?;
    let answer = Answer {
        head_and_body: answer,
        routed: &routed,
        now: arrival.now,
        stream: entering.map(Entering::into_stream),
        lapse,
        over: guard,
        completion,
        banner,
    };
    match client {
        Some(client) if answer.head_and_body.status() == StatusCode::SWITCHING_PROTOCOLS => {
            Ok(tunnel::open(gate, client, answer))
        }
        Some(_) | None => stream::respond(answer).map_err(refused),
    }
}

/// What a proof is made of, once it is spent.
struct Passage {
    routed: Arc<Routed>,
    footing: Footing,
    /// Ending the session waits for this.
    entering: Option<Entering>,
    /// Who asks for what; none: the exchange is nobody's whom we know.
    told: Option<Told>,
    /// The record that must be on disk before any byte of the answer leaves.
    pending: Option<Appended>,
}

impl Passage {
    fn of(proof: Proof, gate: &Arc<Gate>) -> Self {
        match proof {
            Proof::Recorded(recorded) => {
                let Recorded { permitted, told, pending } = *recorded;
                let Permitted { routed, token, entry, chained, entering, permit, bundle } = permitted;
                // The permit was for this one request: it is spent here.
                drop(permit);
                let footing = Footing::Session(Watch::new(gate, Stands { token, entry, bundle, chained }, &routed));
                Self { routed, footing, entering: Some(entering), told: Some(told), pending }
            }
            Proof::Unimpersonated(unimpersonated) => {
                let routed = unimpersonated.into_routed();
                Self { routed, footing: Footing::Nobody, entering: None, told: None, pending: None }
            }
        }
    }
}

/// What an exchange stands on while it lasts.
enum Footing {
    /// A session's access, which may lapse.
    Session(Watch),
    /// Nobody's: nothing lapses.
    Nobody,
}

impl Footing {
    /// The session.
    fn session(&self) -> Option<Arc<Entry>> {
        match self {
            Self::Session(watch) => Some(Arc::clone(watch.entry())),
            Self::Nobody => None,
        }
    }

    /// Looks again at what the proof stood on.
    async fn confirm(&mut self) -> Result<(), Refusal> {
        match self {
            Self::Session(watch) => watch.confirm().await,
            Self::Nobody => Ok(()),
        }
    }

    fn lapse(&self) -> Lapse {
        match self {
            Self::Session(watch) => Box::pin(watch.clone().lapsed()),
            Self::Nobody => Box::pin(std::future::pending()),
        }
    }
}

/// A request on its way.
struct Asking<'a> {
    gate: &'a Arc<Gate>,
    arrival: &'a Arrival,
    routed: &'a Arc<Routed>,
    footing: Footing,
    progress: &'a Arc<Progress>,
    over: &'a CancellationToken,
    pending: Option<Appended>,
    /// Whether the answer may get a banner.
    for_page: bool,
}

impl Asking<'_> {
    /// Sends the request and waits for the head of the answer, and for the record to be on disk, as long as the access
    /// stands.
    async fn ask(mut self, body: Incoming) -> Result<(Response<Incoming>, Lapse), Unanswered> {
        let cut = |refusal| (Outcome::Cut, refusal);
        // While the record was written, something may have changed.
        self.footing.confirm().await.map_err(cut)?;
        let door = self.gate.door(self.routed.route.index).ok_or_else(|| cut(Code::Internal.into()))?;
        let mut headers = match &self.footing {
            Footing::Session(watch) => inject::in_session(self.routed, watch.entry(), self.gate, door, self.arrival),
            Footing::Nobody => inject::for_nobody(self.routed, self.arrival),
        }
        .map_err(cut)?;
        if self.for_page {
            Banner::ask(&mut headers);
        }
        let target = target(self.routed).map_err(cut)?;
        let limits = &self.gate.settings;
        let body = Outgoing::new(body, limits, || self.footing.lapse(), self.over, self.progress, &self.routed.route);
        let outgoing = outgoing(self.routed, headers, body);
        let passed = self.gate.clock.uptime().since(self.arrival.began);
        self.gate.metrics.overhead_seconds.observe(passed.as_secs_f64());
        let mut lapse = self.footing.lapse();
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
            Some(Stopped::Client(refusal)) => return (Outcome::ClientGone, refusal.clone()),
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
