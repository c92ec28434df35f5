//! Follows the change feed: acts on every change, acknowledges it, renews the lease.
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::store::{Ack, Announcement, Change, StoreError, Subscription};
use crate::telemetry::logs::chain;

use super::directory::Directory;
use super::live::Live;

/// How many unclaimed counts are kept for announcements that are still on their way.
const MOST_UNCLAIMED: usize = 1024;

/// Follows until `stop`. Nothing is admitted before its first good read.
pub async fn follow(
    directory: Arc<Directory>,
    subscription: Subscription,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let mut follower = Follower { directory, tasks, head: None, cut: BTreeMap::new(), waiting: Vec::new() };
    follower.run(subscription, stop).await;
}

struct Follower {
    directory: Arc<Directory>,
    tasks: TaskTracker,
    /// The last change that was acted on; none before the first good read.
    head: Option<i64>,
    /// What acting on a change did, by its sequence number, until its announcement claims it.
    cut: BTreeMap<i64, Done>,
    /// Announcements that wait for a good read.
    waiting: Vec<Announcement>,
}

/// What acting on one change did.
#[derive(Default)]
struct Done {
    streams_cut: u64,
    draining: Option<Arc<Live>>,
}

impl Follower {
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
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let store = self.directory.store.clone();
        loop {
            let start = self.directory.clock.uptime();
            let Some(head) = self.head else {
                self.head = Some(store.latest_change().await?);
                self.directory.lease.renew(start);
                return Ok(());
            };
            let changes = store.changes_after(head).await?;
            if changes.is_empty() {
                self.directory.lease.renew(start);
                return Ok(());
            }
            for (sequence, change) in changes {
                let done = self.act(&change);
                self.cut.insert(sequence, done);
                self.head = Some(sequence);
            }
            while self.cut.len() > MOST_UNCLAIMED {
                self.cut.pop_first();
            }
        }
    }

    fn act(&self, change: &Change) -> Done {
        let directory = &self.directory;
        match change {
            Change::Workspace(id) | Change::Grant(id, _) | Change::Session(id, _) => {
                directory.generations.bump_workspace(id);
            }
            Change::Member(key) => directory.generations.bump_workspace(&key.workspace),
            Change::Engineer(id) => directory.generations.bump_engineer(id),
            Change::SessionEnded(workspace, session, cause) => {
                directory.generations.bump_workspace(workspace);
                let Some(live) = directory.live().remove(session) else { return Done::default() };
                return Done { streams_cut: live.end(cause.clone()), draining: Some(live) };
            }
        }
        for live in directory.live().values() {
            live.announce_change();
        }
        Done::default()
    }

    /// Answers every announcement that was acted on, each once nothing that it forbids is on its way any more.
    fn acknowledge(&mut self) {
        let head = self.head.unwrap_or(0);
        self.waiting.sort_by_key(|announcement| announcement.sequence);
        let still = self.waiting.partition_point(|announcement| announcement.sequence <= head);
        for announcement in self.waiting.drain(..still).collect::<Vec<_>>() {
            let later = self.cut.split_off(&(announcement.sequence + 1));
            let claimed = std::mem::replace(&mut self.cut, later);
            self.tasks.spawn(async move {
                let mut ack = Ack::default();
                for done in claimed.into_values() {
                    ack.streams_cut += done.streams_cut;
                    if let Some(live) = done.draining {
                        live.drained().await;
                    }
                }
                // Whoever announced may have gone away; the change is in force all the same.
                let _ = announcement.done.send(ack);
            });
        }
    }
}
