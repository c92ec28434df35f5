//! What ends by itself: sessions past their end, left idle, or on a grant that is over; requests that nobody answered; old rows are swept.
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::grant::Standing;
use crate::domain::id::SessionId;
use crate::domain::refusal::Code;
use crate::domain::session::{Basis, Session};
use crate::domain::time::{Span, Timestamp};
use crate::store::{Write, basis, sessions};
use crate::telemetry::logs::chain;

use super::access_requests::overdue;
use super::ending::{self, Ending};
use super::{Access, AccessError, hygiene};

/// How often to look.
const LOOK: Duration = Duration::from_secs(2);

/// How much later than the proxy the store calls a session idle: `last_seen_at` is written back in batches.
const WRITTEN_BACK: Span = Span::from_seconds(15);

/// Ends and sweeps until `stop`, every few seconds. The proxy refuses by the clock, not by this.
pub async fn sweep(access: Arc<Access>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = round(&access).await {
            tracing::error!(error = chain(&error), "ended sessions wait to be written down");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Ends every session and every request whose time has come, each in a transaction of its own, then prunes.
pub(super) async fn round(access: &Access) -> Result<(), AccessError> {
    let now = access.clock.now();
    let due = sessions::due(&mut *access.store.read().await?, now, idle_since(access, now)).await?;
    for session in due {
        end_if_due(access, &session.id).await?;
    }
    overdue(access, now).await?;
    hygiene::remind(access, now).await?;
    Ok(access.store.prune(now).await?)
}

fn idle_since(access: &Access, now: Timestamp) -> Timestamp {
    let patience = access.sessions.idle.as_millis().saturating_add(WRITTEN_BACK.as_millis());
    Timestamp::from_millis(now.as_millis().saturating_sub(patience))
}

async fn end_if_due(access: &Access, id: &SessionId) -> Result<(), AccessError> {
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let Some(session) = sessions::find(&mut tx, id).await? else { return Ok(()) };
    let Some(cause) = cause(access, &mut tx, &session, now).await? else { return Ok(()) };
    let event = ending::end(access, &mut tx, &session, Ending { cause: &cause, by: "clock", at: now }).await?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(())
}

/// Why the session ends by itself at `now`, if it does: it may have been renewed or seen again meanwhile.
async fn cause(
    access: &Access,
    tx: &mut Write,
    session: &Session,
    now: Timestamp,
) -> Result<Option<Code>, AccessError> {
    if session.ended.is_some() {
        return Ok(None);
    }
    if session.expires_at <= now {
        let basis = basis(tx, session).await?;
        let live = |basis: Basis| match basis {
            Basis::Grant(grant) => grant.standing(now) == Standing::Live,
            Basis::Emergency(emergency) => now < emergency.expires_at,
        };
        return Ok(Some(if basis.is_some_and(live) { Code::SessionEnded } else { session.basis.over() }));
    }
    Ok((session.last_seen_at <= idle_since(access, now)).then_some(Code::SessionIdle))
}
