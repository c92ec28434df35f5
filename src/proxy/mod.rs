//! THE DATA PLANE, in the order a request meets it:
//!
//! `accept` → `proxy_protocol` → `handshake` → `serve` → `exchange`, the spine: normalize and route (in `request`) → `identify` →
//! `admit` (with `vouched`: in the right browser, at the right host) → `authorize` → `record` → `forward`, which rebuilds the request (`inject`) and sends it (`upstream`).
//! `stream` guards what flows, `tunnel` does so for WebSockets; `cookie_jar` keeps the app's cookies away from the
//! engineer's machine; `banner` shows engineers on the app's pages where they are; `refuse` tells people what went wrong and what to do. `gate` holds what they all work with;
//! `lapse` notices when the access behind an exchange ends; `body` is what goes up and what comes back, `pace` how much of it comes and how soon; `patience` is
//! what clients lose that do not read, `watch` what they lose that do not ask, by the `pulse` of their connection; `taken`
//! tells how they take their answers. `pem` reads the files that TLS is made of, on either side.
//!
//! `client_address` believes trusted proxies on where a request comes from, and nobody else. `chained` notices requests from inside a login. `unimpersonated` is the shortcut of inline routes, for requests in which nothing is of ours.
//!
//! Architecture Invariant: nothing reaches an upstream but through `forward`, which takes one of two proofs by value: the
//! policies' permit, recorded, or that the request is nobody's whom we know. The data plane never names the store or the
//! control plane: with the database gone it answers by the lease, or refuses.
mod accept;
mod admit;
mod authorize;
mod banner;
mod body;
mod chained;
mod client_address;
mod cookie_jar;
mod exchange;
mod forward;
mod gate;
mod handshake;
mod identify;
mod inject;
mod lapse;
mod pace;
mod patience;
mod pem;
mod proxy_protocol;
mod pulse;
mod record;
mod refuse;
mod serve;
mod stream;
mod taken;
mod tunnel;
mod unimpersonated;
mod upstream;
mod vouched;
mod watch;

pub use accept::{Listener, accept};
pub use body::Body;
pub use gate::{Gate, GateError, Parts};
pub use handshake::{HandshakeError, Tls};
