//! Everything that the data plane works with, built once.
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::Journal;
use crate::cache::Directory;
use crate::config::{self, Config};
use crate::domain::time::{Clock, Span};
use crate::identity::{Keys, Signer, TrustedGates};
use crate::limits::Limits;
use crate::policy::Engine;
use crate::request::Routes;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Traces;

use super::upstream::{Upstream, UpstreamError};

/// The rooms below that the data plane uses.
#[derive(Debug)]
pub struct Parts {
    /// The cached grant table.
    pub directory: Arc<Directory>,
    /// What decides.
    pub engine: Arc<Engine>,
    /// The trail.
    pub journal: Arc<Journal>,
    /// Our signing key.
    pub keys: Arc<Keys>,
    /// The other gates whose logins nobody hides in.
    pub trusted: Arc<TrustedGates>,
    /// The clocks.
    pub clock: Arc<Clock>,
    /// Who takes too much.
    pub limits: Arc<Limits>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// Where spans go.
    pub traces: Arc<Traces>,
    /// Where tunnels live, so that a shutdown can wait for them.
    pub tasks: TaskTracker,
    /// Cuts whatever is still open, when a shutdown waits no longer.
    pub cut: CancellationToken,
}

/// Why the data plane cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// A route's upstream cannot be used.
    #[error("the upstreams of route {route} cannot be used")]
    Upstream {
        /// The route's place in the configuration.
        route: usize,
        /// Why.
        #[source]
        source: UpstreamError,
    },
}

/// The data plane.
#[derive(Debug)]
pub struct Gate {
    pub(super) routes: Routes,
    doors: Vec<Door>,
    pub(super) directory: Arc<Directory>,
    pub(super) engine: Arc<Engine>,
    pub(super) journal: Arc<Journal>,
    pub(super) keys: Arc<Keys>,
    pub(super) trusted: Arc<TrustedGates>,
    pub(super) clock: Arc<Clock>,
    pub(super) limits: Arc<Limits>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) traces: Arc<Traces>,
    pub(super) tasks: TaskTracker,
    pub(super) cut: CancellationToken,
    pub(super) server: config::Server,
    /// What clients may use up.
    pub(super) settings: config::Limits,
    pub(super) vendor: config::Vendor,
    pub(super) staff_issuers: Vec<String>,
    pub(super) idle: Span,
    /// How long a sign-in counts until it must be verified again.
    pub(super) recheck: Option<Span>,
    /// Whether engineers sign in by browser.
    pub(super) signs_in: bool,
}

/// What one route needs to let a request through.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) signer: Signer,
    pub(super) upstream: Upstream,
}

impl Gate {
    /// The data plane of a configuration.
    ///
    /// # Errors
    /// When an upstream cannot be used as configured.
    pub fn new(config: &Config, parts: Parts) -> Result<Self, GateError> {
        let door = |(route, config): (usize, &config::Route)| {
            let upstream =
                Upstream::new(route, config, &parts.metrics).map_err(|source| GateError::Upstream { route, source })?;
            Ok(Door { signer: Signer::new(&config.assertion, &parts.keys), upstream })
        };
        Ok(Self {
            routes: Routes::new(&config.routes, &config.customers.token_paths).with_sessions_at(&config.server),
            doors: config.routes.iter().enumerate().map(door).collect::<Result<_, _>>()?,
            directory: parts.directory,
            engine: parts.engine,
            journal: parts.journal,
            keys: parts.keys,
            trusted: parts.trusted,
            clock: parts.clock,
            limits: parts.limits,
            metrics: parts.metrics,
            traces: parts.traces,
            tasks: parts.tasks,
            cut: parts.cut,
            server: config.server.clone(),
            settings: config.limits.clone(),
            vendor: config.vendor.clone(),
            staff_issuers: config.staff.issuers().map(str::to_owned).collect(),
            idle: config.sessions.idle,
            recheck: config.staff.recheck,
            signs_in: config.staff.sign_in.is_some(),
        })
    }

    /// The door of the route with this index.
    pub(super) fn door(&self, route: usize) -> Option<&Door> {
        self.doors.get(route)
    }

    /// Whether a secret that some route shares with its app signed `token`.
    pub(super) fn secret_verifies(&self, token: &str) -> bool {
        self.doors.iter().any(|door| door.signer.secret_verifies(token))
    }

    /// Counts a request by how it ended; one that was turned away has no route.
    pub(super) fn count(&self, route: Option<usize>, outcome: &str) {
        let route = route.map_or_else(|| "-".to_owned(), |route| route.to_string());
        self.metrics.requests_total.with_label_values(&[route.as_str(), outcome]).inc();
    }

    /// The scheme that clients see.
    pub(super) fn scheme(secure: bool) -> &'static str {
        if secure { "https" } else { "http" }
    }
}
