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
use crate::access::{Access, AccessError, Actor, emergencies};

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
    show_out(access, tx, session, &by, only.is_none(), now).await
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
    show_out(access, tx, session, &overseer.name(), true, now).await
}

/// Ends it, by its own engineer or by somebody else: an emergency that somebody else shows out of is over, for nobody has a
/// consent to take back.
async fn show_out(
    access: &Access,
    mut tx: Write,
    session: Session,
    by: &str,
    by_others: bool,
    now: Timestamp,
) -> Result<Session, AccessError> {
    if session.ended.is_some() {
        drop(tx);
        // Whoever ended it first may still be waiting: this answer means the same as theirs.
        access.feed.announce(access.store.latest_change().await?).await;
        return Ok(session);
    }
    let cause = Code::SessionEnded;
    let ending = Ending { cause: &cause, by, at: now };
    let event = ending::end(access, &mut tx, &session, ending).await?;
    if let Some(id) = by_others.then(|| session.basis.emergency()).flatten() {
        emergencies::end_one(access, &mut tx, id, ending).await?;
    }
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(Session { ended: Some(Ended { at: now, cause }), ..session })
}
