//! what the proxy may ask: the cached grant table.
