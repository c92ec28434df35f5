//! The configuration: one TOML file becomes checked types, or every mistake in it becomes a message with key path,
//! line, caret and hint.
//!
//! * [`types`](self): the checked configuration that the rest of the program sees.
//! * `load`: file, environment overrides (`CHAPERONE__SERVER__LISTEN`), `_file` secrets, checks.
//!
//! Contract, section 3, has every key and its default.
mod load;
mod types;

pub use load::{ConfigErrors, Loaded, load};
pub use types::*;
