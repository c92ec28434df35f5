//! When does the access behind an exchange lapse? On a revoke at once; on any other change, and at every end of a
//! window, the same question is asked again.
use std::sync::Arc;
use std::time::Duration;

use crate::cache::Entry;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::identity::SecretHash;
use crate::request::Routed;

use super::admit;
use super::authorize::Question;
use super::gate::Gate;

/// What is watched.
pub(super) struct Watch {
    pub(super) gate: Arc<Gate>,
    pub(super) token: SecretHash,
    pub(super) entry: Arc<Entry>,
    pub(super) routed: Arc<Routed>,
    pub(super) chained: bool,
}

impl Watch {
    /// Resolves when the access has lapsed, with the refusal that a new request would get.
    pub(super) async fn lapsed(mut self) -> Refusal {
        let live = Arc::clone(&self.entry.live);
        let mut changes = live.changes();
        loop {
            let pause = self.until_next_look(self.gate.clock.now());
            tokio::select! {
                biased;
                cause = live.ended() => return cause.into(),
                _ = changes.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
            if let Err(refusal) = self.look_again().await {
                return refusal;
            }
        }
    }

    /// At every lease's end, and at every moment at which a window closes.
    fn until_next_look(&self, now: Timestamp) -> Duration {
        let idle = self.entry.live.last_seen().plus(self.gate.idle);
        let close = self.entry.expires_at().min(idle).since(now).to_std();
        close.min(self.gate.directory.lease())
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
