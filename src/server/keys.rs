//! Looks into the folder of signing keys, so that a rotation needs no restart.
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::time::Clock;
use crate::identity::Keys;
use crate::telemetry::logs::chain;

/// How often it looks: a rotation counts within a second.
const EVERY: Duration = Duration::from_millis(500);

/// Looks until `stop`. A folder that cannot be read is logged once, and the known keys go on.
pub(super) async fn watch(keys: Arc<Keys>, clock: Arc<Clock>, stop: CancellationToken) {
    let mut complained = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        match look(Arc::clone(&keys), Arc::clone(&clock)).await {
            Ok(changed) => {
                complained = None;
                if changed {
                    tracing::info!(?keys, "the signing keys have changed");
                }
            }
            Err(problem) if complained.as_ref() == Some(&problem) => {}
            Err(problem) => {
                tracing::error!(problem, "the signing keys cannot be read again: the known ones go on");
                complained = Some(problem);
            }
        }
    }
}

/// One look, where waiting for a disk holds nobody up.
async fn look(keys: Arc<Keys>, clock: Arc<Clock>) -> Result<bool, String> {
    let looked = tokio::task::spawn_blocking(move || keys.refresh(clock.now())).await;
    looked.map_err(|error| error.to_string())?.map_err(|error| chain(&error))
}
