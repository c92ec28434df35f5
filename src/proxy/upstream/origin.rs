//! One address of the app: how it is dialed, and the connections to it.
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::uri::{InvalidUri, Scheme};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::NoAnswer;
use super::dial::{Dial, Dialed, Io, Purpose};
use super::link::Link;
use super::pool::{Pool, Ready};
use crate::proxy::body::{BoxError, Outgoing};
use crate::proxy::serve::Tracked;

/// How many HTTP/1.1 connections wait for a request, at most.
const WAITING: usize = 1024;

/// Why there is no answer.
pub(super) struct Failed {
    pub(super) why: NoAnswer,
    /// The request, when nothing of it was sent.
    pub(super) unsent: Option<Box<Request<Outgoing>>>,
}

/// One address of the app.
#[derive(Debug)]
pub(super) struct Origin {
    scheme: Scheme,
    dial: Box<dyn Dial>,
    connect: Duration,
    pool: Pool,
    /// Whether the app may speak HTTP/2: then one dials, and the others wait to share.
    shares: AtomicBool,
    turn: Semaphore,
    tasks: TaskTracker,
}

impl Origin {
    /// An origin that `dial` reaches, within `connect`; `tasks` drive its connections.
    pub(super) fn new(scheme: Scheme, dial: Box<dyn Dial>, connect: Duration, tasks: TaskTracker) -> Self {
        let pool = Pool::new(WAITING);
        Self { scheme, dial, connect, pool, shares: AtomicBool::new(true), turn: Semaphore::new(1), tasks }
    }

    /// Sends a request, whose target is in origin form, and waits for the head of the answer.
    pub(super) async fn send(
        self: &Arc<Self>,
        mut request: Request<Outgoing>,
        authority: &str,
    ) -> Result<Response<Incoming>, Failed> {
        let ready = match self.pool.take() {
            Some(ready) => ready,
            None => Box::pin(self.connected()).await?,
        };
        match ready {
            Ready::Own(mut link) => {
                let sent = link.send(request).await;
                self.settle(link);
                sent.map_err(Failed::from)
            }
            Ready::Shared(mut sender) => {
                let target = request.uri().clone();
                *request.uri_mut() = absolute(&target, &self.scheme, authority)?;
                sender.try_send_request(request).await.map_err(|error| {
                    let mut failed = Failed::from(error);
                    if let Some(request) = &mut failed.unsent {
                        *request.uri_mut() = target;
                    }
                    failed
                })
            }
        }
    }

    /// A connection for one request alone, in HTTP/1.1.
    pub(super) async fn alone(&self) -> Result<Box<dyn Io>, NoAnswer> {
        Ok(self.in_time(self.dial.dial(Purpose::Alone)).await?.io)
    }

    /// Looks after the connections that nobody uses.
    pub(super) fn look(&self) {
        self.pool.look();
    }

    /// A new connection, or one that another request has just made for all.
    async fn connected(&self) -> Result<Ready, NoAnswer> {
        self.in_time(async {
            let turn = self.turn.acquire().await?;
            let turn = self.shares.load(Ordering::Relaxed).then_some(turn);
            if let Some(ready) = turn.as_ref().and_then(|_| self.pool.take()) {
                return Ok(ready);
            }
            let Dialed { io, http2 } = self.dial.dial(Purpose::Pool).await?;
            self.shares.store(http2, Ordering::Relaxed);
            if http2 { self.share(io).await } else { Ok(Ready::Own(Box::new(Link::begin(io).await?))) }
        })
        .await
    }

    async fn share(&self, io: Box<dyn Io>) -> Result<Ready, BoxError> {
        let mut builder = http2::Builder::new(Tracked(self.tasks.clone()));
        let (sender, connection) = builder.timer(TokioTimer::new()).handshake(TokioIo::new(io)).await?;
        self.tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the app broke");
            }
        });
        self.pool.share(sender.clone());
        Ok(Ready::Shared(sender))
    }

    async fn in_time<T>(&self, made: impl Future<Output = Result<T, BoxError>>) -> Result<T, NoAnswer> {
        match tokio::time::timeout(self.connect, made).await {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(error)) if took_too_long(error.as_ref()) => Err(NoAnswer::Timeout),
            Ok(Err(error)) => Err(NoAnswer::Unreachable(error)),
            Err(_) => Err(NoAnswer::Timeout),
        }
    }

    /// Keeps a connection for the next request, once the answer has come whole.
    fn settle(self: &Arc<Self>, mut link: Box<Link>) {
        if link.is_ready() {
            self.pool.put(link);
        } else {
            let origin = Arc::clone(self);
            self.tasks.spawn(async move {
                if let Some(link) = link.finish().await {
                    origin.pool.put(link);
                }
            });
        }
    }
}

impl From<NoAnswer> for Failed {
    fn from(why: NoAnswer) -> Self {
        Self { why, unsent: None }
    }
}

impl From<TrySendError<Request<Outgoing>>> for Failed {
    fn from(mut error: TrySendError<Request<Outgoing>>) -> Self {
        let unsent = error.take_message().map(Box::new);
        Self { why: NoAnswer::Unreachable(error.into_error().into()), unsent }
    }
}

/// HTTP/2 says scheme and authority in the target.
fn absolute(target: &Uri, scheme: &Scheme, authority: &str) -> Result<Uri, NoAnswer> {
    let mut parts = target.clone().into_parts();
    parts.scheme = Some(scheme.clone());
    parts.authority = Some(authority.parse().map_err(|error: InvalidUri| NoAnswer::Unreachable(error.into()))?);
    Uri::from_parts(parts).map_err(|error| NoAnswer::Unreachable(error.into()))
}

/// Whether a connection could not be made because an address did not answer in time.
fn took_too_long(error: &(dyn Error + 'static)) -> bool {
    let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    let chain = std::iter::successors(Some(error), |error| (**error).source());
    chain.filter_map(|error| error.downcast_ref()).any(timed_out)
}
