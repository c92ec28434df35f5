//! The one question that the proxy's cache asks: everything about a session, in one consistent read.
use std::sync::Arc;

use crate::domain::engineer::Engineer;
use crate::domain::id::MemberKey;
use crate::domain::member::Member;
use crate::domain::session::{Basis, BasisId, Session};
use crate::domain::workspace::Workspace;
use crate::identity::{Proof, SecretHash};

use super::sqlite::{Connection, Store, StoreError};
use super::{emergencies, engineers, grants, members, sessions, sign_ins, workspaces};

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
    /// What it stands on.
    pub basis: Basis,
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
        let basis = basis(&mut read, &session).await?.ok_or_else(|| torn("basis"))?;
        let subject = MemberKey { workspace: session.workspace.clone(), id: session.subject.clone() };
        let subject = members::find(&mut read, &subject).await?;
        let proof = sign_ins::proof(&mut read, &session).await?;
        Ok(Some(Admission { session, engineer, workspace, subject, basis, proof }))
    }
}

/// What a session stands on, as it is now. An emergency is one that was approved.
///
/// # Errors
/// When the database cannot be read.
pub async fn basis(connection: &mut Connection, session: &Session) -> Result<Option<Basis>, StoreError> {
    Ok(match &session.basis {
        BasisId::Grant(id) => {
            grants::find(connection, &session.workspace, id).await?.map(|grant| Basis::Grant(Arc::new(grant)))
        }
        BasisId::Emergency(id) => {
            let declaration = emergencies::find(connection, id).await?;
            declaration.and_then(|it| it.emergency()).map(|emergency| Basis::Emergency(Arc::new(emergency)))
        }
    })
}

fn torn(missing: &str) -> StoreError {
    StoreError::Corrupt { table: "sessions", problem: format!("its {missing} is not there") }
}
