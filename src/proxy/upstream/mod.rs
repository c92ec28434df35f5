//! THE APP BEHIND A ROUTE: its origins (`origin`), each with the connections that wait for a request (`pool`) and the way
//! to make new ones (`dial`, by `tls`). `link` is an HTTP/1.1 connection. `standing` says which origins are well, by how
//! they answer and by what `check` asks them; `figures` counts. Ordinary requests reuse connections; what may be upgraded
//! gets one of its own.
//!
//! The origin with the least under way is asked first. A connection takes another request only when the answer before
//! was read whole and the connection is ready. A request is repeated only when nothing of it was sent.
mod check;
mod dial;
mod figures;
mod link;
mod origin;
mod pool;
mod standing;
mod tls;

#[cfg(test)]
mod pool_tests;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use prometheus::IntCounter;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::body::{BoxError, Outgoing, Progress};
use crate::config::{HostMatch, Reach, Route};
use crate::telemetry::metrics::Metrics;
use dial::{Io, ToOrigin};
use figures::Figures;
use origin::{Address, Failed, Origin};
use tls::UpstreamTlsError;

/// How much of an answer is held while the client does not read it; also the longest head of an answer. In bytes.
const HELD: usize = 64 * 1024;
/// How often a request is tried whose connection is at its end before anything was sent.
const TRIES: usize = 3;

/// Why an upstream cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// TLS cannot be set up.
    #[error("TLS towards the app cannot be set up")]
    Tls(#[from] UpstreamTlsError),
    /// No certificate can be for the origin's host, or no request can name it.
    #[error("the upstream `{origin}` has no host that can be used")]
    Host {
        /// The origin.
        origin: Uri,
        /// Why.
        #[source]
        source: BoxError,
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
    /// How long the head of an answer may take.
    head: Duration,
    retries: IntCounter,
    /// Ends what runs beside.
    _over: DropGuard,
}

impl Upstream {
    /// The app of the route at this place in the file. Its origins are `http://`, `https://` (HTTP/2 by ALPN) or `h2c://`
    /// (HTTP/2 in plaintext, as gRPC may need it).
    ///
    /// # Errors
    /// When TLS cannot be set up for an origin that needs it.
    pub(super) fn new(place: usize, route: &Route, metrics: &Metrics) -> Result<Self, UpstreamError> {
        let secure = |origin: &Uri| origin.scheme() == Some(&Scheme::HTTPS);
        let files = &route.reach.tls;
        let tls = route.upstream.iter().any(secure).then(|| tls::config(files)).transpose()?;
        let address = |origin: &Uri| {
            let unfit = |source: BoxError| UpstreamError::Host { origin: origin.clone(), source };
            let tls = tls.as_ref().filter(|_| secure(origin)).map(|tls| (tls, files.server_name.as_deref()));
            let dial = ToOrigin::new(origin, tls, route.reach.timeouts.connect).map_err(|error| unfit(error.into()))?;
            let authority = origin.authority().map_or("", |authority| authority.as_str());
            let host = HeaderValue::from_str(authority).map_err(|error| unfit(error.into()))?;
            Ok(Address {
                name: origin.to_string().trim_end_matches('/').to_owned(),
                scheme: if secure(origin) { Scheme::HTTPS } else { Scheme::HTTP },
                host,
                dial: Box::new(dial),
            })
        };
        let addresses = route.upstream.iter().map(address).collect::<Result<_, UpstreamError>>()?;
        Ok(Self::at(addresses, &route.reach, (place, &route.host), metrics))
    }

    /// The app at these addresses.
    fn at(addresses: Vec<Address>, reach: &Reach, (place, host): (usize, &HostMatch), metrics: &Metrics) -> Self {
        let (tasks, over) = (TaskTracker::new(), CancellationToken::new());
        let origin = |(index, address)| {
            Arc::new(Origin::new(address, reach, Figures::new(metrics, place, index), tasks.clone()))
        };
        let origins: Vec<_> = addresses.into_iter().enumerate().map(origin).collect();
        tasks.spawn(over.clone().run_until_cancelled_owned(look(origins.clone(), reach.timeouts.idle)));
        if let Some(check) = &reach.health.check {
            for origin in &origins {
                let checks = check::check(Arc::clone(origin), check.clone(), host.clone());
                tasks.spawn(over.clone().run_until_cancelled_owned(checks));
            }
        }
        let retries = metrics.upstream_retries_total.with_label_values(&[place.to_string().as_str()]);
        Self { origins, turn: AtomicUsize::new(0), head: reach.timeouts.head, retries, _over: over.drop_guard() }
    }

    /// Sends a request for `authority` over a connection that others have used, or will, and waits for the head of the
    /// answer, for a time that counts from the last that was heard of the request's body.
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
            match tokio::time::timeout(self.head, &mut answer).await {
                Ok(answer) => return answer,
                Err(_) if progress.sent() == sent => return Err(NoAnswer::Timeout),
                Err(_) => {}
            }
        }
    }

    /// Asks one origin after the other, as long as nothing was sent.
    async fn answered(&self, mut request: Request<Outgoing>, authority: &str) -> Result<Response<Incoming>, NoAnswer> {
        let (mut unreached, mut tries) = (Vec::new(), 1);
        let mut last = None;
        while let Some((index, origin)) = self.next(&unreached) {
            if last.is_some() {
                self.retries.inc();
            }
            match origin.send(request, authority).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Sent(why)) => return Err(why),
                Err(Failed::Unconnected(unsent, why)) => {
                    unreached.push(index);
                    (request, last) = (*unsent, Some(why));
                }
                Err(Failed::Unsent(_, why)) if tries == TRIES => return Err(why),
                Err(Failed::Unsent(unsent, why)) => {
                    tries += 1;
                    (request, last) = (*unsent, Some(why));
                }
            }
        }
        Err(last.unwrap_or_else(no_origin))
    }

    /// Sends a request over a connection of its own, which no other request ever uses; for upgrades. The connection is
    /// one of `tasks`; it ends with the answer, or with what the answer is upgraded to.
    pub(super) async fn send_alone(
        &self,
        mut request: Request<Outgoing>,
        target: PathAndQuery,
        tasks: &TaskTracker,
    ) -> Result<Response<Incoming>, NoAnswer> {
        *request.uri_mut() = Uri::from(target);
        let answer = async {
            let (origin, io) = self.alone().await?;
            origin.name_host(&mut request);
            let (mut sender, connection) =
                hyper::client::conn::http1::Builder::new().max_buf_size(HELD).handshake(TokioIo::new(io)).await?;
            tasks.spawn(async move {
                if let Err(error) = connection.with_upgrades().await {
                    tracing::debug!(%error, "an upgraded connection to the app ended");
                }
            });
            Ok(sender.send_request(request).await?)
        };
        tokio::time::timeout(self.head, answer).await.unwrap_or(Err(NoAnswer::Timeout))
    }

    /// A new connection to the first origin that makes one.
    async fn alone(&self) -> Result<(&Arc<Origin>, Box<dyn Io>), NoAnswer> {
        let (mut unreached, mut last) = (Vec::new(), None);
        while let Some((index, origin)) = self.next(&unreached) {
            if last.is_some() {
                self.retries.inc();
            }
            match origin.alone().await {
                Ok(io) => return Ok((origin, io)),
                Err(why) => last = Some(why),
            }
            unreached.push(index);
        }
        Err(last.unwrap_or_else(no_origin))
    }

    /// The origin with the least under way, of those that are not out if there are any, and of equals the next in turn;
    /// none of `unreached`.
    fn next(&self, unreached: &[usize]) -> Option<(usize, &Arc<Origin>)> {
        if let [only] = self.origins.as_slice() {
            return unreached.is_empty().then_some((0, only));
        }
        let first = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(self.origins.len())?;
        let (before, after) = self.origins.split_at_checked(first)?;
        let in_turn = (first..).zip(after).chain((0..).zip(before));
        let left = in_turn.filter(|(index, _)| !unreached.contains(index));
        left.min_by_key(|(_, origin)| origin.burden())
    }
}

impl From<hyper::Error> for NoAnswer {
    fn from(error: hyper::Error) -> Self {
        Self::Unreachable(error.into())
    }
}

fn no_origin() -> NoAnswer {
    NoAnswer::Unreachable("the route has no upstream".into())
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
