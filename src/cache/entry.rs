//! A session with everything that a decision about it needs, read together.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;

use crate::config::HeaderPiece;
use crate::domain::engineer::Engineer;
use crate::domain::member::Member;
use crate::domain::session::{Basis, Session};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;
use crate::identity::Proof;
use crate::policy::{Nouns, Prepared};

use super::generation::Stamp;
use super::live::Live;

/// One session as it was read.
#[derive(Debug)]
pub struct Entry {
    /// The session.
    pub session: Arc<Session>,
    /// Its engineer.
    pub engineer: Arc<Engineer>,
    /// Its workspace.
    pub workspace: Arc<Workspace>,
    /// The member whose login it lends.
    pub subject: Arc<Member>,
    /// What it stands on.
    pub basis: Basis,
    /// What vouches for its engineer.
    pub proof: Proof,
    /// Its facts, ready for the policies.
    pub prepared: Prepared,
    /// What outlives this entry.
    pub live: Arc<Live>,
    pub(super) stamp: Stamp,
    assertions: Mutex<Vec<SignedFor>>,
}

/// An assertion that is signed once and used until shortly before its end.
#[derive(Debug, Clone)]
pub struct SignedFor {
    /// The route that it was signed for.
    pub route: usize,
    /// The key that signed it.
    pub signed_by: String,
    /// From when on a new one is signed.
    pub renew_at: Timestamp,
    /// The header's value.
    pub value: HeaderValue,
}

/// What an entry is made of.
pub(super) struct Parts {
    pub(super) nouns: Nouns,
    pub(super) proof: Proof,
    pub(super) prepared: Prepared,
    pub(super) live: Arc<Live>,
    pub(super) stamp: Stamp,
}

impl Entry {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { nouns, proof, prepared, live, stamp } = parts;
        let Nouns { session, engineer, workspace, subject, basis } = nouns;
        let assertions = Mutex::default();
        Self { session, engineer, workspace, subject, basis, proof, prepared, live, stamp, assertions }
    }

    /// Whether the session is over at `now`: it was ended, or its time or its right has run out.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.live.cause().is_some() || self.expires_at() <= now
    }

    /// The assertion for `route` that may still be used at `now`, when the key `signed_by` signs.
    #[must_use]
    pub fn assertion(&self, route: usize, signed_by: &str, now: Timestamp) -> Option<HeaderValue> {
        let fits =
            |signed: &&SignedFor| signed.route == route && signed.signed_by == signed_by && now < signed.renew_at;
        self.signed().iter().find(fits).map(|signed| signed.value.clone())
    }

    /// Keeps an assertion for later requests.
    pub fn keep_assertion(&self, signed: SignedFor) {
        let mut kept = self.signed();
        kept.retain(|old| old.route != signed.route);
        kept.push(signed);
    }

    fn signed(&self) -> MutexGuard<'_, Vec<SignedFor>> {
        self.assertions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a piece of a route's header stands for in this session.
    #[must_use]
    pub fn resolve<'a>(&'a self, piece: &'a HeaderPiece) -> &'a str {
        match piece {
            HeaderPiece::Text(text) => text,
            HeaderPiece::SubjectId => self.subject.id.as_str(),
            HeaderPiece::SubjectEmail => self.subject.email.as_str(),
            HeaderPiece::SubjectRole => self.subject.role.as_str(),
            HeaderPiece::EngineerId => self.engineer.id.as_str(),
            HeaderPiece::EngineerEmail => self.engineer.email.as_str(),
            HeaderPiece::WorkspaceId => self.workspace.id.as_str(),
            HeaderPiece::SessionId => self.session.id.as_str(),
        }
    }

    /// When the session's right ends by itself, at the latest.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.basis.expires_at().map_or(self.session.expires_at, |end| end.min(self.session.expires_at))
    }
}
