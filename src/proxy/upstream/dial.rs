//! How a connection to an origin is made: TCP, and TLS where the origin says so. The seam for faults: a test's [`Dial`]
//! may refuse, hang, or hand out one end of a `tokio::io::duplex` whose other end resets, stalls or answers garbage.
use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::ClientConfig;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use crate::proxy::body::BoxError;

/// Makes connections to one origin. Whoever dials limits the time.
pub(super) trait Dial: fmt::Debug + Send + Sync {
    /// Makes one connection.
    fn dial(&self, purpose: Purpose) -> Dialing<'_>;
}

/// A connection on its way.
pub(super) type Dialing<'a> = Pin<Box<dyn Future<Output = Result<Dialed, BoxError>> + Send + 'a>>;

/// What a connection is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// For any number of requests: HTTP/2 where the origin speaks it.
    Pool,
    /// For one request that may be upgraded: HTTP/1.1.
    Alone,
}

/// A connection that stands.
pub(super) struct Dialed {
    /// What is read and written.
    pub(super) io: Box<dyn Io>,
    /// Whether HTTP/2 is spoken on it.
    pub(super) http2: bool,
}

/// A stream of bytes, both ways.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A stream that holds something as long as it is there.
pub(super) struct Held<T> {
    io: Box<dyn Io>,
    _held: T,
}

impl<T> Held<T> {
    /// `held` is dropped with `io`.
    pub(super) fn new(io: Box<dyn Io>, held: T) -> Self {
        Self { io, _held: held }
    }
}

impl<T: Unpin> AsyncRead for Held<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, into)
    }
}

impl<T: Unpin> AsyncWrite for Held<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Connects to the address of an origin, whatever host a request is for.
#[derive(Debug)]
pub(super) struct ToOrigin {
    /// `http` or `https`, host and port.
    address: Uri,
    /// Finds addresses and tries one after the other.
    tcp: HttpConnector,
    tls: Option<Tls>,
    /// Whether HTTP/2 is spoken without asking.
    prior_knowledge: bool,
}

/// TLS towards an origin: who it must be, and what is offered for each purpose.
struct Tls {
    name: ServerName<'static>,
    pool: TlsConnector,
    alone: TlsConnector,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({:?})", self.name)
    }
}

impl ToOrigin {
    /// Connections to `origin`, with TLS if there is some, by the name that its certificate must be for or that of the
    /// origin; an address is given up after `connect`.
    ///
    /// # Errors
    /// When the origin's host is no name that a certificate could be for.
    pub(super) fn new(
        origin: &Uri,
        tls: Option<(&ClientConfig, Option<&str>)>,
        connect: Duration,
    ) -> Result<Self, InvalidDnsNameError> {
        let host = origin.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let tls = tls.map(|(tls, name)| Tls::new(tls, name.unwrap_or(host))).transpose()?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(connect));
        let prior_knowledge = origin.scheme_str() == Some("h2c");
        Ok(Self { address: origin.clone(), tcp, tls, prior_knowledge })
    }
}

impl Dial for ToOrigin {
    fn dial(&self, purpose: Purpose) -> Dialing<'_> {
        Box::pin(async move {
            let socket = self.tcp.clone().call(self.address.clone()).await?.into_inner();
            let Some(tls) = &self.tls else {
                return Ok(Dialed { io: Box::new(socket), http2: self.prior_knowledge && purpose == Purpose::Pool });
            };
            let connector = match purpose {
                Purpose::Pool => &tls.pool,
                Purpose::Alone => &tls.alone,
            };
            let stream = connector.connect(tls.name.clone(), socket).await?;
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            Ok(Dialed { io: Box::new(stream), http2 })
        })
    }
}

impl Tls {
    fn new(config: &ClientConfig, name: &str) -> Result<Self, InvalidDnsNameError> {
        let name = ServerName::try_from(name)?.to_owned();
        let offering = |protocols: &[&[u8]]| {
            let mut config = config.clone();
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            TlsConnector::from(Arc::new(config))
        };
        Ok(Self { name, pool: offering(&[b"h2", b"http/1.1"]), alone: offering(&[b"http/1.1"]) })
    }
}

/// Whether a connection could not be made because an address did not answer in time.
pub(super) fn took_too_long(error: &(dyn Error + 'static)) -> bool {
    let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    let chain = std::iter::successors(Some(error), |error| (**error).source());
    chain.filter_map(|error| error.downcast_ref()).any(timed_out)
}
