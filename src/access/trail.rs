//! The relay: events were rows in the transaction of their change; from there each goes into the journal, once.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::audit::{Journal, Unavailable};
use crate::domain::id::EventId;
use crate::store::StoreError;
use crate::telemetry::logs::chain;

use super::Access;

/// How often to look without being woken: other processes write events too.
const LOOK: Duration = Duration::from_secs(1);

/// Why a round was cut short; the next one tries again.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] Unavailable),
}

/// Relays until `stop`; woken by every change, and once a second. After `stop` it relays what is left, once.
///
/// An event is marked as relayed after the journal has it on disk. Whenever that was interrupted, by a crash or a fault,
/// the journal is asked what it already holds, so that no event goes missing or stands there twice.
pub async fn relay(access: Arc<Access>, journal: Arc<Journal>, stop: CancellationToken) {
    let mut held = journal.recent_control_events();
    loop {
        let stopping = stop.is_cancelled();
        match round(&access, &journal, &held).await {
            Ok(()) => held.clear(),
            Err(error) => {
                tracing::error!(error = chain(&error), "control-plane events wait for the journal");
                held = journal.recent_control_events();
                pause(&stop).await;
            }
        }
        if stopping {
            return;
        }
        tokio::select! {
            () = access.store.committed() => {}
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn pause(stop: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(LOOK) => {}
        () = stop.cancelled() => {}
    }
}

/// Relays everything that waits. `held`: what the journal holds although it is not marked.
async fn round(access: &Access, journal: &Journal, held: &HashSet<EventId>) -> Result<(), RelayError> {
    loop {
        let batch = access.store.unrelayed().await?;
        let Some((last, _)) = batch.last() else { return Ok(()) };
        let last = *last;
        let mut appended = Vec::with_capacity(batch.len());
        for (_, event) in batch {
            if !held.contains(&event.event_id) {
                appended.push(journal.append(event).await?);
            }
        }
        for record in appended {
            record.durable().await?;
        }
        access.store.relayed_up_to(last).await?;
    }
}
