//! A gate that runs, with everything around it that a story needs.
//!
//! * `builder`: what a story says about its world before it begins; the configuration file.
//! * `gate`: the process of the real binary: starting it, reading its log, signals, restarts.
//! * `people`: engineers, members, and the issuers that vouch for them.
//! * `api`: calls of the control plane, as people make them.
//! * `client`: HTTP/1.1 and HTTP/2, in plaintext and TLS. `sockets`: WebSockets and streams of events.
//! * `app`: the app behind the gate, which remembers every request.
//! * `wait`: waiting for something to become true, never for time to pass.
mod api;
mod app;
mod builder;
mod client;
mod gate;
mod people;
mod sockets;
mod wait;

pub(crate) use api::Session;
pub(crate) use app::App;
pub(crate) use builder::{SEGMENT, World};
pub(crate) use client::{Connection, Reply, Via, request, url};
pub(crate) use gate::{Output, chaperone};
pub(crate) use people::{Engineer, Issuer, Member, engineers, members};
pub(crate) use sockets::{Events, Socket, Upload};
pub(crate) use wait::eventually;
