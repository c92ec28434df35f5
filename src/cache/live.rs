//! What outlives an entry: the end of a session and its cause, its open exchanges, its cookies, when it was last seen.
//!
//! An exchange goes through two phases. While *entering* it is decided, recorded and sent; ending the session waits
//! until nothing is entering any more. Afterwards it is a *stream*: every further byte is preceded by a look at the
//! session's end, so nobody has to wait for a client that does not read.
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::domain::id::SessionId;
use crate::domain::refusal::Code;
use crate::domain::time::Timestamp;

use super::jar::Jar;

/// One session that is in use on this node.
#[derive(Debug)]
pub struct Live {
    /// Its id.
    pub id: SessionId,
    /// `consented` or `emergency`.
    pub(super) mode: &'static str,
    cause: OnceLock<Code>,
    over: CancellationToken,
    entering: AtomicU64,
    streams: AtomicU64,
    entered: Notify,
    seen: AtomicI64,
    written: AtomicI64,
    jar: Mutex<Jar>,
}

impl Live {
    pub(super) fn new(id: SessionId, mode: &'static str, last_seen: Timestamp) -> Self {
        Self {
            id,
            mode,
            cause: OnceLock::new(),
            over: CancellationToken::new(),
            entering: AtomicU64::new(0),
            streams: AtomicU64::new(0),
            entered: Notify::new(),
            seen: AtomicI64::new(last_seen.as_millis()),
            written: AtomicI64::new(last_seen.as_millis()),
            jar: Mutex::default(),
        }
    }

    /// Begins an exchange.
    ///
    /// # Errors
    /// The cause, when the session has ended.
    pub fn enter(self: &Arc<Self>) -> Result<Entering, Code> {
        self.entering.fetch_add(1, Ordering::SeqCst);
        let entering = Entering(Arc::clone(self));
        // With its twin in `end`: either we see the cause, or whoever ends the session sees us.
        fence(Ordering::SeqCst);
        match self.cause() {
            Some(cause) => Err(cause),
            None => Ok(entering),
        }
    }

    /// Why the session ended, if it did.
    #[must_use]
    pub fn cause(&self) -> Option<Code> {
        self.cause.get().cloned()
    }

    /// Waits for the session's end.
    pub async fn ended(&self) -> Code {
        self.over.cancelled().await;
        self.cause().unwrap_or(Code::SessionEnded)
    }

    /// When the session's last request was.
    #[must_use]
    pub fn last_seen(&self) -> Timestamp {
        Timestamp::from_millis(self.seen.load(Ordering::Relaxed))
    }

    /// A request of the session at `now`.
    pub fn touch(&self, now: Timestamp) {
        self.seen.fetch_max(now.as_millis(), Ordering::Relaxed);
    }

    /// The app's cookies of this session.
    pub fn jar(&self) -> MutexGuard<'_, Jar> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the session: from here on nothing begins, and what streams is cut. The first cause stays. Returns how many
    /// exchanges were open.
    pub(super) fn end(&self, cause: Code) -> u64 {
        if self.cause.set(cause).is_err() {
            return 0;
        }
        fence(Ordering::SeqCst);
        let open = self.entering.load(Ordering::SeqCst) + self.streams.load(Ordering::SeqCst);
        self.over.cancel();
        open
    }

    /// Whether some exchange is entering.
    pub(super) fn is_entering(&self) -> bool {
        self.entering.load(Ordering::SeqCst) != 0
    }

    /// Waits until no exchange is entering any more. After [`Live::end`] none begins.
    pub(super) async fn drained(&self) {
        loop {
            let entered = self.entered.notified();
            if !self.is_entering() {
                return;
            }
            entered.await;
        }
    }

    /// When it was last seen, if that has not been written back yet.
    pub(super) fn unwritten(&self) -> Option<Timestamp> {
        let seen = self.seen.load(Ordering::Relaxed);
        (self.written.load(Ordering::Relaxed) < seen).then(|| Timestamp::from_millis(seen))
    }

    pub(super) fn wrote(&self, seen: Timestamp) {
        self.written.fetch_max(seen.as_millis(), Ordering::Relaxed);
    }
}

/// An exchange that is being decided, recorded and sent.
#[derive(Debug)]
pub struct Entering(Arc<Live>);

impl Entering {
    /// The session.
    #[must_use]
    pub fn live(&self) -> &Arc<Live> {
        &self.0
    }

    /// The upstream has answered: from here on every byte is preceded by a look at the session's end.
    #[must_use]
    pub fn into_stream(self) -> Stream {
        self.0.streams.fetch_add(1, Ordering::SeqCst);
        Stream(Arc::clone(&self.0))
    }
}

impl Drop for Entering {
    fn drop(&mut self) {
        if self.0.entering.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.entered.notify_waiters();
        }
    }
}

/// An exchange whose bytes flow.
#[derive(Debug)]
pub struct Stream(Arc<Live>);

impl Stream {
    /// The session.
    #[must_use]
    pub fn live(&self) -> &Arc<Live> {
        &self.0
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Arc<Live> {
        let now = Timestamp::from_millis(0);
        Arc::new(Live::new(SessionId::mint(now), "consented", now))
    }

    #[tokio::test]
    async fn an_ended_session_lets_nothing_begin_and_waits_for_what_had_begun() {
        let live = live();
        let entering = live.enter().unwrap();
        let stream = live.enter().unwrap().into_stream();
        assert_eq!(live.end(Code::GrantRevoked), 2);
        assert_eq!(live.end(Code::SessionEnded), 0, "the first cause stays");
        assert_eq!(live.enter().err(), Some(Code::GrantRevoked));
        let mut drained = Box::pin(live.drained());
        assert!(futures_util::poll!(&mut drained).is_pending());
        drop(entering);
        drained.await;
        drop(stream);
    }
}
