//! HTTP/1.1 and HTTP/2, in plaintext and TLS: one connection, request after request.
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Builder;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::TaskTracker;

/// The host that clients ask for.
pub(crate) const HOST: &str = "support.example.com";

type Sent = UnsyncBoxBody<Bytes, std::io::Error>;

/// How a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Http1,
    /// HTTP/2; without TLS by prior knowledge.
    Http2,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: HeaderMap,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The status and the problem's code; none for an answer that is no problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        let code = self.json()["code"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), code)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// Panics unless it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }
}

/// What [`Reply::problem`] gives for a refusal.
pub(crate) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The address of a path at the gate.
fn url(path: &str) -> Uri {
    format!("http://{HOST}{path}").parse().unwrap()
}

/// A request for the gate, without a body.
pub(crate) fn request(method: &str, path: &str) -> Builder {
    Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(url(path))
}

/// One connection.
pub(crate) struct Connection(Sender);

enum Sender {
    Http1(http1::SendRequest<Sent>),
    Http2(http2::SendRequest<Sent>),
}

impl Connection {
    /// A connection in plaintext.
    pub(crate) async fn open(address: SocketAddr, via: Via) -> Self {
        Self::over(TokioIo::new(TcpStream::connect(address).await.unwrap()), via).await
    }

    /// A connection in TLS that trusts the one authority `ca`; ALPN chooses `via`, and nothing else.
    pub(crate) async fn open_tls(address: SocketAddr, via: Via, ca: &Path) -> Self {
        Self::try_open_tls(address, via, ca).await.unwrap()
    }

    /// As [`Connection::open_tls`], if the handshake succeeds.
    pub(crate) async fn try_open_tls(address: SocketAddr, via: Via, ca: &Path) -> std::io::Result<Self> {
        Self::tls_over(TcpStream::connect(address).await.unwrap(), via, ca).await
    }

    /// As [`Connection::try_open_tls`], over a socket that is open already.
    pub(crate) async fn tls_over(socket: TcpStream, via: Via, ca: &Path) -> std::io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut tls = builder.with_root_certificates(roots).with_no_client_auth();
        let protocol: &[u8] = if via == Via::Http2 { b"h2" } else { b"http/1.1" };
        tls.alpn_protocols = vec![protocol.to_vec()];
        let name = ServerName::try_from(HOST).unwrap();
        let stream = TlsConnector::from(Arc::new(tls)).connect(name, socket).await?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
        Ok(Self::over(TokioIo::new(stream), via).await)
    }

    /// A connection over what is open already.
    pub(crate) async fn over(io: impl Read + Write + Unpin + Send + 'static, via: Via) -> Self {
        let tasks = TaskTracker::new();
        match via {
            Via::Http1 => {
                let (sender, connection) = http1::handshake(io).await.unwrap();
                tasks.spawn(connection);
                Self(Sender::Http1(sender))
            }
            Via::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
                tasks.spawn(connection);
                Self(Sender::Http2(sender))
            }
        }
    }

    /// Sends a request and waits for the answer's head.
    pub(crate) async fn begin<B>(&mut self, request: Request<B>) -> hyper::Result<Response<Incoming>>
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let mut request = request.map(|body| body.map_err(std::io::Error::other).boxed_unsync());
        match &mut self.0 {
            Sender::Http1(sender) => {
                let target = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
                *request.uri_mut() = target;
                request.headers_mut().entry(header::HOST).or_insert(HOST.parse().unwrap());
                sender.ready().await?;
                sender.send_request(request).await
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    /// Sends a request and waits for the whole answer.
    pub(crate) async fn send<B>(&mut self, request: Request<B>) -> Reply
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        whole(self.begin(request).await.unwrap()).await
    }
}

/// Reads an answer to its end.
pub(crate) async fn whole(answer: Response<Incoming>) -> Reply {
    let (parts, body) = answer.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or_default();
    Reply { status: parts.status, headers: parts.headers, body: collected.to_bytes(), trailers }
}

/// A body that is already there.
pub(crate) fn body(bytes: impl Into<Bytes>) -> Full<Bytes> {
    Full::new(bytes.into())
}
