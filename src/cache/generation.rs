//! How an entry knows that something changed since it was read: every change gets a number before it is acknowledged, and
//! every use of an entry compares the number of the latest change, as the read began, with those of its things.
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::domain::id::{EngineerId, WorkspaceId};

/// Numbers are shared by things that hash alike; sharing costs a needless refill, never a missed change. So many, that of
/// 100,000 sessions a change makes few read anew.
const SHARDS: usize = 65_536;
/// How many channels tell of changes; whoever hears of another's change looks, and finds nothing.
const CHANNELS: usize = 256;

/// The latest changes of all things.
#[derive(Debug)]
pub(super) struct Generations {
    /// The number of the latest change.
    latest: AtomicU64,
    /// The number of the latest change of any thing of the shard.
    changed: Box<[AtomicU64]>,
    channels: [watch::Sender<()>; CHANNELS],
}

/// The number of the latest change at one moment, taken before a read began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Snapshot(u64);

/// What one entry stands on, and when it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    workspace: usize,
    engineer: usize,
    read: Snapshot,
}

/// Hears of changes to what one entry stands on.
#[derive(Debug, Clone)]
pub struct Changes {
    workspace: watch::Receiver<()>,
    engineer: watch::Receiver<()>,
}

impl Changes {
    /// Waits for the next change; there may be none, for channels are shared.
    pub async fn changed(&mut self) {
        // A channel is closed only with the whole table: then nothing changes any more.
        let (workspace, engineer) = (self.workspace.changed(), self.engineer.changed());
        tokio::select! {
            Ok(()) = workspace => {}
            Ok(()) = engineer => {}
            else => std::future::pending().await,
        }
    }
}

impl Generations {
    pub(super) fn new() -> Self {
        Self {
            latest: AtomicU64::new(0),
            changed: (0..SHARDS).map(|_| AtomicU64::new(0)).collect(),
            channels: std::array::from_fn(|_| watch::Sender::new(())),
        }
    }

    /// Everything read from this workspace before now is old.
    pub(super) fn bump_workspace(&self, id: &WorkspaceId) {
        self.bump(shard(id));
    }

    /// Everything read about this engineer before now is old.
    pub(super) fn bump_engineer(&self, id: &EngineerId) {
        self.bump(shard(id));
    }

    /// Everything read before now is old.
    pub(super) fn bump_all(&self) {
        let number = self.next();
        for changed in &self.changed {
            changed.fetch_max(number, Ordering::SeqCst);
        }
    }

    /// Tells whoever streams from this workspace.
    pub(super) fn tell_workspace(&self, id: &WorkspaceId) {
        self.tell(shard(id));
    }

    /// Tells whatever streams to this engineer.
    pub(super) fn tell_engineer(&self, id: &EngineerId) {
        self.tell(shard(id));
    }

    /// Tells everything that streams.
    pub(super) fn tell_all(&self) {
        for channel in &self.channels {
            channel.send_replace(());
        }
    }

    /// Whoever takes a snapshot after this sees what the change left: it was committed before.
    fn next(&self) -> u64 {
        self.latest.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn bump(&self, shard: usize) {
        let number = self.next();
        if let Some(changed) = self.changed.get(shard) {
            changed.fetch_max(number, Ordering::SeqCst);
        }
    }

    fn tell(&self, shard: usize) {
        self.channel(shard).send_replace(());
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot(self.latest.load(Ordering::SeqCst))
    }

    /// Whether nothing that the stamp stands for has changed since.
    pub(super) fn current(&self, stamp: &Stamp) -> bool {
        self.at(stamp.workspace) <= stamp.read.0 && self.at(stamp.engineer) <= stamp.read.0
    }

    /// Hears of changes from here on to what the stamp stands for.
    pub(super) fn changes(&self, stamp: &Stamp) -> Changes {
        Changes {
            workspace: self.channel(stamp.workspace).subscribe(),
            engineer: self.channel(stamp.engineer).subscribe(),
        }
    }

    fn channel(&self, shard: usize) -> &watch::Sender<()> {
        let [first, others @ ..] = &self.channels;
        others.get(shard % CHANNELS).unwrap_or(first)
    }

    fn at(&self, shard: usize) -> u64 {
        self.changed.get(shard).map_or(u64::MAX, |changed| changed.load(Ordering::SeqCst))
    }
}

impl Snapshot {
    pub(super) fn stamp(self, workspace: &WorkspaceId, engineer: &EngineerId) -> Stamp {
        Stamp { workspace: shard(workspace), engineer: shard(engineer), read: self }
    }
}

fn shard(id: &impl Hash) -> usize {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_makes_what_was_read_before_it_old_and_nothing_else() {
        let (acme, ada) = ("acme".parse::<WorkspaceId>().unwrap(), "ada".parse::<EngineerId>().unwrap());
        let other = (0..10_000)
            .map(|n| format!("w{n}").parse::<WorkspaceId>().unwrap())
            .find(|w| ![shard(&acme), shard(&ada)].contains(&shard(w)))
            .unwrap();
        let generations = Generations::new();
        let stamp = generations.snapshot().stamp(&acme, &ada);
        generations.bump_workspace(&other);
        assert!(generations.current(&stamp));
        generations.bump_engineer(&ada);
        assert!(!generations.current(&stamp));
        assert!(generations.current(&generations.snapshot().stamp(&acme, &ada)));
    }
}
