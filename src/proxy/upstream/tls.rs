//! TLS towards apps: whom we believe, and who we are.
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::config::UpstreamTls;

/// Why TLS towards an app cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamTlsError {
    /// No authorities of certificates on this machine.
    #[error("no certificate authorities found on this machine; install `ca-certificates`, set SSL_CERT_FILE, or `ca`")]
    NoRoots,
    /// The file of authorities has none.
    #[error("`{path}` has no certificate of an authority")]
    NoAuthority {
        /// Which file.
        path: PathBuf,
    },
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
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up")]
    Library(#[from] rustls::Error),
}

/// TLS as the file has it: by the machine's own authorities, unless it names others.
pub(super) fn config(files: &UpstreamTls) -> Result<ClientConfig, UpstreamTlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities(files.ca.as_deref())?);
    let Some((cert, key)) = &files.identity else { return Ok(builder.with_no_client_auth()) };
    let pem = |path: &Path, source| UpstreamTlsError::Pem { path: path.to_owned(), source };
    let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|source| pem(key, source))?;
    builder
        .with_client_auth_cert(certificates(cert)?, private)
        .map_err(|source| UpstreamTlsError::Certificate { path: cert.clone(), source })
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore, UpstreamTlsError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return if roots.is_empty() { Err(UpstreamTlsError::NoRoots) } else { Ok(roots) };
    };
    roots.add_parsable_certificates(certificates(path)?);
    if roots.is_empty() { Err(UpstreamTlsError::NoAuthority { path: path.to_owned() }) } else { Ok(roots) }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, UpstreamTlsError> {
    let certificates = CertificateDer::pem_slice_iter(&read(path)?).collect::<Result<_, _>>();
    certificates.map_err(|source| UpstreamTlsError::Pem { path: path.to_owned(), source })
}

fn read(path: &Path) -> Result<Vec<u8>, UpstreamTlsError> {
    fs::read(path).map_err(|source| UpstreamTlsError::File { path: path.to_owned(), source })
}
