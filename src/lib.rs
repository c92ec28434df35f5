//! chaperone: a policy-enforcing authorization proxy for support access.
#![allow(clippy::todo, clippy::unused_async, clippy::needless_pass_by_value, reason = "skeleton")]
pub mod access;
pub mod api;
pub mod audit;
pub mod cache;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod identity;
pub mod policy;
pub mod problem;
pub mod proxy;
pub mod request;
pub mod server;
pub mod store;
pub mod telemetry;
