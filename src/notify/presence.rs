//! Who is online: members with a stream of events open.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::id::MemberKey;

/// Counts open streams by member.
#[derive(Debug, Default)]
pub struct Presence(Mutex<BTreeMap<MemberKey, usize>>);

/// One open stream: it counts until this is dropped.
#[derive(Debug)]
pub(super) struct Online {
    presence: Arc<Presence>,
    member: MemberKey,
}

impl Presence {
    /// Whether the member has a stream open now.
    #[must_use]
    pub fn is_online(&self, member: &MemberKey) -> bool {
        self.counts().contains_key(member)
    }

    /// Counts one more stream of the member, unless they have `most` already.
    pub(super) fn enter(self: &Arc<Self>, member: &MemberKey, most: usize) -> Option<Online> {
        let mut counts = self.counts();
        let count = counts.entry(member.clone()).or_default();
        if *count >= most {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Online { presence: Arc::clone(self), member: member.clone() })
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<MemberKey, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        let mut counts = self.presence.counts();
        if let Some(count) = counts.get_mut(&self.member) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.member);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_online_while_at_least_one_stream_is_open() {
        let presence = Arc::new(Presence::default());
        let olga = MemberKey { workspace: "acme".parse().unwrap(), id: "olga".parse().unwrap() };
        let (one, other) = (presence.enter(&olga, 2).unwrap(), presence.enter(&olga, 2).unwrap());
        assert!(presence.enter(&olga, 2).is_none(), "too many");
        drop(one);
        assert!(presence.is_online(&olga));
        drop(other);
        assert!(!presence.is_online(&olga) && presence.counts().is_empty());
    }
}
