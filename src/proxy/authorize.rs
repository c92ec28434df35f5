//! May it pass? Every plausible reading of the request is put to the policies; each must be permitted.
use std::sync::Arc;

use crate::cache::{Entering, Entry};
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::identity::SecretHash;
use crate::policy::{Asked, Bundle, DecisionRecord, Http, Permit, Refused, decide_access};
use crate::request::{Reading, Routed};

use super::admit::Admitted;
use super::exchange::Arrival;
use super::gate::Gate;
use super::record;
use super::refuse::TurnedAway;

/// A request that the policies permit.
pub(super) struct Permitted {
    pub(super) routed: Arc<Routed>,
    pub(super) token: SecretHash,
    pub(super) entry: Arc<Entry>,
    pub(super) chained: bool,
    pub(super) entering: Entering,
    pub(super) permit: Permit,
    /// The policies that permit it.
    pub(super) bundle: Arc<Bundle>,
}

/// Asks the policies.
///
/// # Errors
/// `wrong-workspace` for a request that names another workspace; whatever the policies refuse with. A refusal is
/// recorded: the session is known.
pub(super) fn authorize(admitted: Admitted, gate: &Gate, arrival: &Arrival) -> Result<Permitted, Box<TurnedAway>> {
    let Admitted { routed, token, entry, last_seen, chained, entering } = admitted;
    let refused = |refusal: Refusal, decision: Option<DecisionRecord>| {
        let draft = record::refused(&entry, &routed, arrival, &refusal, decision.as_ref());
        let turned_away = TurnedAway::new(refusal).recorded(draft);
        Box::new(if entry.is_over(arrival.now) { turned_away.over() } else { turned_away })
    };
    if let Err(elsewhere) = routed.stays_in(&entry.workspace.id) {
        return Err(refused(elsewhere, None));
    }
    let question = Question { entry: &entry, routed: &routed, chained, last_seen, now: arrival.now };
    let asked = gate.clock.uptime();
    let bundle = gate.engine.current();
    let answer = question.ask(&bundle);
    gate.metrics.decision_seconds.observe(gate.clock.uptime().since(asked).as_secs_f64());
    match answer {
        Ok(permit) => Ok(Permitted { routed, token, entry, chained, entering, permit, bundle }),
        Err(no) => Err(refused(no.refusal, Some(no.decision))),
    }
}

/// A request, as a question to the policies; streams ask it again and again.
pub(super) struct Question<'a> {
    pub(super) entry: &'a Entry,
    pub(super) routed: &'a Routed,
    pub(super) chained: bool,
    pub(super) last_seen: Timestamp,
    pub(super) now: Timestamp,
}

impl Question<'_> {
    /// Asks about every reading; the permit of the canonical one stands for all.
    pub(super) fn ask(&self, bundle: &Bundle) -> Result<Permit, Box<Refused>> {
        let permit = decide_access(bundle, &self.entry.prepared, &self.asked(&self.routed.reading))?;
        for reading in &self.routed.others {
            decide_access(bundle, &self.entry.prepared, &self.asked(reading))?;
        }
        Ok(permit)
    }

    fn asked<'b>(&'b self, reading: &'b Reading) -> Asked<'b> {
        let request = &self.routed.request;
        Asked {
            now: self.now,
            last_seen_at: self.last_seen,
            http: Http {
                method: request.method.as_str(),
                host: &request.host,
                path: &reading.path,
                effect: reading.effect,
                labels: &reading.labels,
                ip: request.peer,
            },
            covers_path: reading.covered_by(&self.entry.basis),
            chained: self.chained,
        }
    }
}
