//! What the proxy may ask: the cached grant table. With the database gone it answers for one lease, then refuses.
//!
//! * `directory`: the one question, "whose session is this?", and its answer.
//! * `entry`: a session with everything that a decision needs, read together.
//! * `live`: what outlives an entry: the session's end, its open exchanges, its cookies (`jar`), when it was last seen.
//! * `fill`: reading from the store, one reader per session; what was read before a change never counts after it.
//! * `shared`: what many sessions have in common is kept once.
//! * `generation`: how an entry knows that something changed since it was read.
//! * `lease`: until when what we know may be used without being confirmed.
//! * `follow`: acts on the change feed, acknowledges, renews the lease.
//! * `touch`: writes back when sessions were last seen.
//!
//! Architecture Invariant: no entry is used that was read before a change to anything in it was acknowledged.
mod directory;
mod entry;
mod fill;
mod follow;
mod generation;
mod jar;
mod lease;
mod live;
mod shared;
#[cfg(test)]
mod tests;
mod touch;

pub use directory::{Directory, NotAdmitted};
pub use entry::{Entry, SignedFor};
pub use follow::follow;
pub use generation::Changes;
pub use jar::{Jar, StoredCookie};
pub use live::{Entering, Live, Stream};
pub use touch::write_back;
