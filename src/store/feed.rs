//! The change feed: every change of state is a row, and whoever made it waits until every subscriber has acted on it.
use tokio::sync::{mpsc, oneshot};

use crate::domain::id::{EngineerId, GrantId, MemberKey, SessionId, WorkspaceId};
use crate::domain::refusal::Code;

use super::sqlite::{Store, StoreError};

/// What changed. A subscriber drops what it knows of the thing named; for an ended session it ends what is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A workspace, or its forced single sign-on.
    Workspace(WorkspaceId),
    /// A member: role, e-mail, or gone.
    Member(MemberKey),
    /// An engineer: disabled, groups, organization.
    Engineer(EngineerId),
    /// A grant: created, moved or revoked.
    Grant(WorkspaceId, GrantId),
    /// A session has ended, with the cause that its requests are refused with.
    SessionEnded(WorkspaceId, SessionId, Code),
    /// A session began or was renewed.
    Session(WorkspaceId, SessionId),
}

/// What subscribers did about a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ack {
    /// Exchanges and streams that were cut.
    pub streams_cut: u64,
}

/// Tells a subscriber: act on everything up to `sequence`, then answer.
#[derive(Debug)]
pub struct Announcement {
    /// The feed's sequence number up to which to act.
    pub sequence: i64,
    /// Where to answer.
    pub done: oneshot::Sender<Ack>,
}

/// Announcements for one subscriber.
pub type Subscription = mpsc::UnboundedReceiver<Announcement>;

/// Tells the subscribers of this node that the feed has grown.
#[derive(Debug)]
pub struct Feed {}

impl Feed {
    /// A feed without subscribers.
    #[must_use]
    pub fn new() -> Self {
        todo!()
    }

    /// A new subscriber.
    pub fn subscribe(&self) -> Subscription {
        todo!()
    }

    /// Tells every subscriber, and waits until all have acted: nothing that the change forbids can pass any more.
    pub async fn announce(&self, sequence: i64) -> Ack {
        let _ = sequence;
        todo!()
    }
}

impl Store {
    /// The changes after `sequence`, oldest first, each with its own sequence number; at most 1000.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changes_after(&self, sequence: i64) -> Result<Vec<(i64, Change)>, StoreError> {
        let _ = sequence;
        todo!()
    }

    /// The sequence number of the latest change; 0 when there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn latest_change(&self) -> Result<i64, StoreError> {
        todo!()
    }
}
