//! What operators see: `logs`, `metrics` (one list), and `traces`, sent by `collector`.
mod collector;
pub mod logs;
pub mod metrics;
pub mod traces;
