//! TLS towards clients.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

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
    /// A PEM file cannot be read.
    #[error("cannot read `{path}`")]
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

/// Ends TLS.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

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
    pub fn new(tls: &config::Tls) -> Result<Self, HandshakeError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let unfit = |source| HandshakeError::Certificate { path: tls.cert.clone(), source };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(unfit)?;
        let builder = match &tls.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates(path)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .map_err(|source| HandshakeError::ClientAuthorities { path: path.clone(), source })?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::from_pem_file(&tls.key)
            .map_err(|source| HandshakeError::Pem { path: tls.key.clone(), source })?;
        let mut server = builder.with_single_cert(certificates(&tls.cert)?, key).map_err(unfit)?;
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(server))))
    }

    /// Shakes hands; none when the client does not come to an end with it.
    pub(super) async fn shake(&self, socket: TcpStream) -> Option<TlsStream<TcpStream>> {
        match tokio::time::timeout(LONGEST, self.0.accept(socket)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
            Err(_) => None,
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HandshakeError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|source| HandshakeError::Pem { path: path.to_owned(), source })
}
