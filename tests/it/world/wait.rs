//! Waiting for something to become true, never for time to pass.
use std::time::{Duration, Instant};

/// How long a pause between two looks is.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until `look` finds something; panics after `limit`, naming `what` was awaited.
pub(crate) async fn eventually<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
