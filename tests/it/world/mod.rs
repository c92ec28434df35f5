//! A gate that runs, with everything around it that a story needs.
//!
//! * `builder`: what a story says about its world before it begins; the configuration file.
//! * `gate`: the process of the real binary: starting it, reading its log, signals, restarts.
//! * `people`: engineers, members, and the issuers that vouch for them.
//! * `api`: calls of the control plane, as people make them.
//! * `client`: HTTP/1.1 and HTTP/2, in plaintext and TLS. `sockets`: WebSockets and streams of events.
//! * `app`: the app behind the gate, which remembers every request.
//! * `form`: forms with files.
//! * `process`: an app of others, as a process. `tap`: the wire to it, which shows what the gate sent.
//! * `idp`: where engineers sign in by browser. `browser`: cookies by origin, redirects, forms.
//! * `mailbox`: a mail server. `hook`: the app's webhook.
//! * `wait`: waiting for something to become true, never for time to pass.
mod api;
mod app;
mod browser;
mod builder;
mod client;
mod form;
mod gate;
mod hook;
mod idp;
mod mailbox;
mod people;
mod process;
mod sockets;
mod tap;
mod wait;

pub(crate) use api::Session;
pub(crate) use app::{App, FILE, PAGE};
pub(crate) use browser::{Ask, Browser, PUBLIC, between};
pub(crate) use builder::{Builder, SEGMENT, World};
pub(crate) use client::{Connection, HOST, Reply, Via, body, refused, request, whole};
pub(crate) use form::Form;
pub(crate) use gate::{Gate, Output, chaperone, chaperone_in};
pub(crate) use hook::Hook;
pub(crate) use idp::SECRET;
pub(crate) use mailbox::{Mail, Mailbox};
pub(crate) use people::{Engineer, Issuer, Member, engineers, members};
pub(crate) use process::{Process, python};
pub(crate) use sockets::{Download, Events, Socket, Upload};
pub(crate) use tap::Tap;
pub(crate) use wait::eventually;
