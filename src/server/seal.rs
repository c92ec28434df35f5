//! The trail's checkpoints are signed by the key of assertions, and verify by its JWKS.
use crate::audit::{Seal, Trust};
use crate::identity::Keys;

impl Seal for Keys {
    fn kid(&self) -> String {
        Self::kid(self).to_owned()
    }

    fn sign(&self, kid: &str, message: &[u8]) -> Option<[u8; 64]> {
        Self::sign(self, kid, message)
    }

    fn trust(&self) -> Trust {
        Trust::from_jwks(self.jwks().to_string().as_bytes()).unwrap_or_default()
    }
}
