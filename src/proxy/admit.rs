//! Is the session live now, and is what we know of it fresh enough? Asked of the cache only.
use std::sync::Arc;

use crate::cache::{Entering, Entry, NotAdmitted};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::{Span, Timestamp};
use crate::identity::SecretHash;
use crate::request::Routed;

use super::exchange::Arrival;
use super::gate::Gate;
use super::identify::{Presented, no_session};
use super::record;
use super::refuse::TurnedAway;
use super::vouched::vouched;

/// A request of a live session.
pub(super) struct Admitted {
    pub(super) routed: Arc<Routed>,
    pub(super) token: SecretHash,
    pub(super) entry: Arc<Entry>,
    /// When the session's request before this one was.
    pub(super) last_seen: Timestamp,
    /// Whether the engineer already acts as somebody else behind another gate.
    pub(super) chained: bool,
    /// Ending the session waits for this.
    pub(super) entering: Entering,
}

/// Finds the session and checks what needs no policy.
///
/// # Errors
/// `no-session`, the cause of an ended session, `session-idle`, `unauthenticated`, `stale-state`. A refusal is recorded when
/// the session is known.
pub(super) async fn admit(presented: Presented, gate: &Gate, arrival: &Arrival) -> Result<Admitted, Box<TurnedAway>> {
    let Presented { routed, token, chained } = presented;
    may_look_up(gate, token, arrival)?;
    let entry = match gate.directory.session(token).await {
        Ok(entry) => entry,
        Err(NotAdmitted::Unknown) => {
            gate.limits.failed(arrival.peer);
            return Err(no_session(&routed));
        }
        Err(NotAdmitted::Stale) => return Err(refusal(NotAdmitted::Stale).into()),
        // It was somebody's: an engineer's page that asks on and on is no stranger who guesses.
        Err(gone @ (NotAdmitted::Ended(_) | NotAdmitted::SubjectGone)) => {
            return Err(Box::new(TurnedAway::new(refusal(gone)).over()));
        }
    };
    let last_seen = entry.live.last_seen();
    let refused = |refusal: Refusal| {
        let draft = record::refused(&entry, &routed, arrival, &refusal, None);
        TurnedAway::new(refusal).recorded(draft)
    };
    // A session that is merely not vouched for here and now is not over.
    vouched(gate, &entry, &routed, arrival.now).map_err(|refusal| Box::new(refused(refusal)))?;
    let entered = still_live(&entry, gate.idle, arrival.now).and_then(|()| entry.live.enter());
    let entering = entered.map_err(|code| Box::new(refused(code.into()).over()))?;
    entry.live.touch(arrival.now);
    Ok(Admitted { routed, token, entry, last_seen, chained, entering })
}

/// A token that is not known must be read from the store: whoever has made up too many of them has no more reads. Live
/// sessions behind the same address go on.
fn may_look_up(gate: &Gate, token: SecretHash, arrival: &Arrival) -> Result<(), Refusal> {
    let may = gate.limits.may_try(arrival.peer);
    if may.is_err() && gate.directory.knows(&token) { Ok(()) } else { may }
}

/// Whether a session is within its time.
///
/// # Errors
/// `session-ended` past its absolute end, `session-idle` after a long silence. A grant's end is the policies' business.
pub(super) fn still_live(entry: &Entry, idle: Span, now: Timestamp) -> Result<(), Code> {
    if entry.session.expires_at <= now && entry.basis.expires_at().is_none_or(|end| now < end) {
        return Err(Code::SessionEnded);
    }
    if entry.live.last_seen().plus(idle) <= now {
        return Err(Code::SessionIdle);
    }
    Ok(())
}

/// The refusal of a token that admits nobody.
pub(super) fn refusal(not_admitted: NotAdmitted) -> Refusal {
    match not_admitted {
        NotAdmitted::Unknown => Code::NoSession.into(),
        NotAdmitted::Ended(cause) => cause.into(),
        NotAdmitted::SubjectGone => Refusal::because(Code::GrantEnded, "the member who granted access is gone")
            .next("ask another owner for access"),
        NotAdmitted::Stale => Code::StaleState.into(),
    }
}
