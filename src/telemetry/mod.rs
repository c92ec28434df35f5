//! What operators see: `logs` and `metrics`, one list.
pub mod logs;
pub mod metrics;
