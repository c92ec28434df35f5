//! builds everything once, listens, and shuts down in order.
