//! The trail's checkpoints are signed by the key that signs assertions at that moment.
use std::sync::Arc;

use crate::audit::{Seal, Trust};
use crate::domain::time::Clock;
use crate::identity::Keys;

/// Signs with our own keys, by our own clock.
#[derive(Debug)]
pub(super) struct OwnSeal {
    keys: Arc<Keys>,
    clock: Arc<Clock>,
}

impl OwnSeal {
    /// A seal of these keys.
    pub(super) fn new(keys: &Arc<Keys>, clock: &Arc<Clock>) -> Self {
        Self { keys: Arc::clone(keys), clock: Arc::clone(clock) }
    }
}

impl Seal for OwnSeal {
    fn kid(&self) -> String {
        self.keys.kid(self.clock.now())
    }

    fn sign(&self, kid: &str, message: &[u8]) -> Option<[u8; 64]> {
        self.keys.sign(kid, message)
    }

    fn trust(&self) -> Trust {
        trust(&self.keys)
    }
}

/// Every key by which checkpoints of the gate with these keys verify: those that are retired, too.
#[must_use]
pub fn trust(keys: &Keys) -> Trust {
    Trust::from_jwks(keys.vouching().to_string().as_bytes()).unwrap_or_default()
}
