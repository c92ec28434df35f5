//! What was permitted lately in a session: the decision cache.
//!
//! A decision is a function of its facts. Those of the session stay the same as long as this cache lives: a change of
//! engineer, workspace, subject, session or basis makes a new [`super::Prepared`]. Of the others all that some policy
//! looks at (`looks`) must be equal, and the moment must lie within the window of the basis, between whose ends no
//! guardrail's answer about time changes. A set that looks at the clock elsewhere is asked each time.
use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::effect::Effect;
use crate::domain::session::Basis;
use crate::domain::time::Timestamp;

use super::bundle::Bundle;
use super::looks::Looks;
use super::question::{Asked, Http};

/// How many permits of a session are kept.
const MOST: usize = 32;

/// The latest permits of one session.
#[derive(Debug)]
pub(super) struct Decisions {
    begins: Timestamp,
    ends: Option<Timestamp>,
    latest: Mutex<VecDeque<Kept>>,
}

/// One permit, and the facts that it stands on beside those of the session.
#[derive(Debug)]
struct Kept {
    bundle: Arc<str>,
    effect: Effect,
    labels: BTreeSet<Arc<str>>,
    chained: bool,
    covers_path: bool,
    method: Option<Box<str>>,
    host: Option<Box<str>>,
    path: Option<Box<str>>,
    ip: Option<IpAddr>,
    policies: Arc<[Arc<str>]>,
}

impl Decisions {
    /// None yet, of a session that stands on `basis`.
    pub(super) fn new(basis: &Basis) -> Self {
        let begins = match basis {
            Basis::Grant(grant) => grant.starts_at,
            Basis::Emergency(_) => Timestamp::from_millis(0),
        };
        Self { begins, ends: basis.expires_at(), latest: Mutex::default() }
    }

    /// The policies that permit what is asked, if they did so lately and would do so again.
    pub(super) fn recall(&self, bundle: &Bundle, asked: &Asked<'_>) -> Option<Arc<[Arc<str>]>> {
        if !self.may_keep(bundle, asked.now) {
            return None;
        }
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.iter().find(|kept| kept.answers(bundle, asked)).map(|kept| Arc::clone(&kept.policies))
    }

    /// Keeps that `policies` permit what was asked.
    pub(super) fn keep(&self, bundle: &Bundle, asked: &Asked<'_>, policies: &Arc<[Arc<str>]>) {
        if !self.may_keep(bundle, asked.now) {
            return;
        }
        let kept = Kept::new(bundle, asked, policies);
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.truncate(MOST.saturating_sub(1));
        latest.push_front(kept);
    }

    fn may_keep(&self, bundle: &Bundle, now: Timestamp) -> bool {
        !bundle.looks.clock && self.begins <= now && self.ends.is_none_or(|end| now < end)
    }
}

impl Kept {
    fn new(bundle: &Bundle, asked: &Asked<'_>, policies: &Arc<[Arc<str>]>) -> Self {
        let (Looks { method, host, path, ip, .. }, http) = (bundle.looks, &asked.http);
        Self {
            bundle: Arc::clone(bundle.id()),
            effect: http.effect,
            labels: http.labels.clone(),
            chained: asked.chained,
            covers_path: asked.covers_path,
            method: method.then(|| http.method.into()),
            host: host.then(|| http.host.into()),
            path: path.then(|| http.path.into()),
            ip: ip.then_some(http.ip),
            policies: Arc::clone(policies),
        }
    }

    /// Whether it was given by `bundle` on all facts of `asked` that `bundle` looks at.
    fn answers(&self, bundle: &Bundle, asked: &Asked<'_>) -> bool {
        let Asked { http: Http { method, host, path, effect, labels, ip }, chained, covers_path, .. } = *asked;
        let same = |kept: Option<&str>, asked: &str| kept.is_none_or(|kept| kept == asked);
        (self.effect, self.chained, self.covers_path) == (effect, chained, covers_path)
            && self.bundle == *bundle.id()
            && self.labels == *labels
            && same(self.path.as_deref(), path)
            && same(self.method.as_deref(), method)
            && same(self.host.as_deref(), host)
            && self.ip.is_none_or(|kept| kept == ip)
    }
}
