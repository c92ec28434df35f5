//! The keys of an issuer: from a file or an address, cached, fetched again for an unknown `kid`, never too often.
use std::sync::Arc;

use crate::config::JwksFrom;
use crate::domain::time::Clock;

/// The keys of one issuer.
#[derive(Debug)]
pub struct Jwks {}

impl Jwks {
    /// Keys from `source`; `issuer` is for discovery (`/.well-known/openid-configuration`). Nothing is fetched yet.
    #[must_use]
    pub fn new(source: JwksFrom, issuer: &str, clock: Arc<Clock>) -> Arc<Self> {
        let _ = (source, issuer, clock);
        todo!()
    }
}
