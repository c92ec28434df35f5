//! Where state is kept: one SQLite file. The only room that knows SQL.
//!
//! Every change of state is one transaction that writes three things: the state, its event (the trail's row), and a
//! row of the change feed, by which caches learn of it.
//!
//! * `sqlite`: the pools: one writer, several readers; WAL, `synchronous = FULL`.
//! * `feed`: changes, with acknowledgements: how a revoke knows that nothing of it can pass any more.
//! * one file per noun: its rows and queries.
mod admission;
mod feed;
mod sqlite;

pub use admission::Admission;
pub use feed::{Ack, Announcement, Change, Feed, Subscription};
pub use sqlite::{Store, StoreError};
