//! The app behind a route: its origins, pooled connections for ordinary requests, fresh ones for tunnels.
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::{PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use rustls::RootCertStore;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::body::{BoxError, Outgoing, Progress};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the app may take to answer with a head, counted from the last sign of life of the request's body.
const HEAD: Duration = Duration::from_mins(1);
/// How much of an answer is held while the client does not read it; also the longest head of an answer. In bytes.
const HELD: usize = 64 * 1024;
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_mins(1);

/// Why an upstream cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No authorities of certificates on this machine.
    #[error("no certificate authorities found on this machine; install `ca-certificates`, or set SSL_CERT_FILE")]
    NoRoots,
    /// The TLS library refuses its own defaults.
    #[error("TLS towards the upstream cannot be set up")]
    Tls(#[from] rustls::Error),
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

type Connector = HttpsConnector<HttpConnector>;

/// Connects to one address of the app, whatever host a request is for: the app sees the host that was judged, in
/// `:authority` as in `Host`.
#[derive(Debug, Clone)]
struct ToOrigin {
    connector: Connector,
    origin: Uri,
}

impl Service<Uri> for ToOrigin {
    type Response = <Connector as Service<Uri>>::Response;
    type Error = <Connector as Service<Uri>>::Error;
    type Future = <Connector as Service<Uri>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, _host: Uri) -> Self::Future {
        self.connector.call(self.origin.clone())
    }
}

/// One address of the app.
#[derive(Debug)]
struct Origin {
    scheme: Scheme,
    pooled: Client<ToOrigin, Outgoing>,
    fresh: ToOrigin,
}

/// The app behind one route.
#[derive(Debug)]
pub(super) struct Upstream {
    origins: Vec<Origin>,
    turn: AtomicUsize,
}

impl Upstream {
    /// `origins` are `http://`, `https://` (HTTP/2 by ALPN) or `h2c://` (HTTP/2 in plaintext, as gRPC may need it).
    pub(super) fn new(origins: &[Uri]) -> Result<Self, UpstreamError> {
        let tls = client_tls(origins.iter().any(|origin| origin.scheme() == Some(&Scheme::HTTPS)))?;
        let origins = origins.iter().filter_map(|origin| Origin::new(origin, &tls)).collect();
        Ok(Self { origins, turn: AtomicUsize::new(0) })
    }

    /// Sends a request for `authority` over a pooled connection and waits for the head of the answer, a minute at most
    /// after the last that was heard of its body.
    pub(super) async fn send(
        &self,
        mut request: Request<Outgoing>,
        authority: &str,
        target: PathAndQuery,
        progress: &Progress,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let origin = self.next()?;
        *request.uri_mut() = Uri::builder()
            .scheme(origin.scheme.clone())
            .authority(authority)
            .path_and_query(target)
            .build()
            .map_err(|error| NoAnswer::Unreachable(error.into()))?;
        let mut answer = origin.pooled.request(request);
        loop {
            let sent = progress.sent();
            match tokio::time::timeout(HEAD, &mut answer).await {
                Ok(answer) => return answer.map_err(|error| NoAnswer::Unreachable(error.into())),
                Err(_) if progress.sent() == sent => return Err(NoAnswer::Timeout),
                Err(_) => {}
            }
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
        let mut fresh = self.next()?.fresh.clone();
        // An HTTP/1.1 request's target is origin-form; `Host` is already among the headers.
        *request.uri_mut() = Uri::from(target);
        let answer = async {
            let io = fresh.call(Uri::default()).await?;
            let (mut sender, connection) =
                hyper::client::conn::http1::Builder::new().max_buf_size(HELD).handshake(io).await?;
            tasks.spawn(async move {
                if let Err(error) = connection.with_upgrades().await {
                    tracing::debug!(%error, "an upgraded connection to the app ended");
                }
            });
            Ok::<_, BoxError>(sender.send_request(request).await?)
        };
        match tokio::time::timeout(HEAD, answer).await {
            Ok(answer) => answer.map_err(NoAnswer::Unreachable),
            Err(_) => Err(NoAnswer::Timeout),
        }
    }

    fn next(&self) -> Result<&Origin, NoAnswer> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        turn.checked_rem(self.origins.len())
            .and_then(|index| self.origins.get(index))
            .ok_or_else(|| NoAnswer::Unreachable("the route has no usable upstream".into()))
    }
}

impl Origin {
    fn new(uri: &Uri, tls: &ClientConfig) -> Option<Self> {
        let http2_only = uri.scheme_str() == Some("h2c");
        let scheme = if uri.scheme() == Some(&Scheme::HTTPS) { Scheme::HTTPS } else { Scheme::HTTP };
        let authority = uri.authority()?.clone();
        let origin = Uri::builder().scheme(scheme.clone()).authority(authority).path_and_query("/").build().ok()?;
        let to_origin = |connector| ToOrigin { connector, origin: origin.clone() };
        let connector = || hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http();
        let pooled = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http1_max_buf_size(HELD)
            .set_host(false)
            .http2_only(http2_only)
            .build(to_origin(connector().enable_all_versions().wrap_connector(tcp())));
        let fresh = to_origin(connector().enable_http1().wrap_connector(tcp()));
        Some(Self { scheme, pooled, fresh })
    }
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    tcp
}

/// TLS by the machine's own certificate authorities; they are only read when some origin needs them.
fn client_tls(needed: bool) -> Result<ClientConfig, UpstreamError> {
    let mut roots = RootCertStore::empty();
    if needed {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(UpstreamError::NoRoots);
        }
    }
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
