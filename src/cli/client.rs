//! HTTP as the commands speak it: one request over a connection of its own, within limits of time and size.
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::TaskTracker;

use crate::domain::host::is_loopback;

/// How long each step may take: connecting, TLS, the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer, in bytes.
const LARGEST: usize = 4 << 20;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no answer; the step that failed, and where.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// Nobody listens there, or nothing gets through.
    #[error("cannot connect to `{address}`")]
    Connect {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The connection stands, TLS does not.
    #[error("no TLS with `{address}`")]
    Tls {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// No whole answer came.
    #[error("no HTTP answer from `{address}`")]
    Http {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: Cause,
    },
}

/// Why an address or the authorities of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// No `http` or `https` address with a host.
    #[error("`{0}` is no address such as `https://support.example.com`")]
    Address(Uri),
    /// The file with authorities cannot be read.
    #[error("cannot read the certificate authorities in `{path}`")]
    Authorities {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// The TLS library refuses.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}

/// Whom to ask.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Where to connect: `host:port`.
    pub(super) address: String,
    /// The name that the certificate must be for; none: plaintext.
    tls: Option<ServerName<'static>>,
    /// HTTP/2 without asking.
    http2: bool,
    /// What `Host` says.
    pub(super) host: String,
}

impl Place {
    /// The place that `url` names: `http`, `https`, or `h2c` for HTTP/2 in plaintext.
    pub(super) fn of(url: &Uri) -> Result<Self, Unusable> {
        let unusable = || Unusable::Address(url.clone());
        let authority = url.authority().ok_or_else(unusable)?;
        let (tls, port) = match url.scheme_str() {
            Some("https") => (Some(server_name(authority).ok_or_else(unusable)?), 443),
            Some("http" | "h2c") => (None, 80),
            Some(_) | None => return Err(unusable()),
        };
        let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(port));
        Ok(Self { address, tls, http2: url.scheme_str() == Some("h2c"), host: authority.to_string() })
    }

    /// The same place, to be reached at `address`.
    pub(super) fn reached_at(self, address: SocketAddr) -> Self {
        Self { address: reachable(address).to_string(), ..self }
    }

    /// The same place without TLS.
    pub(super) fn in_plaintext(self) -> Self {
        Self { tls: None, ..self }
    }

    /// The same place, asked as `host`.
    pub(super) fn asked_as(self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self }
    }

    /// Whether it is another machine than this one, as far as its address tells.
    pub(super) fn is_elsewhere(&self) -> bool {
        !is_loopback(self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host))
    }

    /// Whether what is sent there can be read on the way: it is neither TLS nor this machine.
    pub(super) fn is_exposed(&self) -> bool {
        self.tls.is_none() && self.is_elsewhere()
    }
}

fn server_name(authority: &Authority) -> Option<ServerName<'static>> {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned()).ok()
}

/// Where a listener on `address` is reached from this machine: one on all addresses is on loopback too.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Whose certificates are believed.
#[derive(Debug, Clone)]
pub(super) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// The machine's own authorities, and those in the PEM file `ca`.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, Unusable> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = ca {
            let failed = |source| Unusable::Authorities { path: path.to_owned(), source };
            for certificate in CertificateDer::pem_file_iter(path).map_err(failed)? {
                roots.add(certificate.map_err(failed)?)?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut tls = builder.with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(tls)))
    }
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// The method.
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: String,
    /// Headers besides `Host`.
    pub(super) headers: HeaderMap,
    /// The body; empty: none.
    pub(super) body: Bytes,
}

impl Call {
    /// A GET of `path`.
    pub(super) fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned(), headers: HeaderMap::new(), body: Bytes::new() }
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// Its status.
    pub(super) status: StatusCode,
    /// Its headers.
    pub(super) headers: HeaderMap,
    /// Its body.
    pub(super) body: Bytes,
}

/// Sends `call` to `place` and waits for the whole answer.
pub(super) async fn ask(place: &Place, trust: &Trust, call: Call) -> Result<Answer, NoAnswer> {
    let address = &place.address;
    let connecting = |source| NoAnswer::Connect { address: address.clone(), source };
    let socket = within(TcpStream::connect(address)).await.map_err(connecting)?;
    let Some(name) = &place.tls else {
        return Box::pin(exchange(TokioIo::new(socket), place, place.http2, call)).await;
    };
    let shaking = |source| NoAnswer::Tls { address: address.clone(), source };
    let connector = TlsConnector::from(Arc::clone(&trust.0));
    let stream = within(connector.connect(name.clone(), socket)).await.map_err(shaking)?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Box::pin(exchange(TokioIo::new(stream), place, http2, call)).await
}

async fn exchange<I>(io: I, place: &Place, http2: bool, call: Call) -> Result<Answer, NoAnswer>
where
    I: Read + Write + Unpin + Send + 'static,
{
    let failed = |source| NoAnswer::Http { address: place.address.clone(), source };
    let answered = async {
        let tasks = TaskTracker::new();
        let request = request(place, http2, call)?;
        let answer = if http2 {
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            tasks.spawn(connection);
            sender.send_request(request).await?
        } else {
            let (mut sender, connection) = http1::handshake(io).await?;
            tasks.spawn(connection);
            sender.send_request(request).await?
        };
        whole(answer).await
    };
    within(answered).await.map_err(failed)
}

fn request(place: &Place, http2: bool, call: Call) -> Result<Request<Full<Bytes>>, Cause> {
    let Call { method, path, headers, body } = call;
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.headers_mut() = headers;
    if http2 {
        let scheme = if place.tls.is_some() { "https" } else { "http" };
        let uri = Uri::builder().scheme(scheme).authority(place.host.as_str()).path_and_query(path);
        *request.uri_mut() = uri.build()?;
    } else {
        *request.uri_mut() = path.parse()?;
        request.headers_mut().insert(header::HOST, HeaderValue::from_str(&place.host)?);
    }
    Ok(request)
}

async fn whole(answer: Response<Incoming>) -> Result<Answer, Cause> {
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, LARGEST).collect().await?.to_bytes();
    Ok(Answer { status: head.status, headers: head.headers, body })
}

async fn within<T, E: Into<Cause>>(step: impl Future<Output = Result<T, E>>) -> Result<T, Cause> {
    match tokio::time::timeout(PATIENCE, step).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(format!("it took longer than {} s", PATIENCE.as_secs()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_a_name_and_a_host() {
        let place = |url: &'static str| Place::of(&Uri::from_static(url));
        let https = place("https://support.example.com").expect("a place");
        assert_eq!((https.address.as_str(), https.tls.is_some()), ("support.example.com:443", true));
        let plain = place("http://[::1]:8080").expect("a place");
        assert_eq!(
            (plain.address.as_str(), plain.host.as_str(), plain.tls.is_some()),
            ("[::1]:8080", "[::1]:8080", false)
        );
        for no_place in ["/path", "ftp://support.example.com"] {
            assert!(place(no_place).is_err(), "{no_place}");
        }
    }

    #[test]
    fn plaintext_is_exposed_unless_it_stays_on_this_machine() {
        for (url, exposed) in [
            ("http://support.example.com", true),
            ("http://10.0.0.1:8080", true),
            ("http://127.0.0.1:8080", false),
            ("http://[::1]:8080", false),
            ("http://localhost", false),
            ("https://support.example.com", false),
        ] {
            assert_eq!(Place::of(&Uri::from_static(url)).expect("a place").is_exposed(), exposed, "{url}");
        }
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_loopback() {
        let at = |address: &str| reachable(address.parse().expect("an address")).to_string();
        assert_eq!(at("0.0.0.0:9090"), "127.0.0.1:9090");
        assert_eq!(at("[::]:9090"), "[::1]:9090");
        assert_eq!(at("10.0.0.1:9090"), "10.0.0.1:9090");
    }
}
