//! Structured logs on stderr; `CHAPERONE_LOG` filters them.

/// Begins to log: human-readable on a terminal, JSON lines otherwise. A second call does nothing.
pub fn init() {
    todo!()
}
