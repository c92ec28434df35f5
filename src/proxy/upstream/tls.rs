//! TLS towards apps: whom we believe, and who we are.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::config::UpstreamTls;
use crate::proxy::pem::{PemError, PemFile};

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
    /// A file is of no use.
    #[error(transparent)]
    File(#[from] PemError),
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
    let cert = PemFile::read(cert)?;
    let made = builder.with_client_auth_cert(cert.certificates()?, PemFile::read(key)?.key()?);
    made.map_err(|source| cert.unfit(source).into())
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore, UpstreamTlsError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return if roots.is_empty() { Err(UpstreamTlsError::NoRoots) } else { Ok(roots) };
    };
    roots.add_parsable_certificates(PemFile::read(path)?.certificates()?);
    if roots.is_empty() { Err(UpstreamTlsError::NoAuthority { path: path.to_owned() }) } else { Ok(roots) }
}
