//! The nouns: plain types that every other room speaks in. No I/O, no rights, no storage.
//!
//! Everything a person types is parsed into one of these once, at the edge. States that depend on time are
//! computed ([`grant::Grant::standing`]), never stored.
//!
//! * Who: `workspace`, `member`, `engineer`. By what right: `grant`, `emergency`. Asked for: `access_request`. Inside: `session`.
//! * Asked for by members: `support_request`, with each `attachment`; `obvious_secret`: what they had better not write there.
//! * What is asked and answered: `effect` of a request, `action` of the control plane, `refusal` with its code.
//! * What all of them are made of: `id`, `text`, `host`, `path_pattern`, `time` (the only clocks), `random` (the only dice).
//! * `schema`: how the API's document describes those that are texts.
pub mod access_request;
pub mod action;
pub mod attachment;
pub mod effect;
pub mod emergency;
pub mod engineer;
pub mod grant;
pub mod host;
pub mod id;
pub mod member;
pub mod obvious_secret;
pub mod path_pattern;
pub mod random;
pub mod refusal;
mod schema;
pub mod session;
pub mod support_request;
pub mod text;
pub mod time;
pub mod workspace;
