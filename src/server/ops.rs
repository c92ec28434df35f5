//! The operators' listener: `/metrics`, `/healthz` (the process answers), `/readyz` (it would let somebody pass).
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header::CONTENT_TYPE};
use axum::routing::get;
use axum::{Json, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::{self, Access};
use crate::audit::Journal;
use crate::cache::Directory;
use crate::config;
use crate::limits::Limits;
use crate::notify::Notices;
use crate::telemetry::logs::chain;
use crate::telemetry::metrics::Metrics;

use super::reload::Standing;

/// A pause after the system refused to accept, so that a lack of descriptors does not become a busy loop.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the store may take to count grants, and notices, for the metrics.
const COUNTING: Duration = Duration::from_millis(500);

/// What operators ask of.
#[derive(Debug, Clone)]
pub(super) struct Ops {
    pub(super) metrics: Arc<Metrics>,
    pub(super) limits: Arc<Limits>,
    pub(super) directory: Arc<Directory>,
    pub(super) journal: Arc<Journal>,
    pub(super) access: Arc<Access>,
    pub(super) notices: Arc<Notices>,
    pub(super) files: Arc<Standing>,
}

/// Serves until `stop`, one request a connection.
pub(super) async fn serve(socket: TcpListener, ops: Ops, config: config::Limits, stop: CancellationToken) {
    let (limits, tasks) = (Arc::clone(&ops.limits), TaskTracker::new());
    let longest = config.head_time.saturating_add(config.write_time);
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(ops);
    let mut builder = http1::Builder::new();
    builder.keep_alive(false).timer(TokioTimer::new()).header_read_timeout(config.head_time);
    while let Some(accepted) = stop.run_until_cancelled(socket.accept()).await {
        let Ok((socket, _)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Some(seat) = limits.ops_connection() else { continue };
        let serving = builder.serve_connection(TokioIo::new(socket), TowerToHyperService::new(router.clone()));
        tasks.spawn(async move {
            let _seat = seat;
            // Whoever asks sees how it ends.
            let _ = tokio::time::timeout(longest, serving).await;
        });
    }
    tasks.close();
    tasks.wait().await;
}

/// Whether somebody would be let through, and if not, why.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    state: &'static str,
    audit: &'static str,
    /// A version that was refused keeps nobody out: the one before stays in force.
    files: String,
}

async fn ready(State(ops): State<Ops>) -> (StatusCode, Json<Readiness>) {
    let (fresh, written) = (ops.directory.is_fresh(), ops.journal.healthy());
    let word = |fine, not| if fine { "ok" } else { not };
    let ready = fresh && written;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let readiness = Readiness {
        ready,
        state: if fresh { "ok" } else { "stale: the store cannot be read" },
        audit: word(written, "unavailable: the trail cannot be written"),
        files: ops.files.words(),
    };
    (status, Json(readiness))
}

async fn metrics(State(ops): State<Ops>) -> ([(HeaderName, &'static str); 1], String) {
    ops.directory.measure();
    ops.limits.measure();
    ops.metrics.audit_queue.set(i64::try_from(ops.journal.queue()).unwrap_or(i64::MAX));
    // Metrics are needed most when the store does not answer.
    match tokio::time::timeout(COUNTING, access::grants::count_live(&ops.access)).await {
        Ok(Ok(live)) => ops.metrics.grants_live.set(live),
        Ok(Err(error)) => tracing::warn!(error = chain(&error), "cannot count live grants"),
        Err(_) => tracing::warn!("cannot count live grants: the store does not answer"),
    }
    if tokio::time::timeout(COUNTING, ops.notices.measure()).await.is_err() {
        tracing::warn!("cannot count the notices that wait: the store does not answer");
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], ops.metrics.render())
}
