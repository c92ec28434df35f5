//! Showing out.
use crate::domain::action::ControlAction;
use crate::domain::id::{SessionId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::session::{Ended, Session};
use crate::domain::time::Timestamp;
use crate::store::{Write, sessions};

use crate::access::actor::Scope;
use crate::access::ending::{self, Ending};
use crate::access::permission::{Overseer, engineer, scoped};
use crate::access::{Access, AccessError, Actor};

/// Ends a session: its engineer, or an operator. Ending twice is fine.
///
/// # Errors
/// `not-found`.
pub async fn end(access: &Access, actor: &Actor, id: &SessionId) -> Result<Session, AccessError> {
    let (only, by) = match actor {
        Actor::Key(_) => (None, format!("operator:{}", scoped(actor, &[Scope::Operator])?.name)),
        Actor::Engineer(_) | Actor::Member(_) => {
            let who = &engineer(actor)?.engineer.id;
            (Some(who), format!("engineer:{who}"))
        }
    };
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let session = sessions::find(&mut tx, id).await?;
    let session = session.filter(|session| only.is_none_or(|who| session.engineer == *who)).ok_or(Code::NotFound)?;
    show_out(access, tx, session, &by, now).await
}

/// Ends a session of a workspace: a member who may, or an operator.
///
/// # Errors
/// `not-found`; by policy.
pub async fn end_for_member(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &SessionId,
) -> Result<Session, AccessError> {
    let overseer = Overseer::of(actor, workspace)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let (overseer, workspace) = overseer.present(&mut tx, workspace).await?;
    let session = sessions::find(&mut tx, id).await?;
    let session = session.filter(|session| session.workspace == workspace.id).ok_or(Code::NotFound)?;
    overseer.may(access, ControlAction::EndSession, Some(&session.subject), &workspace, now)?;
    show_out(access, tx, session, &overseer.name(), now).await
}

async fn show_out(
    access: &Access,
    mut tx: Write,
    session: Session,
    by: &str,
    now: Timestamp,
) -> Result<Session, AccessError> {
    if session.ended.is_some() {
        drop(tx);
        // Whoever ended it first may still be waiting: this answer means the same as theirs.
        access.feed.announce(access.store.latest_change().await?).await;
        return Ok(session);
    }
    let cause = Code::SessionEnded;
    let event = ending::end(access, &mut tx, &session, Ending { cause: &cause, by, at: now }).await?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(Session { ended: Some(Ended { at: now, cause }), ..session })
}
