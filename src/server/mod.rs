//! Builds everything once, listens, and shuts down in order.
//!
//! * `app`: from a checked configuration to a running gate.
//! * `ops`: the operators' listener: `/metrics`, `/healthz`, `/readyz`.
//! * `shutdown`: what a signal ends, in which order.
mod app;
mod ops;
mod shutdown;

pub use app::{Running, StartError, start};
pub use shutdown::stop_signal;
