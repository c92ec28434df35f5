//! The files that TLS is made of, and what is wrong with them.
use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config;

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
    /// A certificate is none, does not fit its key, or the like.
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
    /// What is to be spoken cannot be: no file is to blame.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// What all files held when they were read.
#[derive(PartialEq, Eq)]
pub(super) struct Content {
    /// Certificate chains, each with its key. At least one.
    pub(super) pairs: Vec<(File, File)>,
    /// The authorities of clients.
    pub(super) client_ca: Option<File>,
}

/// What a file held.
#[derive(PartialEq, Eq)]
pub(super) struct File {
    /// Where it is.
    pub(super) path: PathBuf,
    pem: Vec<u8>,
}

impl Content {
    /// Reads all files.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(super) fn read(files: &config::Tls) -> Result<Self, HandshakeError> {
        let pair = |pair: &config::Certificate| Ok((File::read(&pair.cert)?, File::read(&pair.key)?));
        let pairs = files.certificates.iter().map(pair).collect::<Result<_, _>>()?;
        Ok(Self { pairs, client_ca: files.client_ca.as_deref().map(File::read).transpose()? })
    }
}

impl File {
    fn read(path: &Path) -> Result<Self, HandshakeError> {
        match fs::read(path) {
            Ok(pem) => Ok(Self { path: path.to_owned(), pem }),
            Err(source) => Err(HandshakeError::File { path: path.to_owned(), source }),
        }
    }

    /// The certificates in it.
    ///
    /// # Errors
    /// When it is no PEM.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, HandshakeError> {
        CertificateDer::pem_slice_iter(&self.pem).collect::<Result<_, _>>().map_err(|source| self.no_pem(source))
    }

    /// The first private key in it.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, HandshakeError> {
        PrivateKeyDer::from_pem_slice(&self.pem).map_err(|source| self.no_pem(source))
    }

    fn no_pem(&self, source: rustls::pki_types::pem::Error) -> HandshakeError {
        HandshakeError::Pem { path: self.path.clone(), source }
    }

    /// The error that a certificate in it cannot be used.
    pub(super) fn unfit(&self, source: rustls::Error) -> HandshakeError {
        HandshakeError::Certificate { path: self.path.clone(), source }
    }
}
