//! When does the access behind an exchange lapse? On a revoke at once; on any other change, at every end of a window,
//! and at the end of every lease, the same question is asked again.
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::cache::Entry;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::identity::SecretHash;
use crate::request::Routed;

use super::admit;
use super::authorize::Question;
use super::gate::Gate;

/// What is watched.
#[derive(Clone)]
pub(super) struct Watch {
    gate: Arc<Gate>,
    token: SecretHash,
    entry: Arc<Entry>,
    routed: Arc<Routed>,
    chained: bool,
    changes: watch::Receiver<()>,
}

impl Watch {
    /// Watches a permitted request; [`Watch::confirm`] catches up with what changed before.
    pub(super) fn new(
        gate: &Arc<Gate>,
        token: SecretHash,
        entry: Arc<Entry>,
        routed: &Arc<Routed>,
        chained: bool,
    ) -> Self {
        let changes = entry.live.changes();
        Self { gate: Arc::clone(gate), token, entry, routed: Arc::clone(routed), chained, changes }
    }

    /// The session as it was read last.
    pub(super) fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// Decides again if what the decision stood on does not stand any more.
    pub(super) async fn confirm(&mut self) -> Result<(), Refusal> {
        let in_time = !self.until_next_look(self.gate.clock.now()).is_zero();
        if in_time && self.gate.directory.stands(&self.entry) { Ok(()) } else { self.look_again().await }
    }

    /// Resolves when the access has lapsed, with the refusal that a new request would get.
    pub(super) async fn lapsed(mut self) -> Refusal {
        let live = Arc::clone(&self.entry.live);
        loop {
            let pause = self.until_next_look(self.gate.clock.now());
            let looked = tokio::select! {
                biased;
                cause = live.ended() => return cause.into(),
                _ = self.changes.changed() => self.confirm().await,
                // Policies may look at the clock: they are asked again, even if nothing has changed.
                () = tokio::time::sleep(pause) => self.look_again().await,
            };
            if let Err(refusal) = looked {
                return refusal;
            }
        }
    }

    /// At the end of the lease, unless it is renewed until then, and at every moment at which a window closes.
    fn until_next_look(&self, now: Timestamp) -> Duration {
        let idle = self.entry.live.last_seen().plus(self.gate.idle);
        let close = self.entry.expires_at().min(idle).since(now).to_std();
        close.min(self.gate.directory.lease_left())
    }

    async fn look_again(&mut self) -> Result<(), Refusal> {
        self.entry = self.gate.directory.session(self.token).await.map_err(admit::refusal)?;
        let now = self.gate.clock.now();
        admit::still_live(&self.entry, self.gate.idle, now)?;
        let question = Question {
            entry: &self.entry,
            routed: &self.routed,
            chained: self.chained,
            last_seen: self.entry.live.last_seen(),
            now,
        };
        question.ask(&self.gate.engine.current()).map(drop).map_err(|refused| refused.refusal)
    }
}
