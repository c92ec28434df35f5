//! The signing key of assertions: Ed25519, made on first start, kept beside the store, readable by us alone.
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::domain::random;

use super::jws::{Alg, Jws};

#[cfg(test)]
mod tests;

/// The key's file: PKCS#8 in PEM, as `openssl pkey` reads it.
const FILE: &str = "assertion-key.pem";

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
        source: io::Error,
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
pub struct Keys {
    pair: Arc<Ed25519KeyPair>,
    /// The public half in base64url.
    x: String,
    kid: String,
}

impl Keys {
    /// As [`Self::open`], but makes nothing: none when there is no key.
    ///
    /// # Errors
    /// When it cannot be read, or others may read it.
    pub fn existing(dir: &Path) -> Result<Option<Self>, KeyError> {
        if dir.join(FILE).exists() { Self::open(dir).map(Some) } else { Ok(None) }
    }

    /// Opens the key in the folder `dir`, or makes it (0600, in a folder 0700).
    ///
    /// # Errors
    /// When it cannot be read or made, or others may read it.
    pub fn open(dir: &Path) -> Result<Self, KeyError> {
        let path = dir.join(FILE);
        let failed = |source| KeyError::Io { path: path.clone(), source };
        let unfit = |problem| KeyError::Unfit { path: path.clone(), problem };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        let file = match File::open(&path) {
            Err(missing) if missing.kind() == ErrorKind::NotFound => {
                make(dir, &path).and_then(|()| File::open(&path)).map_err(failed)?
            }
            opened => opened.map_err(failed)?,
        };
        if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(unfit(
                "may be read by others than its owner; run `chmod 600` on it, or delete it to get a new one",
            ));
        }
        let mut pem = Vec::new();
        (&file).take(4096).read_to_end(&mut pem).map_err(failed)?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).ok();
        let pair = der.and_then(|der| Ed25519KeyPair::from_pkcs8(der.secret_pkcs8_der()).ok());
        pair.map(Self::of).ok_or_else(|| unfit("holds no Ed25519 key in PKCS#8 PEM; delete it to get a new one"))
    }

    fn of(pair: Ed25519KeyPair) -> Self {
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        let kid = thumbprint(&x);
        Self { pair: Arc::new(pair), x, kid }
    }

    /// The public half, as a JWKS document.
    #[must_use]
    pub fn jwks(&self) -> Value {
        let Self { x, kid, .. } = self;
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "EdDSA" }] })
    }

    /// The Ed25519 signature of `message` by the key called `kid`; none when we have no such key.
    #[must_use]
    pub fn sign(&self, kid: &str, message: &[u8]) -> Option<[u8; 64]> {
        let signature = (kid == self.kid).then(|| self.pair.sign(message))?;
        signature.as_ref().try_into().ok()
    }

    /// Whether we signed `token` (for the chain check): whenever, and whatever our public URL was then. One that has
    /// expired still tells that whoever sends it got it inside a login.
    #[must_use]
    pub fn verifies(&self, token: &str) -> bool {
        let Ok(jws) = Jws::parse(token) else { return false };
        if jws.alg != Alg::EdDsa || jws.kid.as_ref() != Some(&self.kid) {
            return false;
        }
        let key = DecodingKey::from_ed_der(self.pair.public_key().as_ref());
        jws.verify(&key).is_ok()
    }

    /// The pair that signs.
    pub(super) fn pair(&self) -> Arc<Ed25519KeyPair> {
        Arc::clone(&self.pair)
    }

    /// The name under which the JWKS lists the key.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// The name of a key that anybody can compute from it (RFC 7638 section 3, RFC 8037 section 2).
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}

/// Makes a key at `path` in `dir`: all of it or nothing, durable, and never over one that another start made meanwhile.
fn make(dir: &Path, path: &Path) -> io::Result<()> {
    let draft = dir.join(format!(".{FILE}.{}", URL_SAFE_NO_PAD.encode(random::bytes::<12>())));
    let made = write(&draft).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => removed.and_then(|()| File::open(dir)?.sync_all()),
    }
}

fn write(draft: &Path) -> io::Result<()> {
    let pair = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1());
    let pair = pair.map_err(|_| io::Error::other("no key could be generated"))?;
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    writeln!(file, "-----BEGIN PRIVATE KEY-----\n{encoded}\n-----END PRIVATE KEY-----")?;
    file.sync_all()
}
