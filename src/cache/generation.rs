//! How an entry knows that something changed since it was read: counters, bumped by every change before it is
//! acknowledged, compared before every use.
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::id::{EngineerId, WorkspaceId};

/// Counters are shared by things that hash alike; sharing costs a needless refill, never a missed change.
const SHARDS: usize = 256;

/// The counters of all things.
#[derive(Debug)]
pub(super) struct Generations([AtomicU64; SHARDS]);

/// The counters at one moment, taken before a read began.
#[derive(Debug)]
pub(super) struct Snapshot([u64; SHARDS]);

/// The counters that matter to one entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    workspace: (usize, u64),
    engineer: (usize, u64),
}

impl Generations {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
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
        for counter in &self.0 {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn bump(&self, shard: usize) {
        if let Some(counter) = self.0.get(shard) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot(std::array::from_fn(|shard| self.at(shard)))
    }

    /// Whether nothing that the stamp stands for has changed since.
    pub(super) fn current(&self, stamp: &Stamp) -> bool {
        let same = |(shard, then)| self.at(shard) == then;
        same(stamp.workspace) && same(stamp.engineer)
    }

    fn at(&self, shard: usize) -> u64 {
        self.0.get(shard).map_or(0, |counter| counter.load(Ordering::SeqCst))
    }
}

impl Snapshot {
    pub(super) fn stamp(&self, workspace: &WorkspaceId, engineer: &EngineerId) -> Stamp {
        let then = |shard: usize| (shard, self.0.get(shard).copied().unwrap_or(0));
        Stamp { workspace: then(shard(workspace)), engineer: then(shard(engineer)) }
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
