//! Keys of issuers and trusted gates, beside files: those at an address are asked for again from time to time, and what
//! stood on a withdrawn one ends.
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, select_all};
use tokio_util::sync::CancellationToken;

use crate::access::{self, Access};
use crate::identity::{Jwks, TrustedGates};
use crate::telemetry::logs::chain;

/// How often keys are asked for that are not in a file.
const REFRESH: Duration = Duration::from_mins(5);
/// How long trusted gates are left alone after they were asked: whoever makes up assertions must not make us flood them.
const PAUSE: Duration = Duration::from_secs(10);
/// How long to wait before what could not be ended is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// Asks for fetched keys until `stop`.
pub(in crate::server) async fn refresh(issuers: Vec<Arc<Jwks>>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(REFRESH) => {}
        }
        for jwks in issuers.iter().filter(|jwks| jwks.file().is_none()) {
            if let Err(error) = jwks.refresh().await {
                tracing::warn!(error = chain(&error), "an issuer's keys cannot be fetched: those that are known stay");
            }
        }
    }
}

/// Asks for the keys of trusted gates until `stop`: now, from time to time, and when a request came that may need newer
/// ones.
pub(in crate::server) async fn follow(trusted: Arc<TrustedGates>, stop: CancellationToken) {
    let look = async || {
        for result in join_all(trusted.keys().iter().map(|jwks| jwks.refresh())).await {
            if let Err(error) = result {
                let error = chain(&error);
                tracing::warn!(error, "a trusted gate's keys cannot be fetched: what may be its assertion counts");
            }
        }
        tokio::time::sleep(PAUSE).await;
        // Either is a reason to ask again.
        let _ = tokio::time::timeout(REFRESH, trusted.unsure()).await;
    };
    while !trusted.keys().is_empty() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = look() => {}
        }
    }
}

/// Ends the sessions that stand on withdrawn keys of those who speak for engineers, at start and whenever the keys change, until
/// `stop`.
pub(in crate::server) async fn withdraw(access: Arc<Access>, stop: CancellationToken) {
    let mut changes: Vec<_> = access.staff_keys.all().iter().map(|keys| keys.changes()).collect();
    loop {
        let upheld = access::standing::uphold(&access).await;
        match &upheld {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "sessions ended: nobody vouches for their engineers any more"),
            Err(error) => tracing::error!(error = chain(error), "sessions that must end wait for the store"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            _ = select_all(changes.iter_mut().map(|changes| Box::pin(changes.changed()))) => {}
            () = tokio::time::sleep(AGAIN), if upheld.is_err() => {}
        }
    }
}
