//! A PEM file: what it held when it was read, and the certificates and keys in it.
use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why a file is of no use to TLS.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// It cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not the PEM that it should be.
    #[error("`{path}` is not PEM as it should be")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Error,
    },
    /// A certificate in it is none, does not fit its key, or the like.
    #[error("the certificate `{path}` cannot be used")]
    Unfit {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
}

/// What a file held.
#[derive(PartialEq, Eq)]
pub(super) struct PemFile {
    /// Where it is.
    pub(super) path: PathBuf,
    pem: Vec<u8>,
}

impl PemFile {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(path: &Path) -> Result<Self, PemError> {
        match fs::read(path) {
            Ok(pem) => Ok(Self { path: path.to_owned(), pem }),
            Err(source) => Err(PemError::Unreadable { path: path.to_owned(), source }),
        }
    }

    /// The certificates in it.
    ///
    /// # Errors
    /// When it is no PEM.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, PemError> {
        CertificateDer::pem_slice_iter(&self.pem).collect::<Result<_, _>>().map_err(|source| self.malformed(source))
    }

    /// The first private key in it.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, PemError> {
        PrivateKeyDer::from_pem_slice(&self.pem).map_err(|source| self.malformed(source))
    }

    fn malformed(&self, source: Error) -> PemError {
        PemError::Malformed { path: self.path.clone(), source }
    }

    /// The error that a certificate in it cannot be used.
    pub(super) fn unfit(&self, source: rustls::Error) -> PemError {
        PemError::Unfit { path: self.path.clone(), source }
    }
}
