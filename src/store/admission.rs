//! The one question that the proxy's cache asks: everything about a session, in one consistent read.
use std::sync::Arc;

use crate::domain::engineer::Engineer;
use crate::domain::grant::Grant;
use crate::domain::id::SessionId;
use crate::domain::member::Member;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;
use crate::identity::SecretHash;

use super::sqlite::{Store, StoreError};

/// A session with everything that a decision about it needs.
#[derive(Debug, Clone)]
pub struct Admission {
    /// The session, ended or not.
    pub session: Session,
    /// Its engineer.
    pub engineer: Engineer,
    /// Its workspace.
    pub workspace: Workspace,
    /// Its subject; none when the member is gone.
    pub subject: Option<Member>,
    /// The grant it stands on.
    pub grant: Arc<Grant>,
}

impl Store {
    /// The session whose token has this hash, with all that belongs to it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn admission(&self, token: &SecretHash) -> Result<Option<Admission>, StoreError> {
        let _ = token;
        todo!()
    }

    /// Writes back when sessions were last seen; never moves a time backwards.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        let _ = seen;
        todo!()
    }
}
