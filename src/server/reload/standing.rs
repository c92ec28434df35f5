//! What of the files on disk is not in force, and why: for `/readyz`, the log and the metrics.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::telemetry::metrics::Metrics;

use super::{Reread, Source};

/// Which newest versions were refused.
#[derive(Debug)]
pub(in crate::server) struct Standing {
    refused: Mutex<BTreeMap<&'static str, String>>,
    metrics: Arc<Metrics>,
}

impl Standing {
    /// Nothing is refused so far. What is counted begins at zero, so that a first failure is an increase.
    pub(in crate::server) fn new(metrics: Arc<Metrics>, sources: &[Source]) -> Self {
        for (source, result) in sources.iter().flat_map(|source| [(source, "ok"), (source, "failed")]) {
            metrics.reloads_total.with_label_values(&[source.what, result]);
        }
        Self { refused: Mutex::default(), metrics }
    }

    /// `ok`, or what was refused and why, in one line.
    pub(in crate::server) fn words(&self) -> String {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.is_empty() {
            return "ok".to_owned();
        }
        let told: Vec<_> = refused.iter().map(|(what, why)| format!("{what}: {why}")).collect();
        format!("the newest version was refused, the one before stays: {}", told.join("; "))
    }

    /// Notes how reading `what` again went. That nothing changed since the start is no news.
    pub(super) fn note(&self, what: &'static str, reread: &Reread, first: bool) {
        match reread {
            Reread::Replaced => {
                tracing::info!(what, "read again: the new version is in force");
                self.count(what, "ok");
                self.settle(what, None);
            }
            Reread::Unchanged => {
                if !first {
                    tracing::info!(what, "read again: nothing has changed");
                }
                self.settle(what, None);
            }
            Reread::Refused(refusal) => {
                let error = &refusal.full;
                tracing::error!(what, error, "the new version was refused, the one before stays in force");
                self.count(what, "failed");
                self.settle(what, Some(refusal.brief.clone()));
            }
            Reread::Later(error) => {
                if self.settle(what, Some(error.clone())) {
                    tracing::error!(what, error, "the new version cannot be put in force now, it is tried again");
                }
            }
        }
    }

    fn count(&self, what: &'static str, result: &str) {
        self.metrics.reloads_total.with_label_values(&[what, result]).inc();
        if what == super::sources::POLICIES {
            self.metrics.policy_reloads_total.with_label_values(&[result]).inc();
        }
    }

    /// Keeps what is to be told; returns whether it is news.
    fn settle(&self, what: &'static str, refused: Option<String>) -> bool {
        let mut all = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let news = all.get(what) != refused.as_ref();
        match refused {
            Some(why) => all.insert(what, why),
            None => all.remove(what),
        };
        news
    }
}
