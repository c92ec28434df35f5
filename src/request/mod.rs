//! What a request means: pure, and the same for the proxy and for `explain`.
//!
//! * `normalize`: one spelling of the request, or a refusal. No identity header from a client survives it.
//! * `target`: method, host, and the form of the target.
//! * `framing`: where the body ends, and which upgrade is asked for.
//! * `path`: the canonical path, and its *readings*: what some backend might make of it.
//! * `fold`: what lax backends make of one segment, and which segments are refused because of it.
//! * `headers`: which names never pass: families and their look-alikes; `usual`: which ones nearly always do.
//! * `cookies`: ours apart from the browser's own.
//! * `destination`: the second path of `COPY` and `MOVE`.
//! * `route`: the route, and every reading of the request under it.
//! * `rules`: the effect and the labels of one reading.
mod cookies;
mod destination;
mod fold;
mod framing;
mod headers;
mod normalize;
mod path;
mod route;
mod rules;
mod target;
mod usual;

pub use cookies::{COOKIE_MEMBER, COOKIE_SESSION, COOKIE_SIGN_IN, COOKIE_STAFF, Cookies, is_ours, reads_as_ours};
pub use fold::fold;
pub use headers::{Forged, safe_response_header, safe_trailer};
pub use normalize::{Arrived, Normalized, Upgrade, normalize};
pub use path::CanonicalPath;
pub use route::{Reading, Route, Routed, Routes, route};

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod route_tests;
#[cfg(test)]
mod testing;
