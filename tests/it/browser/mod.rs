//! What people see, in a real Chromium: the stories of `tests/browser`.
//!
//! * `play`: how a story is played. `provider`: engineers sign in at an identity provider of others.
mod play;
mod provider;

pub(crate) use play::{free_port, modules, played, script};
