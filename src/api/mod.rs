//! the HTTP API under `/.chaperone/api/v1`.
