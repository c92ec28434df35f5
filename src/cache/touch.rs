//! Writes back when sessions were last seen, in batches: a request never waits for the store.
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::directory::Directory;
use crate::telemetry::logs::chain;

const EVERY: Duration = Duration::from_secs(1);
/// How many are written at once: whoever revokes waits for no more than that.
const BATCH: usize = 500;

/// Writes back until `stop`, and once more then.
pub async fn write_back(directory: Arc<Directory>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        write(&directory).await;
    }
    write(&directory).await;
}

async fn write(directory: &Directory) {
    let unwritten: Vec<_> =
        directory.live().values().filter_map(|live| Some((Arc::clone(live), live.unwritten()?))).collect();
    for batch in unwritten.chunks(BATCH) {
        let seen: Vec<_> = batch.iter().map(|(live, at)| (live.id.clone(), *at)).collect();
        if let Err(error) = directory.store.touch(&seen).await {
            tracing::warn!(error = chain(&error), "cannot write back when sessions were last seen");
            return;
        }
        for (live, at) in batch {
            live.wrote(*at);
        }
    }
}
