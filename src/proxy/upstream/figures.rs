//! What is counted of one origin; by its place in the file, never by its address.
use prometheus::{IntCounter, IntGauge};

use crate::telemetry::metrics::Metrics;

/// The series of one origin.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    /// Connections.
    open: IntGauge,
    /// Those of them that wait for a request.
    pub(super) idle: IntGauge,
    /// 1 while it gets requests.
    pub(super) up: IntGauge,
    /// No connection could be made.
    pub(super) unconnected: IntCounter,
    /// A connection broke before the head of an answer.
    pub(super) broken: IntCounter,
    /// No connection became free in time.
    pub(super) busy: IntCounter,
    /// A check failed.
    pub(super) check: IntCounter,
}

impl Figures {
    /// Those of the origin at this place of the route at that place.
    pub(super) fn new(metrics: &Metrics, route: usize, origin: usize) -> Self {
        let (route, origin) = (route.to_string(), origin.to_string());
        let labels = [route.as_str(), origin.as_str()];
        let failures =
            |kind| metrics.upstream_failures_total.with_label_values(&[route.as_str(), origin.as_str(), kind]);
        let up = metrics.upstream_up.with_label_values(&labels);
        up.set(1);
        Self {
            open: metrics.upstream_connections.with_label_values(&labels),
            idle: metrics.upstream_idle_connections.with_label_values(&labels),
            up,
            unconnected: failures("connect"),
            broken: failures("broken"),
            busy: failures("busy"),
            check: failures("check"),
        }
    }

    /// One connection more, as long as the result lives.
    pub(super) fn open(&self) -> Open {
        self.open.inc();
        Open(self.open.clone())
    }
}

/// A connection that is counted.
#[derive(Debug)]
pub(super) struct Open(IntGauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
