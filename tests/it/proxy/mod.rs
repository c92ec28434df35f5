//! What attackers send on the wire, and what an app that notes every byte gets of it: each story is a class of attacks.
//!
//! Nothing stands between the bytes written here and the gate, nor between the gate and the notes of the app.
//! * `spoofing`: headers that say who somebody is, where they come from, or what they really want.
//! * `framing`: where a request ends. `targets`: what it is for. `http2`: the same in frames.
//! * `cookies`, `upgrades`, `answers`: what else goes in, and what comes back.
//! * `wire`: the gate, the bytes that are sent, and what must hold whatever is sent.
//! * `origin`: the app. `frames`: HTTP/2, octet by octet.
mod answers;
mod cookies;
mod frames;
mod framing;
mod http2;
mod origin;
mod spoofing;
mod targets;
mod upgrades;
mod wire;
