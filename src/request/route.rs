//! The route, the effect, the labels.
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config;
use crate::domain::effect::Effect;
use crate::domain::path_pattern::PathPattern;
use crate::domain::refusal::Refusal;

use super::normalize::Normalized;

/// One route, ready for matching.
#[derive(Debug)]
pub struct Route {
    /// Its place in the configuration, from 0: its name in metrics.
    pub index: usize,
    /// What the configuration says.
    pub config: config::Route,
}

/// All routes.
#[derive(Debug)]
pub struct Routes {}

impl Routes {
    /// Prepares the routes of a configuration, with the paths where the app mints customer tokens
    /// (`customers.token_paths`): always effect consent.
    #[must_use]
    pub fn new(routes: &[config::Route], token_paths: &[PathPattern]) -> Self {
        let _ = (routes, token_paths);
        todo!()
    }
}

/// One plausible reading of a request: every one of them must be permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The path, decoded.
    pub path: String,
    /// What the request does, read so.
    pub effect: Effect,
    /// The path's names, read so.
    pub labels: BTreeSet<Arc<str>>,
    /// Whether this is a folded reading: patterns are folded before they are compared with it.
    pub folded: bool,
}

impl Reading {
    /// Whether some pattern of `scope` covers this reading.
    #[must_use]
    pub fn within(&self, scope: &[PathPattern]) -> bool {
        scope
            .iter()
            .any(|p| if self.folded { p.map(super::path::fold).matches(&self.path) } else { p.matches(&self.path) })
    }
}

/// A request with its route.
#[derive(Debug, Clone)]
pub struct Routed {
    /// The request.
    pub request: Normalized,
    /// Its route.
    pub route: Arc<Route>,
    /// The workspace that it names, if the route says where.
    pub workspace: Option<String>,
    /// The readings: the canonical one first, and others only where they differ. A `Destination` adds its own.
    pub readings: Vec<Reading>,
}

/// Finds the route and says what the request does.
///
/// # Errors
/// `not-found` without a route for the host; `bad-request` for a method that the route does not know;
/// `ambiguous-path` for an encoded octet that the route does not allow; forged mapped headers are dropped and counted.
pub fn route(request: Normalized, routes: &Routes) -> Result<Routed, Refusal> {
    let _ = (request, routes);
    todo!()
}
