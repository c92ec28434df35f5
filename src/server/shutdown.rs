//! What a signal ends, in which order: first no new connections; then what was begun is finished, or cut after a
//! while; then what runs beside; then the trail is closed, so that nothing that passed is missing from it.
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::Journal;
use crate::store::Store;

/// How long exchanges and streams may go on after the signal.
const GRACE: Duration = Duration::from_secs(5);
/// How long what is cut then may take to record its end.
const CUT: Duration = Duration::from_secs(1);
/// How long what runs beside may take to end.
const LAST_WRITES: Duration = Duration::from_secs(3);

/// Tasks and the tokens that end them.
#[derive(Debug)]
pub(super) struct Phases {
    /// Connections and tunnels.
    pub(super) serving: TaskTracker,
    /// Ends the public listener.
    pub(super) stop_serving: CancellationToken,
    /// Cuts exchanges and streams.
    pub(super) cut_serving: CancellationToken,
    /// What runs beside.
    pub(super) background: TaskTracker,
    /// Ends what runs beside.
    pub(super) stop_background: CancellationToken,
}

impl Phases {
    pub(super) fn new() -> Self {
        Self {
            serving: TaskTracker::new(),
            stop_serving: CancellationToken::new(),
            cut_serving: CancellationToken::new(),
            background: TaskTracker::new(),
            stop_background: CancellationToken::new(),
        }
    }
}

/// Everything that a clean end touches.
#[derive(Debug)]
pub(super) struct Stopping {
    pub(super) phases: Phases,
    pub(super) journal: Arc<Journal>,
    pub(super) store: Store,
}

impl Stopping {
    pub(super) async fn run(self) {
        let Self { phases, journal, store } = self;
        phases.stop_serving.cancel();
        phases.serving.close();
        if tokio::time::timeout(GRACE, phases.serving.wait()).await.is_err() {
            tracing::info!(open = phases.serving.len(), "cutting what is still open");
            phases.cut_serving.cancel();
            // How each of them ended belongs into the trail, which is closed last.
            if tokio::time::timeout(CUT, phases.serving.wait()).await.is_err() {
                tracing::warn!(open = phases.serving.len(), "some connections did not end when cut");
            }
        }
        phases.stop_background.cancel();
        phases.background.close();
        if tokio::time::timeout(LAST_WRITES, phases.background.wait()).await.is_err() {
            tracing::warn!("some background work did not end in time");
        }
        journal.close().await;
        store.close().await;
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signalled {
    /// SIGTERM or SIGINT: an end in order.
    Stop,
    /// SIGHUP: files read again.
    Reload,
}

/// Listens for signals: from then on none of them ends the process by itself.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// A file would grow beyond what the system allows: the write that tried it fails then, and nothing else.
    _too_large_a_file: Signal,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the signals cannot be listened for.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            _too_large_a_file: signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.terminate.recv() => Signalled::Stop,
            _ = self.interrupt.recv() => Signalled::Stop,
            _ = self.hangup.recv() => Signalled::Reload,
        }
    }

    /// Waits for the next one that asks for an end.
    pub async fn stop(&mut self) {
        while self.next().await == Signalled::Reload {}
    }
}
