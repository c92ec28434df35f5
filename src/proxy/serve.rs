//! One connection: HTTP/1.1 or HTTP/2, request after request; ours under `/.chaperone/`, all else through the spine.
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use crate::config::Limits;
use crate::domain::id::RequestId;
use crate::limits::{Client, Seat};

use super::body::Body;
use super::client_address::{Origin, Peer, origin};
use super::exchange::{Arrival, exchange};
use super::gate::Gate;
use super::pace::Paced;
use super::patience::Patient;
use super::pulse::Pulse;
use super::taken::{Exchange, Streams};
use super::watch::{End, Watch};

/// What is never forwarded.
const RESERVED: &str = "/.chaperone";
/// How often an HTTP/2 client is asked whether it is still there, and how long it has to answer.
const PING: Duration = Duration::from_secs(20);

/// What a connection's requests have in common.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) gate: Arc<Gate>,
    /// Answers everything under the reserved prefix.
    pub(super) reserved: Router,
    pub(super) peer: Peer,
    pub(super) secure: bool,
}

/// Serves one connection until it is closed; `stop` lets it finish what it has begun, until the gate cuts it.
pub(super) async fn serve<I>(io: I, seat: Seat, connection: Connection, stop: CancellationToken)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let gate = Arc::clone(&connection.gate);
    let (settings, pulse) = (&gate.settings, Arc::<Pulse>::default());
    let builder = builder(settings, &gate.tasks);
    let io = TokioIo::new(Patient::new(io, Some(seat), settings.write_time, &pulse));
    let mut watch = Watch::new(&pulse, &gate.clock, settings);
    let service = service_fn(move |request: Request<Incoming>| {
        let exchange = Exchange::begin(&pulse, request.version());
        let connection = connection.clone();
        async move { Ok::<_, Infallible>(exchange.answer(answer(connection, request).await?)) }
    });
    let mut serving = pin!(builder.serve_connection_with_upgrades(io, service));
    let ended = tokio::select! {
        biased;
        ended = &mut serving => ended,
        end = &mut watch => match end {
            End::Slow | End::Abused => return tracing::debug!(?end, "a connection is closed"),
            End::Idle => {
                serving.as_mut().graceful_shutdown();
                let Ok(ended) = tokio::time::timeout(settings.head_time, serving).await else { return };
                ended
            }
        },
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            tokio::select! {
                ended = serving => ended,
                () = gate.cut.cancelled() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = &*error, "a connection ended early");
    }
}

/// Runs what HTTP/2 needs towards apps as tasks.
#[derive(Clone)]
pub(super) struct Tracked(pub(super) TaskTracker);

impl<F> Executor<F> for Tracked
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}

/// Hyper's own limits. It has none on how long heads and pauses take: those are [`Watch`]'s, for all of them alike.
fn builder(limits: &Limits, tasks: &TaskTracker) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(Streams { tasks: tasks.clone(), longest: limits.write_time });
    let resets = usize::try_from(limits.h2_resets).unwrap_or(usize::MAX);
    let send_buffer = usize::try_from(limits.h2_send_buffer).unwrap_or(usize::MAX);
    let head = usize::try_from(limits.head).unwrap_or(usize::MAX);
    builder.http1().header_read_timeout(None).max_headers(limits.head_fields).max_buf_size(head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.h2_streams)
        .max_header_list_size(limits.head)
        .initial_connection_window_size(limits.h2_window)
        .initial_stream_window_size(limits.h2_stream_window.min(limits.h2_window))
        .max_send_buf_size(send_buffer)
        .max_local_error_reset_streams(resets)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}

async fn answer(connection: Connection, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let Connection { gate, mut reserved, peer, secure } = connection;
    let came = origin(peer, secure, request.headers(), &gate.server);
    if is_reserved(request.uri().path()) {
        let mut paced = request.map(|body| axum::body::Body::new(Paced::new(body, &gate.settings)));
        paced.extensions_mut().insert(Client(came.address));
        let answer = reserved.call(paced).await?;
        return Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()));
    }
    let now = gate.clock.now();
    let (id, began) = (RequestId::mint(now), gate.clock.uptime());
    let trace = gate.traces.begin(&id, believed_trace(peer, request.headers()));
    let Origin { address: peer, secure } = came;
    let arrival = Arrival { id, now, began, peer, secure, trace };
    let (head, body) = request.into_parts();
    Ok(exchange(&gate, arrival, head, body).await)
}

fn is_reserved(path: &str) -> bool {
    path.strip_prefix(RESERVED).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The place in a trace that a trusted proxy gives; a client's own word on it counts for nothing.
fn believed_trace(peer: Peer, headers: &HeaderMap) -> Option<&str> {
    headers.get("traceparent").filter(|_| peer.is_trusted)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserved_prefix_ends_at_a_segment() {
        assert!(is_reserved("/.chaperone") && is_reserved("/.chaperone/jwks.json"));
        assert!(!is_reserved("/.chaperones") && !is_reserved("/x/.chaperone/"));
    }
}
