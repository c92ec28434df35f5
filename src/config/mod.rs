//! The configuration: one TOML file becomes checked types, or every mistake in it becomes a message with key path,
//! line, caret and hint.
//!
//! * `types`: the checked configuration that the rest of the program sees.
//! * `listener`: of these, how connections are received.
//! * `people`: of it, who engineers and members are. `notify`: of it, who is told. `rights`: how long rights may last. `limits`: what clients may use up.
//! * `profile`: the built-in profiles of policies.
//! * `support`: what comes with support requests, and who closes tickets. `trail`: where the trail is.
//! * `load`: file, environment overrides (`CHAPERONE__SERVER__LISTEN`), `_file` secrets, checks.
//! * `reach`: how the app of a route is reached. `session_host`: the host that each session has for itself.
//! * `syntax` makes a `tree` of the text, in which every value knows its place; `environment` writes overrides into it.
//! * `section` takes the keys of a table one by one, and `sections` has a file for each part of the contract; `values`,
//!   `templates` and `secret` are what their keys take.
//! * `reading` collects what is wrong, `nearest` guesses what was meant, `errors` shows it to a person.
//!
//! Contract, section 3, has every key and its default; `config/chaperone.toml` explains them.
mod environment;
mod errors;
mod limits;
mod listener;
mod load;
mod nearest;
mod notify;
mod people;
mod profile;
mod reach;
mod reading;
mod rights;
mod secret;
mod section;
mod sections;
mod session_host;
mod support;
mod syntax;
mod templates;
#[cfg(test)]
mod tests;
mod trail;
mod tree;
mod types;
mod values;

pub use errors::{ConfigErrors, Mistake, Mistakes};
pub use limits::{Limits, Rate};
pub use listener::{Certificate, ProxyProtocol, Tls, TrustedHeaders};
pub use load::{Loaded, load};
pub use notify::{Credentials, Mail, Notify, Webhook};
pub use people::{Customers, JwksFrom, Partner, SignIn, Staff};
pub use profile::{BadProfile, Profile};
pub use reach::{Check, Health, Reach, Timeouts, UpstreamHost, UpstreamTls};
pub use rights::{Emergency, Grants, Requests, Sessions};
pub use session_host::SessionHost;
pub use support::{SupportRequests, Tickets};
pub use trail::{Audit, Durability};
pub use types::*;
