//! The signing key of assertions: Ed25519, made on first start, kept beside the store, readable by us alone.
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Why the keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system says no.
    #[error("cannot read or write the signing key `{path}`")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is readable by others, or holds no key.
    #[error("the signing key `{path}` {problem}")]
    Unfit {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: &'static str,
    },
}

/// Our own keys.
#[derive(Debug)]
pub struct Keys {}

impl Keys {
    /// Opens the key in the folder `dir`, or makes it (0600, in a folder 0700).
    ///
    /// # Errors
    /// When it cannot be read or made, or others may read it.
    pub fn open(dir: &Path) -> Result<Self, KeyError> {
        let _ = dir;
        todo!()
    }

    /// The public half, as a JWKS document.
    #[must_use]
    pub fn jwks(&self) -> Value {
        todo!()
    }

    /// Whether `token` is a genuine, unexpired assertion of ours (for the chain check). `issuer` is our public URL.
    #[must_use]
    pub fn verifies(&self, token: &str, issuer: &str, now: crate::domain::time::Timestamp) -> bool {
        let _ = (token, issuer, now);
        todo!()
    }
}
