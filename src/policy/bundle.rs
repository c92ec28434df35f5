//! A checked policy set, and the engine that holds the current one.
use std::sync::Arc;

use crate::config;

use super::load::PolicyErrors;

/// A policy set that passed strict validation.
#[derive(Debug)]
pub struct Bundle {}

impl Bundle {
    /// Loads base and profile, or the folders that the configuration names.
    ///
    /// # Errors
    /// Every mistake in the files, with its place.
    pub fn load(policy: &config::Policy) -> Result<Self, Box<PolicyErrors>> {
        let _ = policy;
        todo!()
    }

    /// The digest over all policy texts and the schema: names the set in the trail.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        todo!()
    }
}

/// Holds the current [`Bundle`]; readers never wait.
#[derive(Debug)]
pub struct Engine {}

impl Engine {
    /// An engine that decides by `bundle`.
    #[must_use]
    pub fn new(bundle: Bundle) -> Self {
        let _ = bundle;
        todo!()
    }

    /// The current bundle.
    #[must_use]
    pub fn current(&self) -> Arc<Bundle> {
        todo!()
    }
}
