//! Who takes too much: places for connections, and how often something may happen.
//!
//! * `source`: whom a client's address stands for. `seats`: so many at once. `rates`: so many a second.
//! * `unproven`: those who present what turns out to be nobody's: each attempt costs work that nobody has a right to.
//! * `notice`: what the log says of it, once a minute.
//!
//! What the limits are stands in `config`; here is who has reached them.
mod notice;
mod rates;
mod seats;
mod source;
mod unproven;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config;
use crate::domain::id::EngineerId;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Clock;
use crate::telemetry::metrics::Metrics;

pub use notice::Notice;
use rates::Rates;
pub use seats::Seat;
use seats::{Full, Seats};
pub use source::Client;
use source::Source;
use unproven::Unproven;

/// How many file descriptors are not for connections: files, the store, listeners, issuers.
const OTHER_DESCRIPTORS: u64 = 256;
/// No more connections than this by default, whatever the system allows: each costs memory too.
const MOST: u64 = 65_536;
/// No fewer.
const LEAST: u64 = 64;
/// Of all handshakes at once, one address has at most this part.
const SHARE_OF_HANDSHAKES: u32 = 4;
/// How often those who were silent for long enough are forgotten: that bounds what is known of them.
const FORGET_EVERY: Duration = Duration::from_secs(10);

/// Everything that is limited by who asks for it.
#[derive(Debug)]
pub struct Limits {
    connections: Arc<Seats>,
    handshakes: Arc<Seats>,
    ops: Arc<Seats>,
    addresses: Rates<Source>,
    engineers: Rates<EngineerId>,
    unproven: Unproven,
    refused_connections: Notice,
    refused_requests: Notice,
    clock: Arc<Clock>,
    metrics: Arc<Metrics>,
}

impl Limits {
    /// As the configuration says. `descriptors`: how many files the process may have open.
    #[must_use]
    pub fn new(config: &config::Limits, descriptors: u64, clock: &Arc<Clock>, metrics: &Arc<Metrics>) -> Arc<Self> {
        let connections = config.connections.unwrap_or_else(|| connections(descriptors));
        let handshakes = config.handshakes;
        Arc::new(Self {
            connections: Seats::new(connections, config.connections_per_address),
            handshakes: Seats::new(handshakes, handshakes.div_ceil(SHARE_OF_HANDSHAKES)),
            ops: Seats::new(config.ops_connections, config.ops_connections),
            addresses: Rates::new(config.requests_per_address, clock),
            engineers: Rates::new(config.requests_per_engineer, clock),
            unproven: Unproven::new(config.unproven_per_address, clock),
            refused_connections: Notice::default(),
            refused_requests: Notice::default(),
            clock: Arc::clone(clock),
            metrics: Arc::clone(metrics),
        })
    }

    /// A place for a connection from `client`; without one it counts among all, and nobody's share: many clients come
    /// by one trusted proxy.
    pub fn connection(&self, client: Option<IpAddr>) -> Option<Seat> {
        let seat = self.connections.take(client.map(Source::from));
        seat.map_err(|full| self.refuse_connection(full.reason())).ok()
    }

    /// A place for a TLS handshake with `client`, as for its connection.
    pub fn handshake(&self, client: Option<IpAddr>) -> Option<Seat> {
        self.handshakes.take(client.map(Source::from)).map_err(|_| self.refuse_connection("handshakes")).ok()
    }

    /// A place for a connection to the operators' listener.
    pub fn ops_connection(&self) -> Option<Seat> {
        self.ops.take(None).map_err(|_| self.refuse_connection("ops")).ok()
    }

    /// Counts a request of `client`.
    ///
    /// # Errors
    /// `too-many-requests`.
    pub fn request(&self, client: IpAddr) -> Result<(), Refusal> {
        let counted = self.addresses.count(&client.into());
        counted.map_err(|_| self.refuse_request("too many requests come from this address"))
    }

    /// Counts a request in a session of `engineer`.
    ///
    /// # Errors
    /// `too-many-requests`.
    pub fn request_of(&self, engineer: &EngineerId) -> Result<(), Refusal> {
        let counted = self.engineers.count(engineer);
        counted.map_err(|_| self.refuse_request("too many requests come from this engineer's sessions"))
    }

    /// Whether `client` may present what is yet to be looked up or verified.
    ///
    /// # Errors
    /// `too-many-requests`, when too much of it was nobody's.
    pub fn may_try(&self, client: IpAddr) -> Result<(), Refusal> {
        if self.unproven.may_try(client.into()) {
            return Ok(());
        }
        Err(self.refuse_request("too many tokens that are nobody's come from this address"))
    }

    /// Counts something of `client` that was nobody's.
    pub fn failed(&self, client: IpAddr) {
        self.unproven.failed(client.into());
    }

    /// Sets the gauge of connections.
    pub fn measure(&self) {
        self.metrics.connections.set(self.connections.in_use().into());
    }

    /// Forgets those who were silent for long enough, until `stop`.
    pub async fn forget(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(FORGET_EVERY)).await.is_some() {
            self.addresses.forget();
            self.engineers.forget();
            self.unproven.forget();
        }
    }

    fn refuse_connection(&self, reason: &'static str) {
        self.metrics.connections_refused_total.with_label_values(&[reason]).inc();
        if let Some(count) = self.refused_connections.due(self.clock.uptime()) {
            tracing::warn!(reason, count, "connections were closed at once: too many are open");
        }
    }

    fn refuse_request(&self, reason: &'static str) -> Refusal {
        if let Some(count) = self.refused_requests.due(self.clock.uptime()) {
            tracing::warn!(reason, count, "requests were refused: too many come");
        }
        Refusal::because(Code::TooManyRequests, reason)
    }
}

impl Full {
    const fn reason(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Source => "address",
        }
    }
}

/// How many connections a process with so many descriptors has: for each, one to the app may be open.
fn connections(descriptors: u64) -> u32 {
    let fitting = (descriptors.saturating_sub(OTHER_DESCRIPTORS) / 2).clamp(LEAST, MOST);
    u32::try_from(fitting).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_into_the_descriptors_that_there_are() {
        assert_eq!([0, 1024, 4096, 1 << 30].map(connections), [64, 384, 1920, 65_536]);
    }
}
