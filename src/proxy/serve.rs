//! One connection: HTTP/1.1 or HTTP/2, request after request; ours under `/.chaperone/`, all else through the spine.
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::rt::{Executor, Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use crate::domain::id::RequestId;

use super::body::Body;
use super::client_address::{Origin, Peer, origin};
use super::exchange::{Arrival, FIELDS, exchange};
use super::gate::Gate;
use super::patience::Patient;

/// What is never forwarded.
const RESERVED: &str = "/.chaperone";
/// How large a request's head may be, in bytes.
const HEAD: usize = 32 * 1024;
/// How long its head may take to arrive.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How many HTTP/2 streams a connection may have.
const STREAMS: u32 = 256;

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
pub(super) async fn serve<I>(io: I, connection: Connection, stop: CancellationToken)
where
    I: Read + Write + Unpin + Send + 'static,
{
    let cut = connection.gate.cut.clone();
    let builder = builder(Tracked(connection.gate.tasks.clone()));
    let heard = CancellationToken::new();
    let first = heard.clone();
    let service = service_fn(move |request| {
        first.cancel();
        answer(connection.clone(), request)
    });
    let serving = builder.serve_connection_with_upgrades(Patient::new(io), service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = silence(heard) => return,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            tokio::select! {
                ended = serving => ended,
                () = cut.cancelled() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = &*error, "a connection ended early");
    }
}

/// Resolves when no request was heard in time: before the first one hyper looks at no clock, and waits for the letters
/// that tell HTTP/1.1 from HTTP/2.
async fn silence(heard: CancellationToken) {
    if tokio::time::timeout(HEAD_TIME, heard.cancelled()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

/// Runs what HTTP/2 needs as tasks: the streams of clients are waited for by a shutdown.
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

fn builder(executor: Tracked) -> auto::Builder<Tracked> {
    let mut builder = auto::Builder::new(executor);
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_headers(FIELDS).max_buf_size(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEAD).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

async fn answer(connection: Connection, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let Connection { gate, mut reserved, peer, secure } = connection;
    if is_reserved(request.uri().path()) {
        let answer = reserved.call(request.map(axum::body::Body::new)).await?;
        return Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()));
    }
    let now = gate.clock.now();
    let (id, began) = (RequestId::mint(now), gate.clock.uptime());
    let trace = gate.traces.begin(&id, believed_trace(peer, request.headers()));
    let Origin { address: peer, secure } = origin(peer, secure, request.headers(), &gate.server);
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
