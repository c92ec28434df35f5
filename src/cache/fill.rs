//! Reading one session from the store. Concurrent requests of a session share one read.
use std::sync::Arc;

use crate::domain::refusal::Code;
use crate::domain::session::Basis;
use crate::identity::SecretHash;
use crate::policy::Prepared;
use crate::store::{Admission, StoreError};

use super::directory::Directory;
use super::entry::{Entry, Parts};
use super::generation::Stamp;
use super::live::Live;

/// Why there is nothing to admit.
#[derive(Debug)]
pub(super) enum FillError {
    Unknown,
    Ended(Code),
    SubjectGone,
    Store(StoreError),
    Facts(String),
}

/// Reads the session. The counters are taken before the read begins: a change in between makes the entry old.
pub(super) async fn fill(directory: &Directory, token: SecretHash) -> Result<Arc<Entry>, FillError> {
    directory.metrics.cache_misses.inc();
    let before = directory.generations.snapshot();
    let read = directory.store.admission(&token).await.map_err(FillError::Store)?;
    let admission = read.ok_or(FillError::Unknown)?;
    if let Some(ended) = admission.session.ended {
        return Err(FillError::Ended(ended.cause));
    }
    let stamp = before.stamp(&admission.workspace.id, &admission.engineer.id);
    let live = live_session(directory, &admission);
    entry(admission, live, stamp)
}

fn live_session(directory: &Directory, admission: &Admission) -> Arc<Live> {
    let session = &admission.session;
    let mut live = directory.live();
    let known = live
        .entry(session.id.clone())
        .or_insert_with(|| Arc::new(Live::new(session.id.clone(), session.last_seen_at)));
    Arc::clone(known)
}

fn entry(admission: Admission, live: Arc<Live>, stamp: Stamp) -> Result<Arc<Entry>, FillError> {
    let Admission { session, engineer, workspace, subject, grant } = admission;
    let subject = subject.ok_or(FillError::SubjectGone)?;
    let basis = Basis::Grant(grant);
    let prepared = Prepared::new(&engineer, &workspace, &subject, &session, &basis)
        .map_err(|error| FillError::Facts(error.to_string()))?;
    let parts = Parts { session, engineer, workspace, subject, basis, prepared, live, stamp };
    Ok(Arc::new(Entry::new(parts)))
}
