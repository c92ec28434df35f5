//! Every metric, one list (contract, section 8).

/// The metrics of one process.
#[derive(Debug)]
pub struct Metrics {}
