//! TLS towards clients.
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config;

/// How long a handshake may take.
const LONGEST: Duration = Duration::from_secs(10);

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not the PEM that it should be.
    #[error("`{path}` is not PEM as it should be")]
    Pem {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not fit together, or the like.
    #[error("the certificate `{path}` cannot be used")]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// The authorities of client certificates cannot be used.
    #[error("the client authorities `{path}` cannot be used")]
    ClientAuthorities {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::server::VerifierBuilderError,
    },
}

/// Ends TLS: every handshake by the files as they were read last.
#[derive(Clone)]
pub struct Tls {
    files: Arc<config::Tls>,
    current: Arc<ArcSwap<Read>>,
}

/// What the files said, and what was made of it.
struct Read {
    pem: Pem,
    server: Arc<ServerConfig>,
}

/// The content of the files.
#[derive(PartialEq, Eq)]
struct Pem {
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(…)")
    }
}

impl Tls {
    /// Reads certificate and key; HTTP/2 and HTTP/1.1 are offered by ALPN.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn new(files: &config::Tls) -> Result<Self, HandshakeError> {
        let pem = Pem::read(files)?;
        let server = server(files, &pem)?;
        let current = ArcSwap::from_pointee(Read { pem, server });
        Ok(Self { files: Arc::new(files.clone()), current: Arc::new(current) })
    }

    /// The files that it is made of.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let config::Tls { cert, key, client_ca } = self.files.as_ref();
        [Some(cert), Some(key), client_ca.as_ref()].into_iter().flatten().cloned().collect()
    }

    /// Reads the files again; handshakes from now on use them. Connections go on, but no earlier TLS session is resumed:
    /// its client may have been let in by other authorities. Returns whether the files say something else than before.
    ///
    /// # Errors
    /// When a file cannot be read or used, or certificate and key do not fit together: then nothing changes.
    pub fn reload(&self) -> Result<bool, HandshakeError> {
        let pem = Pem::read(&self.files)?;
        if pem == self.current.load().pem {
            return Ok(false);
        }
        let server = server(&self.files, &pem)?;
        self.current.store(Arc::new(Read { pem, server }));
        Ok(true)
    }

    /// Shakes hands; none when the client does not come to an end with it.
    pub(super) async fn shake(&self, socket: TcpStream) -> Option<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.current.load().server));
        match tokio::time::timeout(LONGEST, acceptor.accept(socket)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
            Err(_) => None,
        }
    }
}

impl Pem {
    fn read(files: &config::Tls) -> Result<Self, HandshakeError> {
        let read =
            |path: &Path| fs::read(path).map_err(|source| HandshakeError::File { path: path.to_owned(), source });
        let client_ca = files.client_ca.as_deref().map(read).transpose()?;
        Ok(Self { cert: read(&files.cert)?, key: read(&files.key)?, client_ca })
    }
}

fn server(files: &config::Tls, pem: &Pem) -> Result<Arc<ServerConfig>, HandshakeError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let unfit = |source| HandshakeError::Certificate { path: files.cert.clone(), source };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unfit)?;
    let builder = match files.client_ca.as_ref().zip(pem.client_ca.as_ref()) {
        None => builder.with_no_client_auth(),
        Some((path, pem)) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(path, pem)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|source| HandshakeError::ClientAuthorities { path: path.clone(), source })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_slice(&pem.key)
        .map_err(|source| HandshakeError::Pem { path: files.key.clone(), source })?;
    let mut server = builder.with_single_cert(certificates(&files.cert, &pem.cert)?, key).map_err(unfit)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, HandshakeError> {
    CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|source| HandshakeError::Pem { path: path.to_owned(), source })
}
