//! The one question that the proxy's cache asks: everything about a session, in one consistent read.
use std::sync::Arc;

use crate::domain::engineer::Engineer;
use crate::domain::grant::Grant;
use crate::domain::id::MemberKey;
use crate::domain::member::Member;
use crate::domain::session::Session;
use crate::domain::workspace::Workspace;
use crate::identity::{Proof, SecretHash};

use super::sqlite::{Store, StoreError};
use super::{engineers, grants, members, sessions, sign_ins, workspaces};

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
    /// What vouches for its engineer.
    pub proof: Proof,
}

impl Store {
    /// The session whose token has this hash, with all that belongs to it. An ended session is found for 24 hours.
    ///
    /// # Errors
    /// When the database cannot be read, or does not hold all that belongs to the session.
    pub async fn admission(&self, token: &SecretHash) -> Result<Option<Admission>, StoreError> {
        let mut read = self.read().await?;
        let Some(session) = sessions::by_token(&mut read, token).await? else { return Ok(None) };
        let engineer =
            engineers::find_or_deleted(&mut read, &session.engineer).await?.ok_or_else(|| torn("engineer"))?;
        let workspace =
            workspaces::find_or_deleted(&mut read, &session.workspace).await?.ok_or_else(|| torn("workspace"))?;
        let grant = grants::find(&mut read, &session.workspace, &session.grant).await?.ok_or_else(|| torn("grant"))?;
        let subject = MemberKey { workspace: session.workspace.clone(), id: session.subject.clone() };
        let subject = members::find(&mut read, &subject).await?;
        let proof = sign_ins::proof(&mut read, &session).await?;
        Ok(Some(Admission { session, engineer, workspace, subject, grant: Arc::new(grant), proof }))
    }
}

fn torn(missing: &str) -> StoreError {
    StoreError::Corrupt { table: "sessions", problem: format!("its {missing} is not there") }
}
