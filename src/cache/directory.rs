//! The one question that the proxy asks: whose session is this, and what does it stand on?
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::future::Cache;
use moka::policy::EvictionPolicy;
use tokio::sync::Semaphore;

use crate::domain::engineer::Engineer;
use crate::domain::id::{EngineerId, SessionId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::time::{Clock, Span, Timestamp};
use crate::domain::workspace::Workspace;
use crate::identity::SecretHash;
use crate::store::Store;
use crate::telemetry::logs::chain;
use crate::telemetry::metrics::Metrics;

use super::entry::Entry;
use super::fill::{FillError, fill};
use super::generation::{Changes, Generations};
use super::lease::Lease;
use super::live::Live;
use super::shared::Shared;

/// How many sessions are kept in memory.
const MOST_ENTRIES: u64 = 120_000;
/// How long an entry is kept at most. Never longer than its right; and never prolonged by traffic.
const LONGEST: Duration = Duration::from_mins(5);
/// How many sessions are read at once: fewer than the store has readers, so that a flood of unknown tokens never keeps the
/// follower from its own read, and so ends nobody's lease.
const MOST_READS: usize = 2;
/// How often a read may lose against a change before the request is told to come back.
const ATTEMPTS: usize = 8;

/// Why there is no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAdmitted {
    /// No session has this token.
    Unknown,
    /// The session has ended, for this cause.
    Ended(Code),
    /// The member whose login it lends is gone.
    SubjectGone,
    /// What we know is too old, and cannot be renewed now.
    Stale,
}

/// The cached grant table.
#[derive(Debug)]
pub struct Directory {
    pub(super) store: Store,
    pub(super) clock: Arc<Clock>,
    pub(super) lease: Lease,
    pub(super) generations: Generations,
    pub(super) reads: Semaphore,
    pub(super) engineers: Shared<EngineerId, Engineer>,
    pub(super) workspaces: Shared<WorkspaceId, Workspace>,
    entries: Cache<SecretHash, Arc<Entry>>,
    live: Mutex<HashMap<SessionId, Arc<Live>>>,
    pub(super) metrics: Arc<Metrics>,
}

impl Directory {
    /// An empty table over `store`; nothing is admitted before [`super::follow()`] runs.
    #[must_use]
    pub fn new(store: Store, clock: Arc<Clock>, lease: Span, metrics: Arc<Metrics>) -> Arc<Self> {
        let bounded = UntilItsEnd { clock: Arc::clone(&clock) };
        Arc::new(Self {
            lease: Lease::new(Arc::clone(&clock), lease),
            entries: Cache::builder()
                .max_capacity(MOST_ENTRIES)
                .eviction_policy(EvictionPolicy::tiny_lfu())
                .expire_after(bounded)
                .build(),
            generations: Generations::new(),
            reads: Semaphore::new(MOST_READS),
            engineers: Shared::default(),
            workspaces: Shared::default(),
            live: Mutex::default(),
            metrics,
            store,
            clock,
        })
    }

    /// The session whose token has this hash.
    ///
    /// # Errors
    /// Why it admits nobody.
    pub async fn session(&self, token: SecretHash) -> Result<Arc<Entry>, NotAdmitted> {
        for _ in 0..ATTEMPTS {
            if !self.is_fresh() {
                break;
            }
            let entry = if let Some(entry) = self.entries.get(&token).await {
                self.metrics.cache_hits.inc();
                entry
            } else {
                // Seldom, and large: nobody carries it along who finds an entry.
                let read = Box::pin(self.entries.try_get_with(token, fill(self, token)));
                // What takes longer than the lease could not be relied on.
                let Ok(read) = tokio::time::timeout(self.lease_left(), read).await else { break };
                read.map_err(|e| not_admitted(&e))?
            };
            // Looked at after the read, which may have taken longer than the lease.
            if self.stands(&entry) {
                return Ok(entry);
            }
            self.entries.invalidate(&token).await;
        }
        self.lease.tell();
        Err(NotAdmitted::Stale)
    }

    /// Whether the session of this token is in memory: then no read of the store is needed to find it.
    #[must_use]
    pub fn knows(&self, token: &SecretHash) -> bool {
        self.entries.contains_key(token)
    }

    /// Whether what we know is fresh enough to let anybody pass.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.lease.is_fresh()
    }

    /// Whether what an entry says may be relied on: nothing of it has changed, and what we know is fresh.
    #[must_use]
    pub fn stands(&self, entry: &Entry) -> bool {
        self.is_fresh() && self.generations.current(&entry.stamp)
    }

    /// How long what we know may still be used without being confirmed; zero: nobody passes now.
    #[must_use]
    pub fn lease_left(&self) -> Duration {
        self.lease.left()
    }

    /// Hears of changes that do not end the entry's session by themselves: whoever streams decides again.
    #[must_use]
    pub fn changes(&self, entry: &Entry) -> Changes {
        self.generations.changes(&entry.stamp)
    }

    /// Has everything that is open decided again at once: what decides has changed.
    pub fn decide_anew(&self) {
        self.generations.tell_all();
    }

    /// Sets the gauges that say what is known here, and how old it is.
    pub fn measure(&self) {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.metrics.cache_entries.set(i64::try_from(self.entries.entry_count()).unwrap_or(i64::MAX));
        let live = self.live();
        let emergencies = live.values().filter(|live| live.mode == "emergency").count();
        self.metrics.sessions_live.with_label_values(&["emergency"]).set(count(emergencies));
        self.metrics.sessions_live.with_label_values(&["consented"]).set(count(live.len().saturating_sub(emergencies)));
        drop(live);
        self.metrics.state_age_seconds.set(self.lease.age().as_secs_f64());
    }

    pub(super) fn live(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Live>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn tidy(&self) {
        self.entries.run_pending_tasks().await;
        self.engineers.tidy();
        self.workspaces.tidy();
    }
}

fn not_admitted(error: &FillError) -> NotAdmitted {
    match error {
        FillError::Unknown => NotAdmitted::Unknown,
        FillError::Ended(cause) => NotAdmitted::Ended(cause.clone()),
        FillError::SubjectGone => NotAdmitted::SubjectGone,
        FillError::Store(error) => {
            tracing::error!(error = chain(error), "cannot read a session");
            NotAdmitted::Stale
        }
        FillError::Facts(error) => {
            tracing::error!(error, "cannot prepare a session's facts");
            NotAdmitted::Stale
        }
    }
}

/// An entry lives until its right ends, or [`LONGEST`]; reading it prolongs nothing.
struct UntilItsEnd {
    clock: Arc<Clock>,
}

impl moka::Expiry<SecretHash, Arc<Entry>> for UntilItsEnd {
    fn expire_after_create(&self, _: &SecretHash, entry: &Arc<Entry>, _: Instant) -> Option<Duration> {
        let now: Timestamp = self.clock.now();
        Some(entry.expires_at().since(now).to_std().min(LONGEST))
    }
}
