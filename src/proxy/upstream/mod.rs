//! The app behind a route: its origins, pooled connections for ordinary requests, fresh ones for tunnels.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
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

use super::body::{BoxError, Outgoing};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the app may take to answer with a head.
const HEAD: Duration = Duration::from_mins(1);
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

/// One address of the app.
#[derive(Debug, Clone)]
struct Origin {
    scheme: Scheme,
    authority: Authority,
    http2: bool,
}

type Connector = HttpsConnector<HttpConnector>;

/// The app behind one route.
#[derive(Debug)]
pub(super) struct Upstream {
    origins: Vec<Origin>,
    turn: AtomicUsize,
    pooled: Client<Connector, Outgoing>,
    pooled_http2: Client<Connector, Outgoing>,
    fresh: Connector,
}

impl Upstream {
    /// `origins` are `http://`, `https://` (HTTP/2 by ALPN) or `h2c://` (HTTP/2 in plaintext, as gRPC may need it).
    pub(super) fn new(origins: &[Uri]) -> Result<Self, UpstreamError> {
        let origins: Vec<Origin> = origins.iter().filter_map(Origin::new).collect();
        let tls = client_tls(origins.iter().any(|origin| origin.scheme == Scheme::HTTPS))?;
        let all = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp());
        let fresh = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp());
        let client = || {
            let mut builder = Client::builder(TokioExecutor::new());
            builder.timer(TokioTimer::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).set_host(false);
            builder
        };
        Ok(Self {
            origins,
            turn: AtomicUsize::new(0),
            pooled: client().build(all.clone()),
            pooled_http2: client().http2_only(true).build(all),
            fresh,
        })
    }

    /// Sends a request over a pooled connection and waits for the head of the answer.
    pub(super) async fn send(
        &self,
        mut request: Request<Outgoing>,
        target: PathAndQuery,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let origin = self.next()?;
        *request.uri_mut() = origin.uri(target)?;
        let client = if origin.http2 { &self.pooled_http2 } else { &self.pooled };
        match tokio::time::timeout(HEAD, client.request(request)).await {
            Ok(answer) => answer.map_err(|error| NoAnswer::Unreachable(error.into())),
            Err(_) => Err(NoAnswer::Timeout),
        }
    }

    /// Sends a request over a connection of its own, which no other request ever uses; for upgrades. The connection
    /// is driven among `tasks`.
    pub(super) async fn send_alone(
        &self,
        mut request: Request<Outgoing>,
        target: PathAndQuery,
        tasks: &TaskTracker,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let origin = self.next()?;
        let unreachable = |error: BoxError| NoAnswer::Unreachable(error);
        let io = self.fresh.clone().call(origin.uri(target.clone())?).await.map_err(unreachable)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(io).await.map_err(|e| unreachable(e.into()))?;
        // An HTTP/1.1 request's target is origin-form; `Host` is already among the headers.
        *request.uri_mut() = Uri::from(target);
        tasks.spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "a connection to the app ended early");
            }
        });
        match tokio::time::timeout(HEAD, sender.send_request(request)).await {
            Ok(answer) => answer.map_err(|error| unreachable(error.into())),
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
    fn new(uri: &Uri) -> Option<Self> {
        let http2 = uri.scheme_str() == Some("h2c");
        let scheme = if uri.scheme() == Some(&Scheme::HTTPS) { Scheme::HTTPS } else { Scheme::HTTP };
        Some(Self { scheme, authority: uri.authority()?.clone(), http2 })
    }

    fn uri(&self, target: PathAndQuery) -> Result<Uri, NoAnswer> {
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(target)
            .build()
            .map_err(|error| NoAnswer::Unreachable(error.into()))
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
