//! chaperone: a policy-enforcing authorization proxy for support access. No engineer gets into a customer's account
//! without the customer's live consent, every request is decided again, and nothing passes unrecorded.
//!
//! Two planes share one state. The *data plane* (`proxy`) judges and forwards engineers' requests. The *control plane*
//! (`access`, behind `api`) changes the state that it judges by: workspaces, grants, sessions. They meet in `store`,
//! through `cache`: whoever changes something waits until the data plane has acted on it.
//!
//! The rooms, from the highest to the lowest; each imports from strictly lower rows (`tests/tidy` holds that):
//!
//! * `cli`: the command line.
//! * `demo`: a sample app and sample identities around a real gate.
//! * `server`: builds everything, listens, shuts down.
//! * `console`: engineers' pages. `support_access`: customers' pages, and what the app shows of them.
//! * `proxy`: the data plane. `api`: the control plane over HTTP.
//! * `access`: the control plane. `cache`: what the data plane may ask. `notify`: who is told.
//! * `store`: where state is kept.
//! * `policy`: the decision.
//! * `request`: what a request means. `identity`: who presents what, and is it genuine. `audit`: the trail. `limits`: who
//!   takes too much. `face`: how pages look.
//! * `telemetry`: logs and metrics. `config`: the file. `problem`: what people are told when they are refused.
//! * `domain`: the nouns that all rooms speak in.
pub mod access;
pub mod api;
pub mod audit;
pub mod cache;
pub mod cli;
pub mod config;
pub mod console;
pub mod demo;
pub mod domain;
pub mod face;
pub mod identity;
pub mod limits;
pub mod notify;
pub mod policy;
pub mod problem;
pub mod proxy;
pub mod request;
pub mod server;
pub mod store;
pub mod support_access;
pub mod telemetry;
