//! One Ed25519 key: made, kept in a file that is readable by us alone, named by its thumbprint.
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::KeyError;

/// A key that signs assertions, and whose public half is published.
pub(in crate::identity) struct Pair {
    signs: Ed25519KeyPair,
    /// The public half in base64url.
    x: String,
    kid: String,
}

impl Pair {
    /// Reads the key in the file `path`: PKCS#8 in PEM, as `openssl pkey` reads it.
    pub(super) fn read(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::Io { path: path.to_owned(), source };
        let unfit = |problem| KeyError::Unfit { path: path.to_owned(), problem };
        let file = File::open(path).map_err(failed)?;
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
        Self { signs: pair, x, kid }
    }

    /// The name under which the JWKS lists the key.
    pub(in crate::identity) fn kid(&self) -> &str {
        &self.kid
    }

    /// The signature of `message`; none when the library refuses.
    pub(in crate::identity) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.signs.try_sign(message).ok()?.as_ref().to_vec())
    }

    /// The public half, as an entry of a JWKS document.
    pub(super) fn jwk(&self) -> Value {
        let Self { x, kid, .. } = self;
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "EdDSA" })
    }

    /// The bytes of the public half.
    pub(super) fn public(&self) -> &[u8] {
        self.signs.public_key().as_ref()
    }
}

/// The name of a key that anybody can compute from it (RFC 7638 section 3, RFC 8037 section 2).
pub(super) fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}

/// Makes the file `path`, 0600, and owned by `like`'s owner: root may rotate for the gate.
pub(super) fn create(path: &Path, like: &File) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let (owner, ours) = (like.metadata()?, file.metadata()?);
    if (owner.uid(), owner.gid()) != (ours.uid(), ours.gid()) {
        chown(path, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(file)
}

/// Writes a new key to the new file `path`, durable; see [`create`].
pub(super) fn write(path: &Path, like: &File) -> io::Result<()> {
    let pair = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1());
    let pair = pair.map_err(|_| io::Error::other("no key could be generated"))?;
    let encoded = STANDARD.encode(pair);
    let mut file = create(path, like)?;
    writeln!(file, "-----BEGIN PRIVATE KEY-----\n{encoded}\n-----END PRIVATE KEY-----")?;
    file.sync_all()
}
