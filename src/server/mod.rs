//! Builds everything once, listens, and shuts down in order.
//!
//! * `app`: from a checked configuration to a running gate.
//! * `descriptors`: how many files may be open.
//! * `keys`: has a rotation of the signing keys count without a restart.
//! * `ops`: the operators' listener: `/metrics`, `/healthz`, `/readyz`.
//! * `proving`: policies are loaded, and proved where the configuration asks for it.
//! * `reload`: what may change on disk while the gate runs.
//! * `seal`: who signs the trail's checkpoints.
//! * `seams`: where a gate touches the world, for tests to let it fail.
//! * `shutdown`: what a signal ends, in which order.
mod app;
mod descriptors;
mod keys;
mod ops;
mod proving;
mod reload;
mod seal;
mod seams;
mod shutdown;

pub use app::{Running, StartError, start};
pub use reload::Reload;
pub use seal::trust;
pub use seams::Seams;
pub use shutdown::{Signalled, Signals};
