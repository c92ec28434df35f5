//! When does the access behind an exchange lapse? On a revoke at once; on any other change, at every end of a window,
//! and at the end of every lease, the same question is asked again.
use std::sync::Arc;
use std::time::Duration;

use crate::cache::{Changes, Entry};
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::identity::SecretHash;
use crate::policy::Bundle;
use crate::request::Routed;

use super::admit;
use super::authorize::Question;
use super::gate::Gate;
use super::vouched::vouched;

/// What a permit stands on.
#[derive(Clone)]
pub(super) struct Stands {
    pub(super) token: SecretHash,
    /// The session as it was read last.
    pub(super) entry: Arc<Entry>,
    /// The policies that decided last.
    pub(super) bundle: Arc<Bundle>,
    pub(super) chained: bool,
}

/// What is watched.
#[derive(Clone)]
pub(super) struct Watch {
    gate: Arc<Gate>,
    on: Stands,
    routed: Arc<Routed>,
    changes: Changes,
}

impl Watch {
    /// Watches a permitted request; [`Watch::confirm`] catches up with what changed before.
    pub(super) fn new(gate: &Arc<Gate>, on: Stands, routed: &Arc<Routed>) -> Self {
        let changes = gate.directory.changes(&on.entry);
        Self { gate: Arc::clone(gate), on, routed: Arc::clone(routed), changes }
    }

    /// The session as it was read last.
    pub(super) fn entry(&self) -> &Arc<Entry> {
        &self.on.entry
    }

    /// Decides again if what the decision stood on does not stand any more: the session with all that belongs to it, the
    /// time, and the policies.
    pub(super) async fn confirm(&mut self) -> Result<(), Refusal> {
        let in_time = !self.until_next_look(self.gate.clock.now()).is_zero();
        let same_policies = Arc::ptr_eq(&self.on.bundle, &self.gate.engine.current());
        let stands = in_time && same_policies && self.gate.directory.stands(&self.on.entry);
        if stands { Ok(()) } else { Box::pin(self.look_again()).await }
    }

    /// Resolves when the access has lapsed, with the refusal that a new request would get.
    pub(super) async fn lapsed(mut self) -> Refusal {
        let live = Arc::clone(&self.on.entry.live);
        loop {
            let pause = self.until_next_look(self.gate.clock.now());
            let looked = tokio::select! {
                biased;
                cause = live.ended() => return cause.into(),
                () = self.changes.changed() => self.confirm().await,
                // Policies may look at the clock: they are asked again, even if nothing has changed.
                () = tokio::time::sleep(pause) => Box::pin(self.look_again()).await,
            };
            if let Err(refusal) = looked {
                return refusal;
            }
        }
    }

    /// At the end of the lease, unless it is renewed until then, and at every moment at which a window closes.
    fn until_next_look(&self, now: Timestamp) -> Duration {
        let idle = self.on.entry.live.last_seen().plus(self.gate.idle);
        let close = self.on.entry.expires_at().min(idle);
        let vouched = self.on.entry.proof.until(self.gate.recheck);
        let close = vouched.map_or(close, |until| until.min(close)).since(now).to_std();
        close.min(self.gate.directory.lease_left())
    }

    async fn look_again(&mut self) -> Result<(), Refusal> {
        self.on.entry = self.gate.directory.session(self.on.token).await.map_err(admit::refusal)?;
        self.on.bundle = self.gate.engine.current();
        let Stands { entry, bundle, chained, .. } = &self.on;
        let now = self.gate.clock.now();
        admit::still_live(entry, self.gate.idle, now)?;
        vouched(&self.gate, entry, &self.routed, now)?;
        let last_seen = entry.live.last_seen();
        let question = Question { entry, routed: &self.routed, chained: *chained, last_seen, now };
        question.ask(bundle).map(drop).map_err(|refused| refused.refusal)
    }
}
