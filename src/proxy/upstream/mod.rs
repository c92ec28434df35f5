//! THE APP BEHIND A ROUTE: its origins (`origin`), each with the connections that wait for a request (`pool`) and the way
//! to make new ones (`dial`, by `tls`). `link` is an HTTP/1.1 connection. Ordinary requests reuse connections; what may
//! be upgraded gets one of its own.
//!
//! A connection takes another request only when the answer before was read whole and the connection is ready. A request
//! is repeated only when nothing of it was sent.
mod dial;
mod link;
mod origin;
mod pool;
mod tls;

#[cfg(test)]
mod pool_tests;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::uri::{PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::body::{BoxError, Outgoing, Progress};
use dial::{Dial, ToOrigin};
use origin::{Failed, Origin};

/// How much of an answer is held while the client does not read it; also the longest head of an answer. In bytes.
const HELD: usize = 64 * 1024;
/// How often a request is tried that cannot be sent.
const TRIES: usize = 3;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
struct Timeouts {
    /// A connection, until it is made.
    connect: Duration,
    /// The app, until the head of its answer; counted from the last sign of life of the request's body.
    head: Duration,
    /// A connection that nobody uses, until it is closed.
    idle: Duration,
}

const TIMEOUTS: Timeouts =
    Timeouts { connect: Duration::from_secs(5), head: Duration::from_mins(1), idle: Duration::from_mins(1) };

/// Why an upstream cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No authorities of certificates on this machine.
    #[error("no certificate authorities found on this machine; install `ca-certificates`, or set SSL_CERT_FILE")]
    NoRoots,
    /// The TLS library refuses its own defaults.
    #[error("TLS towards the upstream cannot be set up")]
    Tls(#[from] rustls::Error),
    /// No certificate can be for the origin's host.
    #[error("no certificate can be for the upstream `{origin}`")]
    Name {
        /// The origin.
        origin: Uri,
        /// Why.
        #[source]
        source: rustls::pki_types::InvalidDnsNameError,
    },
}

/// Why an upstream did not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// No connection, or it broke.
    #[error("the app does not answer")]
    Unreachable(#[source] BoxError),
    /// It took too long.
    #[error("the app took too long")]
    Timeout,
}

/// The app behind one route.
#[derive(Debug)]
pub(super) struct Upstream {
    origins: Vec<Arc<Origin>>,
    turn: AtomicUsize,
    timeouts: Timeouts,
    /// Ends what runs beside.
    _over: DropGuard,
}

impl Upstream {
    /// `origins` are `http://`, `https://` (HTTP/2 by ALPN) or `h2c://` (HTTP/2 in plaintext, as gRPC may need it).
    ///
    /// # Errors
    /// When TLS cannot be set up for an origin that needs it.
    pub(super) fn new(origins: &[Uri]) -> Result<Self, UpstreamError> {
        let tls = tls::config(origins.iter().any(|origin| origin.scheme() == Some(&Scheme::HTTPS)))?;
        let dial = |origin: &Uri| {
            let dial = ToOrigin::new(origin, &tls, TIMEOUTS.connect)
                .map_err(|source| UpstreamError::Name { origin: origin.clone(), source })?;
            let scheme = if origin.scheme() == Some(&Scheme::HTTPS) { Scheme::HTTPS } else { Scheme::HTTP };
            Ok((scheme, Box::new(dial) as Box<dyn Dial>))
        };
        Ok(Self::dialed_by(origins.iter().map(dial).collect::<Result<_, UpstreamError>>()?, TIMEOUTS))
    }

    /// One origin for each way to dial, with the scheme that requests to it name.
    fn dialed_by(dials: Vec<(Scheme, Box<dyn Dial>)>, timeouts: Timeouts) -> Self {
        let tasks = TaskTracker::new();
        let origin = |(scheme, dial)| Arc::new(Origin::new(scheme, dial, timeouts.connect, tasks.clone()));
        let origins: Vec<_> = dials.into_iter().map(origin).collect();
        let over = CancellationToken::new();
        tasks.spawn(over.clone().run_until_cancelled_owned(look(origins.clone(), timeouts.idle)));
        Self { origins, turn: AtomicUsize::new(0), timeouts, _over: over.drop_guard() }
    }

    /// Sends a request for `authority` over a connection that others have used, or will, and waits for the head of the
    /// answer, a minute at most after the last that was heard of its body.
    pub(super) async fn send(
        &self,
        mut request: Request<Outgoing>,
        authority: &str,
        target: PathAndQuery,
        progress: &Progress,
    ) -> Result<Response<Incoming>, NoAnswer> {
        *request.uri_mut() = Uri::from(target);
        let mut answer = std::pin::pin!(self.answered(request, authority));
        loop {
            let sent = progress.sent();
            match tokio::time::timeout(self.timeouts.head, &mut answer).await {
                Ok(answer) => return answer,
                Err(_) if progress.sent() == sent => return Err(NoAnswer::Timeout),
                Err(_) => {}
            }
        }
    }

    async fn answered(&self, mut request: Request<Outgoing>, authority: &str) -> Result<Response<Incoming>, NoAnswer> {
        let mut tries = 1;
        loop {
            match self.next()?.send(request, authority).await {
                Ok(answer) => return Ok(answer),
                Err(Failed { unsent: Some(unsent), .. }) if tries < TRIES => request = *unsent,
                Err(Failed { why, .. }) => return Err(why),
            }
            tries += 1;
        }
    }

    /// Sends a request over a connection of its own, which no other request ever uses; for upgrades. The connection is
    /// one of `tasks`; it ends with the answer, or with what the answer is upgraded to.
    pub(super) async fn send_alone(
        &self,
        mut request: Request<Outgoing>,
        target: PathAndQuery,
        tasks: &TaskTracker,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let origin = self.next()?;
        // An HTTP/1.1 request's target is origin-form; `Host` is already among the headers.
        *request.uri_mut() = Uri::from(target);
        let answer = async {
            let io = TokioIo::new(origin.alone().await?);
            let (mut sender, connection) =
                hyper::client::conn::http1::Builder::new().max_buf_size(HELD).handshake(io).await?;
            tasks.spawn(async move {
                if let Err(error) = connection.with_upgrades().await {
                    tracing::debug!(%error, "an upgraded connection to the app ended");
                }
            });
            Ok(sender.send_request(request).await?)
        };
        tokio::time::timeout(self.timeouts.head, answer).await.unwrap_or(Err(NoAnswer::Timeout))
    }

    fn next(&self) -> Result<&Arc<Origin>, NoAnswer> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        turn.checked_rem(self.origins.len())
            .and_then(|index| self.origins.get(index))
            .ok_or_else(|| NoAnswer::Unreachable("the route has no usable upstream".into()))
    }
}

impl From<hyper::Error> for NoAnswer {
    fn from(error: hyper::Error) -> Self {
        Self::Unreachable(error.into())
    }
}

/// Closes connections that nobody has used for `idle`, for ever.
async fn look(origins: Vec<Arc<Origin>>, idle: Duration) {
    loop {
        tokio::time::sleep(idle / u32::from(pool::LOOKS)).await;
        for origin in &origins {
            origin.look();
        }
    }
}
