//! One address of the app: the connections to it, and how it does.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::NoAnswer;
use super::dial::{Dial, Dialed, Held, Io, Purpose, took_too_long};
use super::figures::{Figures, Open};
use super::link::Link;
use super::pool::{Pool, Ready};
use super::standing::Standing;
use crate::config::{Reach, Timeouts, UpstreamHost};
use crate::proxy::body::{BoxError, Outgoing};
use crate::proxy::serve::Tracked;

/// How many HTTP/1.1 connections wait for a request, at most.
const WAITING: usize = 1024;

/// How often an HTTP/2 connection with requests under way is asked whether it lives, and how long it may take to say so: who
/// shares a dead one would wait in vain.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// Why there is no answer, and what may be done about it.
pub(super) enum Failed {
    /// There is no connection: another origin may have one.
    Unconnected(Box<Request<Outgoing>>, NoAnswer),
    /// The connection was at its end before anything was sent: the next may serve.
    Unsent(Box<Request<Outgoing>>, NoAnswer),
    /// Something was sent: the app may have acted on it.
    Sent(NoAnswer),
}

/// How an origin is reached and named.
#[derive(Debug)]
pub(super) struct Address {
    /// For people: the origin as the file has it.
    pub(super) name: String,
    /// What requests to it name in HTTP/2.
    pub(super) scheme: Scheme,
    /// Its own host, with the port if there is one.
    pub(super) host: HeaderValue,
    /// Makes connections.
    pub(super) dial: Box<dyn Dial>,
}

/// One address of the app.
#[derive(Debug)]
pub(super) struct Origin {
    address: Address,
    /// Which host requests name.
    names: UpstreamHost,
    timeouts: Timeouts,
    most: usize,
    /// What is not taken of this is under way.
    room: Arc<Semaphore>,
    pool: Pool,
    /// Whether the app may speak HTTP/2: then one dials, and the others wait to share.
    shares: AtomicBool,
    turn: Semaphore,
    standing: Standing,
    figures: Figures,
    tasks: TaskTracker,
}

/// A place among those that may be under way at once.
type Room = OwnedSemaphorePermit;

impl Origin {
    /// An origin whose connections `tasks` drive.
    pub(super) fn new(address: Address, reach: &Reach, figures: Figures, tasks: TaskTracker) -> Self {
        Self {
            address,
            names: reach.host,
            timeouts: reach.timeouts,
            most: reach.connections.into(),
            room: Arc::new(Semaphore::new(reach.connections.into())),
            pool: Pool::new(WAITING, figures.idle.clone()),
            shares: AtomicBool::new(true),
            turn: Semaphore::new(1),
            standing: Standing::new(reach.health.failures.into(), reach.health.eject),
            figures,
            tasks,
        }
    }

    /// Whether others are to be asked first, and how much is under way here.
    pub(super) fn burden(&self) -> (bool, usize) {
        (self.standing.is_out(), self.most.saturating_sub(self.room.available_permits()))
    }

    /// For people: the origin as the file has it.
    pub(super) fn name(&self) -> &str {
        &self.address.name
    }

    /// Sends a request, whose target is in origin form, and waits for the head of the answer.
    pub(super) async fn send(
        self: &Arc<Self>,
        mut request: Request<Outgoing>,
        authority: &str,
    ) -> Result<Response<Incoming>, Failed> {
        let (ready, room) = match self.ready().await {
            Ok(ready) => ready,
            Err(why) => return Err(Failed::Unconnected(Box::new(request), why)),
        };
        self.name_host(&mut request);
        let sent = match ready {
            Ready::Own(mut link) => {
                in_origin_form(request.uri_mut());
                let sent = link.send(request).await;
                self.settle(link, room);
                sent
            }
            Ready::Shared(mut sender) => {
                let authority = self.own_host().and_then(|host| host.to_str().ok()).unwrap_or(authority);
                let uri = absolute(request.uri(), &self.address.scheme, authority);
                *request.uri_mut() = uri.map_err(|error| Failed::Sent(NoAnswer::Unreachable(error)))?;
                sender.try_send_request(request).await
            }
        };
        sent.inspect(|_| self.answered()).map_err(|error| self.unanswered(error))
    }

    /// A connection for one request alone, in HTTP/1.1.
    pub(super) async fn alone(self: &Arc<Self>) -> Result<Box<dyn Io>, NoAnswer> {
        let room = self.room().await?;
        let io = self.in_time(self.address.dial.dial(Purpose::Alone)).await.inspect_err(|_| self.unconnected())?.io;
        Ok(Box::new(Held::new(io, (self.figures.open(), room))))
    }

    /// Has a request name this origin's own host, where the file wants that.
    pub(super) fn name_host(&self, request: &mut Request<Outgoing>) {
        if let Some(host) = self.own_host() {
            request.headers_mut().insert(HOST, host.clone());
        }
    }

    /// Its own host, where requests name that.
    fn own_host(&self) -> Option<&HeaderValue> {
        match self.names {
            UpstreamHost::Rewrite => Some(&self.address.host),
            UpstreamHost::Preserve => None,
        }
    }

    /// Its own host, with the port if there is one.
    pub(super) fn host(&self) -> &HeaderValue {
        &self.address.host
    }

    /// Looks after the connections that nobody uses.
    pub(super) fn look(&self) {
        self.pool.look();
    }

    /// A check passed.
    pub(super) fn passed(&self) {
        if self.standing.passed() {
            self.figures.up.set(i64::from(!self.standing.is_out()));
            tracing::info!(upstream = self.name(), "the app passes its checks again");
        }
    }

    /// So many checks in a row failed, the last of them for this reason.
    pub(super) fn checks_failed(&self, in_a_row: u32, why: &str) {
        self.figures.check.inc();
        if self.standing.checks_failed(in_a_row) {
            self.figures.up.set(0);
            tracing::warn!(upstream = self.name(), why, "the app fails its checks: requests go elsewhere, if they can");
        }
    }

    /// A connection that can take a request now.
    async fn ready(self: &Arc<Self>) -> Result<(Ready, Room), NoAnswer> {
        let room = self.room().await?;
        let ready = match self.pool.take() {
            Some(ready) => ready,
            None => Box::pin(self.in_time(self.connected())).await.inspect_err(|_| self.unconnected())?,
        };
        Ok((ready, room))
    }

    async fn room(&self) -> Result<Room, NoAnswer> {
        if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
            return Ok(room);
        }
        let waited = tokio::time::timeout(self.timeouts.connect, Arc::clone(&self.room).acquire_owned()).await;
        let Ok(room) = waited else {
            self.figures.busy.inc();
            tracing::warn!(upstream = self.name(), most = self.most, "every connection to the app is in use");
            return Err(NoAnswer::Timeout);
        };
        room.map_err(|closed| NoAnswer::Unreachable(closed.into()))
    }

    /// A new connection, or one that another request has just made for all.
    async fn connected(&self) -> Result<Ready, BoxError> {
        let turn = self.turn.acquire().await?;
        let turn = self.shares.load(Ordering::Relaxed).then_some(turn);
        if let Some(ready) = turn.as_ref().and_then(|_| self.pool.take()) {
            return Ok(ready);
        }
        let Dialed { io, http2 } = self.address.dial.dial(Purpose::Pool).await?;
        self.shares.store(http2, Ordering::Relaxed);
        let open = self.figures.open();
        if http2 { self.share(io, open).await } else { Ok(Ready::Own(Box::new(Link::begin(io, open).await?))) }
    }

    async fn share(&self, io: Box<dyn Io>, open: Open) -> Result<Ready, BoxError> {
        let mut builder = http2::Builder::new(Tracked(self.tasks.clone()));
        builder.timer(TokioTimer::new()).keep_alive_interval(SIGN_OF_LIFE).keep_alive_timeout(SIGN_OF_LIFE);
        let (sender, connection) = builder.handshake(TokioIo::new(io)).await?;
        self.tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the app broke");
            }
            drop(open);
        });
        self.pool.share(sender.clone());
        Ok(Ready::Shared(sender))
    }

    async fn in_time<T>(&self, made: impl Future<Output = Result<T, BoxError>>) -> Result<T, NoAnswer> {
        match tokio::time::timeout(self.timeouts.connect, made).await {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(error)) if took_too_long(error.as_ref()) => Err(NoAnswer::Timeout),
            Ok(Err(error)) => Err(NoAnswer::Unreachable(error)),
            Err(_) => Err(NoAnswer::Timeout),
        }
    }

    /// Keeps a connection for the next request, once the answer has come whole.
    fn settle(self: &Arc<Self>, link: Box<Link>, room: Room) {
        if link.is_done() {
            self.pool.put(link);
        } else if link.is_open() {
            let origin = Arc::clone(self);
            self.tasks.spawn(async move {
                if let Some(link) = link.finish().await {
                    origin.pool.put(link);
                }
                drop(room);
            });
        }
    }

    fn answered(&self) {
        if self.standing.answered() {
            self.figures.up.set(i64::from(!self.standing.is_out()));
            tracing::info!(upstream = self.name(), "the app answers again");
        }
    }

    fn unanswered(self: &Arc<Self>, mut error: TrySendError<Request<Outgoing>>) -> Failed {
        let unsent = error.take_message();
        let error = error.into_error();
        if let Some(request) = unsent {
            return Failed::Unsent(Box::new(request), error.into());
        }
        // What the client or the gate broke off is not the app's fault.
        if !error.is_user() {
            self.figures.broken.inc();
            self.failed();
        }
        Failed::Sent(error.into())
    }

    fn unconnected(self: &Arc<Self>) {
        self.figures.unconnected.inc();
        self.failed();
    }

    fn failed(self: &Arc<Self>) {
        let Some(out) = self.standing.failed() else { return };
        self.figures.up.set(0);
        tracing::warn!(
            upstream = self.name(),
            seconds = out.as_secs_f64(),
            "the app fails: requests go elsewhere, if they can"
        );
        let origin = Arc::clone(self);
        self.tasks.spawn(async move {
            tokio::time::sleep(out).await;
            origin.standing.try_again();
            origin.figures.up.set(i64::from(!origin.standing.is_out()));
        });
    }
}

/// HTTP/1.1 says in the target what is asked for, and nothing else.
fn in_origin_form(uri: &mut Uri) {
    if uri.authority().is_some() {
        let parts = std::mem::take(uri).into_parts();
        *uri = parts.path_and_query.map(Uri::from).unwrap_or_default();
    }
}

/// HTTP/2 says scheme and authority, too.
fn absolute(uri: &Uri, scheme: &Scheme, authority: &str) -> Result<Uri, BoxError> {
    let mut parts = uri.clone().into_parts();
    parts.scheme = Some(scheme.clone());
    parts.authority = Some(authority.parse()?);
    Ok(Uri::from_parts(parts)?)
}
