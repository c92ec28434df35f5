//! What clients may use up: sizes, times, counts and rates, with the defaults of every one of them.
use std::num::NonZeroU32;
use std::time::Duration;

/// The limits of clients. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest head of a request.
    pub head: u32,
    /// The most header fields of a request, cookies aside: HTTP/2 sends each cookie in a field of its own.
    pub head_fields: usize,
    /// How long a head may take, from its first byte to its last; and the first one, from the connection's start.
    pub head_time: Duration,
    /// How long a connection may be without a request.
    pub idle: Duration,
    /// The largest body of a request; none: as large as the app takes.
    pub body: Option<u64>,
    /// In any such time of waiting for a body, [`Self::body_progress`] must come.
    pub body_time: Duration,
    /// How much of a body must come in [`Self::body_time`].
    pub body_progress: u64,
    /// How long a client may take nothing of what it is sent.
    pub write_time: Duration,
    /// The most HTTP/2 streams of a connection at once.
    pub h2_streams: u32,
    /// How many HTTP/2 streams a client may break off before its connection is closed, if they are more than half.
    pub h2_resets: u32,
    /// How much of all bodies of an HTTP/2 connection may be under way to us.
    pub h2_window: u32,
    /// How much of one body may.
    pub h2_stream_window: u32,
    /// How much of one answer is kept for an HTTP/2 client that does not take it.
    pub h2_send_buffer: u32,
    /// The most connections; none: what the limit of file descriptors allows.
    pub connections: Option<u32>,
    /// The most connections from one address.
    pub connections_per_address: u32,
    /// The most TLS handshakes at once; one address has a quarter of them.
    pub handshakes: u32,
    /// How long a TLS handshake may take.
    pub handshake_time: Duration,
    /// Requests from one address.
    pub requests_per_address: Rate,
    /// Requests of one engineer's sessions.
    pub requests_per_engineer: Rate,
    /// Tokens and sign-ins from one address that turn out to be nobody's.
    pub unproven_per_address: Rate,
    /// The most connections to the operators' listener.
    pub ops_connections: u32,
}

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So often a second, in the long run.
    pub per_second: NonZeroU32,
    /// So often at once, after a silence.
    pub burst: NonZeroU32,
}

impl Rate {
    /// At least one of each.
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        let or_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self { per_second: or_one(per_second), burst: or_one(burst) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 32 << 10,
            head_fields: 100,
            head_time: Duration::from_secs(10),
            idle: Duration::from_mins(1),
            body: None,
            body_time: Duration::from_mins(1),
            body_progress: 1 << 10,
            write_time: Duration::from_mins(1),
            h2_streams: 256,
            h2_resets: 500,
            h2_window: 1 << 20,
            h2_stream_window: 256 << 10,
            h2_send_buffer: 64 << 10,
            connections: None,
            connections_per_address: 1024,
            handshakes: 1024,
            handshake_time: Duration::from_secs(10),
            requests_per_address: Rate::new(50_000, 100_000),
            requests_per_engineer: Rate::new(20_000, 40_000),
            unproven_per_address: Rate::new(50, 500),
            ops_connections: 64,
        }
    }
}
