//! Sessions: an engineer enters, and is shown out.
//!
//! * here: what a session is asked for with, and reading.
//! * `choose`: which grant a session stands on, or whose refusal is the nearest.
//! * `start`, `renew`, `end`, `report`: one action each. `in_emergency`: starting without consent.
mod choose;
mod end;
mod in_emergency;
mod renew;
mod report;
mod start;

use crate::domain::action::ControlAction;
use crate::domain::id::{SessionId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::session::{BasisId, Session};
use crate::domain::text::{Justification, Label};
use crate::identity::{SecretHash, SessionToken};
use crate::store::{sessions, workspaces};

use super::permission::{Overseer, engineer};
use super::{Access, AccessError, Actor, Page, PageRequest};

pub(super) use choose::{Candidate, Choice, Entry, candidates, choose};
pub use end::{end, end_for_member};
pub(super) use renew::alive;
pub use renew::renew;
pub use report::{Reported, report};
pub(super) use start::last_moment;
pub use start::start;

/// What an engineer asks for.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Where.
    pub workspace: WorkspaceId,
    /// On what; none: the only grant that fits.
    pub on: Option<BasisId>,
    /// Why.
    pub reason: Justification,
    /// The case.
    pub ticket: Option<Label>,
}

/// A session that has begun.
#[derive(Debug)]
pub struct Started {
    /// The session.
    pub session: Session,
    /// Its token, for its engineer alone.
    pub token: SessionToken,
    /// The sessions of the same browser that ended because this one began.
    pub replaced: Vec<SessionId>,
}

/// A session as members and operators see it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The session.
    pub session: Session,
    /// The engineer's name and e-mail address.
    pub engineer_name: String,
    /// The engineer's e-mail address.
    pub engineer_email: String,
}

impl From<sessions::Listed> for Shown {
    fn from(listed: sessions::Listed) -> Self {
        let sessions::Listed { session, engineer_name, engineer_email } = listed;
        Self { session, engineer_name, engineer_email }
    }
}

/// The session of a token, for the engineer who holds it; ended ones too, for 24 hours.
///
/// # Errors
/// `no-session`.
pub async fn current(access: &Access, actor: &Actor, token: &SecretHash) -> Result<Session, AccessError> {
    let who = engineer(actor)?;
    let found = sessions::by_token(&mut *access.store.read().await?, token).await?;
    found.filter(|session| session.engineer == who.engineer.id).ok_or(Code::NoSession.into())
}

/// Lists the sessions of the engineer who asks, newest first, ended ones of the last 24 hours too.
///
/// # Errors
/// `policy-denied` for anybody else.
pub async fn list_own(access: &Access, actor: &Actor, page: &PageRequest) -> Result<Page<Session>, AccessError> {
    let who = engineer(actor)?;
    let after: Option<SessionId> = page.after()?;
    let limit = page.limit();
    let mut read = access.store.read().await?;
    let found = sessions::list_of(&mut read, &who.engineer.id, after.as_ref(), limit.saturating_add(1)).await?;
    Ok(Page::cut(found, limit, |session| session.id.to_string()))
}

/// Lists the sessions of a workspace, newest first, ended ones of the last 24 hours too. Members who may read, operators.
///
/// # Errors
/// `not-found`; by policy.
pub async fn list(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    page: &PageRequest,
) -> Result<Page<Shown>, AccessError> {
    let overseer = Overseer::of(actor, workspace)?;
    let after: Option<SessionId> = page.after()?;
    let mut read = access.store.read().await?;
    let workspace = workspaces::find(&mut read, workspace).await?.ok_or(Code::NotFound)?;
    overseer.may(access, ControlAction::ReadSupportAccess, None, &workspace, access.clock.now())?;
    let limit = page.limit();
    let found = sessions::list(&mut read, &workspace.id, after.as_ref(), limit.saturating_add(1)).await?;
    Ok(Page::cut(found.into_iter().map(Shown::from).collect(), limit, |shown| shown.session.id.to_string()))
}
