//! Who passes unjudged: on an inline route, requests in which nothing is of ours.
use std::sync::Arc;

use crate::config::Mode;
use crate::request::Routed;

/// A request that came over an inline route, without any cookie of ours by any spelling, and from inside no other login.
/// It is what [`super::forward`] takes in place of a permit, and it is made here alone.
pub(super) struct Unimpersonated {
    routed: Arc<Routed>,
}

impl Unimpersonated {
    /// Establishes that nothing is of ours.
    ///
    /// # Errors
    /// Gives the request back when something is, or when its route lets support sessions pass only.
    pub(super) fn establish(routed: Arc<Routed>, chained: bool) -> Result<Self, Arc<Routed>> {
        match routed.route.config.mode {
            Mode::Inline if !routed.request.cookies.any_of_ours && !chained => Ok(Self { routed }),
            Mode::Inline | Mode::Support => Err(routed),
        }
    }

    /// The request.
    pub(super) fn into_routed(self) -> Arc<Routed> {
        self.routed
    }
}
