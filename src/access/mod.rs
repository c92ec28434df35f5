//! THE CONTROL PLANE: one file per noun. Every function takes the actor first, asks policy, and writes state, event
//! and change in one transaction; then it waits until the caches have acted.
//!
//! * `actor`: who acts, and how a genuine token becomes an actor.
//! * `workspaces`, `members`, `engineers`: the directory, kept current by the vendor.
//! * `access_requests`: engineers ask for consent, members answer.
//! * `support_requests`: members ask for help, and thereby consent; `attachments`: their files. `tickets`: a closed ticket ends
//!   what was consented to for it.
//! * `grants`: consent. `sessions`: entering. `support_access`: what a member sees of both. `following`: who may look on.
//! * `ways_in`: which workspaces an engineer may know of, and how they may enter them now.
//!   `names`: what things are called.
//! * `emergencies`: entry without consent, approved by others, told to the customer, reviewed.
//! * `sign_ins`: engineers sign in by browser, and out. `entering`: a browser goes to a session's own origin.
//! * `member_sign_ins`: members come to our own pages from the app.
//! * `explain`: why a request passes or not, for operators. `policies`: the set that decides, when it is replaced.
//! * `hygiene`: grants that somebody should look at.
//! * `api_keys`: keys for the API. `trail`: the relay from event rows to the journal. `expiry`: what ends by itself.
//! * `permission`: which kind of actor, and what the policies say. Keys are judged by their scopes, for the policies
//!   speak of people.
//! * `standing`: sessions whose engineers nobody vouches for any more.
//! * `records`: the trail of a workspace, for its members. `receipts`: what was seen and done in a session.
//! * `ending`: how a session ends and a grant is revoked, whatever the cause. `record`: decisions in events.
//! * `repeat`: creating calls that are safe to repeat. `reason`: whether a reason is one. `error`: why a call fails.
//!
//! Architecture Invariant: whoever changes something reads the person who acts, workspace and object again inside the
//! transaction that changes it, so that no decision is taken on what has just ceased to be true.
pub mod access_requests;
pub mod actor;
pub mod api_keys;
pub mod attachments;
pub mod emergencies;
mod ending;
pub mod engineers;
pub mod entering;
mod error;
pub mod expiry;
pub mod explain;
pub mod following;
pub mod grants;
pub mod hygiene;
pub mod member_sign_ins;
pub mod members;
pub mod names;
mod permission;
pub mod policies;
mod reason;
pub mod receipts;
mod record;
pub mod records;
mod repeat;
pub mod sessions;
pub mod sign_ins;
pub mod standing;
pub mod support_access;
pub mod support_requests;
#[cfg(test)]
mod tests;
pub mod tickets;
pub mod trail;
pub mod ways_in;
pub mod workspaces;

use std::str::FromStr;
use std::sync::Arc;

pub use actor::Actor;
pub use attachments::{Attachments, NoFolder};
pub use error::AccessError;

use crate::config;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Clock;
use crate::identity::{AnswerKey, StaffKeys};
use crate::policy::Engine;
use crate::store::{Feed, Store};
use crate::telemetry::metrics::Metrics;

/// Everything that the control plane works with.
#[derive(Debug)]
pub struct Access {
    /// Where state is kept.
    pub store: Store,
    /// Who must hear of changes.
    pub feed: Arc<Feed>,
    /// What decides.
    pub engine: Arc<Engine>,
    /// The clocks.
    pub clock: Arc<Clock>,
    /// Who engineers are.
    pub staff: config::Staff,
    /// The keys of everybody who speaks for engineers.
    pub staff_keys: StaffKeys,
    /// Limits of grants.
    pub grants: config::Grants,
    /// What a request for access needs.
    pub requests: config::Requests,
    /// Signs the links in mails by which members answer.
    pub answers: Arc<AnswerKey>,
    /// Limits of support requests.
    pub support_requests: config::SupportRequests,
    /// Their files.
    pub attachments: Attachments,
    /// Limits of sessions.
    pub sessions: config::Sessions,
    /// Limits of emergencies.
    pub emergency: config::Emergency,
    /// The hosts of sessions, where each has its own.
    pub session_host: Option<config::SessionHost>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Which page of a list.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Where to go on; none: at the beginning.
    pub after: Option<String>,
    /// How many items at most, 1 to 200; by default 50.
    pub limit: Option<u32>,
}

impl<T> Page<T> {
    /// The page of `items`, which were read one beyond `limit` to see whether more follow.
    fn cut(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

impl PageRequest {
    fn limit(&self) -> u32 {
        self.limit.unwrap_or(50).clamp(1, 200)
    }

    fn after<Id: FromStr>(&self) -> Result<Option<Id>, AccessError> {
        let bad = |_| Refusal::because(Code::BadRequest, "the cursor `after` is none of ours").into();
        self.after.as_deref().map(str::parse).transpose().map_err(bad)
    }
}

/// Makes a creating call safe to repeat for 24 hours: same key and body, same answer; same key, other body: conflict.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The client's key, at most 255 visible ASCII characters.
    pub key: String,
    /// A digest of the call and its body.
    pub digest: [u8; 32],
}
