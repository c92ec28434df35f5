//! Reading one session from the store. Concurrent requests of a session share one read.
use std::sync::Arc;

use crate::domain::refusal::Code;
use crate::domain::session::Session;
use crate::identity::SecretHash;
use crate::policy::{Nouns, Prepared};
use crate::store::{Admission, StoreError};

use super::directory::Directory;
use super::entry::{Entry, Parts};
use super::generation::{Snapshot, Stamp};
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

/// Reads the session. The number of the latest change is taken before the read begins: a change in between makes the entry old.
pub(super) async fn fill(directory: &Directory, token: SecretHash) -> Result<Arc<Entry>, FillError> {
    directory.metrics.cache_misses.inc();
    // Nobody closes it, so this is a turn.
    let _turn = directory.reads.acquire().await;
    let before = directory.generations.snapshot();
    let read = directory.store.admission(&token).await.map_err(FillError::Store)?;
    finish(directory, before, read.ok_or(FillError::Unknown)?)
}

/// Makes an entry of what was read after the latest change was `before`.
pub(super) fn finish(directory: &Directory, before: Snapshot, admission: Admission) -> Result<Arc<Entry>, FillError> {
    if let Some(ended) = admission.session.ended {
        // The follower does this too, unless the change was swept before it read that far.
        if let Some(live) = directory.live().remove(&admission.session.id) {
            live.end(ended.cause.clone());
        }
        return Err(FillError::Ended(ended.cause));
    }
    let stamp = before.stamp(&admission.workspace.id, &admission.engineer.id);
    let live = live_session(directory, &admission.session, &stamp);
    entry(directory, admission, live, stamp)
}

/// What outlives the entry. It is registered only while what was read is current: then whatever ends the session is yet
/// to be acted on, and will find it. What was read too early gets one that nobody finds, and is never used.
fn live_session(directory: &Directory, session: &Session, stamp: &Stamp) -> Arc<Live> {
    let mut registry = directory.live();
    if let Some(known) = registry.get(&session.id) {
        return Arc::clone(known);
    }
    let live = Arc::new(Live::new(session.id.clone(), session.basis.mode(), session.last_seen_at));
    if directory.generations.current(stamp) {
        registry.insert(session.id.clone(), Arc::clone(&live));
    }
    live
}

fn entry(directory: &Directory, admission: Admission, live: Arc<Live>, stamp: Stamp) -> Result<Arc<Entry>, FillError> {
    let Admission { session, engineer, workspace, subject, basis, proof } = admission;
    let subject = subject.ok_or(FillError::SubjectGone)?;
    let nouns = Nouns {
        engineer: directory.engineers.share(engineer.id.clone(), engineer),
        workspace: directory.workspaces.share(workspace.id.clone(), workspace),
        subject: Arc::new(subject),
        session: Arc::new(session),
        basis,
    };
    let prepared = Prepared::new(nouns.clone()).map_err(|error| FillError::Facts(error.to_string()))?;
    let parts = Parts { nouns, proof, prepared, live, stamp };
    Ok(Arc::new(Entry::new(parts)))
}
