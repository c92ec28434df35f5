//! Follows the change feed: acts on every change, acknowledges it, renews the lease.
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::id::MemberKey;
use crate::store::{Ack, Announcement, Change, StoreError, Subscription};
use crate::telemetry::logs::chain;

use super::directory::Directory;
use super::live::Live;

/// How many unclaimed counts are kept for announcements that are still on their way; an older one is forgotten.
const MOST_UNCLAIMED: usize = 1024;

/// Follows until `stop`. Nothing is admitted before its first good read.
pub async fn follow(
    directory: Arc<Directory>,
    subscription: Subscription,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    Follower::new(directory, tasks).run(subscription, stop).await;
}

/// What follows the feed.
pub(super) struct Follower {
    directory: Arc<Directory>,
    tasks: TaskTracker,
    /// The last change that was acted on; none before the first good read.
    head: Option<i64>,
    /// How many exchanges acting on a change cut, by its sequence number, until an announcement claims it.
    cut: BTreeMap<i64, u64>,
    /// Ended sessions of which something may still be entering. Every acknowledgement waits for all of them: changes may
    /// be announced twice, out of order, or never.
    draining: Vec<Arc<Live>>,
    /// Announcements that wait for a good read.
    waiting: Vec<Announcement>,
}

impl Follower {
    /// One that has read nothing yet; acknowledgements are `tasks`.
    pub(super) fn new(directory: Arc<Directory>, tasks: TaskTracker) -> Self {
        let (cut, draining, waiting) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { directory, tasks, head: None, cut, draining, waiting }
    }

    async fn run(&mut self, mut subscription: Subscription, stop: CancellationToken) {
        let mut ticks = interval(self.directory.lease.interval());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                announced = subscription.recv() => match announced {
                    Some(announcement) => self.waiting.push(announcement),
                    None => return,
                },
                _ = ticks.tick() => self.directory.tidy().await,
            }
            while let Ok(announcement) = subscription.try_recv() {
                self.waiting.push(announcement);
            }
            match self.catch_up().await {
                Ok(()) => self.acknowledge(),
                Err(error) => {
                    tracing::error!(error = chain(&error), "cannot read the change feed");
                }
            }
        }
    }

    /// Reads and acts on everything new, then renews the lease from the start of the read.
    pub(super) async fn catch_up(&mut self) -> Result<(), StoreError> {
        let store = self.directory.store.clone();
        loop {
            let start = self.directory.clock.uptime();
            let Some(head) = self.head else {
                self.head = Some(store.latest_change().await?);
                self.directory.lease.renew(start);
                return Ok(());
            };
            let changes = store.changes_after(head).await?;
            let Some((first, _)) = changes.first() else {
                self.directory.lease.renew(start);
                return Ok(());
            };
            if *first != head + 1 {
                self.forget_everything();
            }
            for (sequence, change) in changes {
                self.act(sequence, &change);
                self.head = Some(sequence);
            }
            while self.cut.len() > MOST_UNCLAIMED {
                self.cut.pop_first();
            }
        }
    }

    /// Some changes were swept before we read them, so anything may have changed: whoever streams decides again.
    fn forget_everything(&self) {
        tracing::warn!("the change feed has a gap: everything known of sessions is read anew");
        self.directory.generations.bump_all();
        self.directory.decide_anew();
    }

    fn act(&mut self, sequence: i64, change: &Change) {
        let generations = &self.directory.generations;
        match change {
            Change::Workspace(id)
            | Change::Grant(id, _)
            | Change::Session(id, _)
            | Change::Member(MemberKey { workspace: id, .. }) => {
                generations.bump_workspace(id);
                generations.tell_workspace(id);
            }
            Change::Engineer(id) => {
                generations.bump_engineer(id);
                generations.tell_engineer(id);
            }
            Change::SessionEnded(workspace, session, cause) => {
                generations.bump_workspace(workspace);
                let Some(live) = self.directory.live().remove(session) else { return };
                self.cut.insert(sequence, live.end(cause.clone()));
                self.draining.push(live);
            }
        }
    }

    /// Answers every announcement that was acted on, each once nothing that it forbids is on its way any more.
    fn acknowledge(&mut self) {
        self.draining.retain(|live| live.is_entering());
        let head = self.head.unwrap_or(0);
        self.waiting.sort_by_key(|announcement| announcement.sequence);
        let still = self.waiting.partition_point(|announcement| announcement.sequence <= head);
        for announcement in self.waiting.drain(..still).collect::<Vec<_>>() {
            let later = self.cut.split_off(&(announcement.sequence + 1));
            let claimed = std::mem::replace(&mut self.cut, later);
            let ack = Ack { streams_cut: claimed.into_values().sum() };
            let draining = self.draining.clone();
            self.tasks.spawn(async move {
                for live in draining {
                    live.drained().await;
                }
                // Whoever announced may have gone away; the change is in force all the same.
                let _ = announcement.done.send(ack);
            });
        }
    }
}
