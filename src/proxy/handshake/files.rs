//! The files that TLS is made of, and what is wrong with them.
use std::path::PathBuf;

use crate::config;
use crate::proxy::pem::{PemError, PemFile};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// A file is of no use.
    #[error(transparent)]
    File(#[from] PemError),
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
    pub(super) pairs: Vec<(PemFile, PemFile)>,
    /// The authorities of clients.
    pub(super) client_ca: Option<PemFile>,
}

impl Content {
    /// Reads all files.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(super) fn read(files: &config::Tls) -> Result<Self, HandshakeError> {
        let pair = |pair: &config::Certificate| -> Result<_, PemError> {
            Ok((PemFile::read(&pair.cert)?, PemFile::read(&pair.key)?))
        };
        let pairs = files.certificates.iter().map(pair).collect::<Result<_, _>>()?;
        Ok(Self { pairs, client_ca: files.client_ca.as_deref().map(PemFile::read).transpose()? })
    }
}
