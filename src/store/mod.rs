//! Where state is kept: one SQLite file. The only room that knows SQL.
//!
//! Every change of state is one transaction that writes three things: the state, its event (the trail's row), and a
//! row of the change feed, by which caches learn of it.
//!
//! * `sqlite`: the pools: one writer, several readers; WAL, `synchronous = FULL`. `place`: whether the file is still where it
//!   was. `obstacle`: what tests put in the way to it.
//! * `inspect`: a look at it that changes nothing.
//! * `write`: that one transaction: [`Write::commit`] takes the event, so that no change goes without one.
//! * `feed`: changes, with acknowledgements: how a revoke knows that nothing of it can pass any more.
//! * `admission`: the one question of the proxy's cache.
//! * `workspaces`, `members`, `engineers`, `grants`, `emergencies`, `access_requests`, `support_requests`, `sessions`, `api_keys`,
//!   `idempotency`: a noun's rows and queries.
//!   `grant_review`: whether a grant was ever used, and reminded of.
//!   What reads takes a connection, so that it works in a [`Read`] and in a [`Write`]; what changes takes a `Write`.
//! * `sign_ins`: engineers' sign-ins by browser, and which sessions belong to them. `entry_codes`: how a browser enters
//!   a session's own origin. `member_sign_ins`: members' sign-ins to our own pages.
//! * `events`: the trail's rows on their way to the journal. `outbox`: the notices of them, on their way to people.
//! * `housekeeping`: what is written without an event.
//! * `columns`: from columns to domain types.
//!
//! The SQL keeps to what SQLite and PostgreSQL share: `$1`, `ON CONFLICT`, `RETURNING`.
pub mod access_requests;
mod admission;
pub mod api_keys;
mod columns;
pub mod emergencies;
pub mod engineers;
pub mod entry_codes;
pub mod events;
mod feed;
pub mod grant_review;
pub mod grants;
mod housekeeping;
pub mod idempotency;
mod inspect;
pub mod member_sign_ins;
pub mod members;
#[cfg(test)]
mod migration_tests;
mod obstacle;
pub mod outbox;
mod place;
pub mod sessions;
pub mod sign_ins;
mod sqlite;
pub mod support_requests;
#[cfg(test)]
mod tests;
pub mod workspaces;
mod write;

pub use admission::{Admission, basis};
pub use feed::{Ack, Announcement, Change, Feed, Subscription};
pub use inspect::{Inspected, inspect};
pub use obstacle::{Doing, Obstacle};
pub use sqlite::{Connection, Read, Store, StoreError};
pub use write::Write;
