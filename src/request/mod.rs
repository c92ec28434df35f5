//! What a request means: pure, and the same for the proxy and for `explain`.
//!
//! * `normalize`: one spelling of the request, or a refusal. No identity header from a client survives it.
//! * `path`: the canonical path, and its *readings*: what some backend might make of it.
//! * `headers`: which names never pass: families and their look-alikes.
//! * `cookies`: ours apart from the browser's own.
//! * `route`: the route, the effect, the labels.
mod cookies;
mod headers;
mod normalize;
mod path;
mod route;

pub use cookies::{COOKIE_MEMBER, COOKIE_SESSION, COOKIE_STAFF, Cookies, is_ours};
pub use headers::{Forged, safe_response_header, safe_trailer};
pub use normalize::{Arrived, Normalized, Upgrade, normalize};
pub use path::{CanonicalPath, fold};
pub use route::{Reading, Route, Routed, Routes, route};
