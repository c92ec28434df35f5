//! Staying longer.
use crate::audit::{Event, Kind};
use crate::domain::id::{MemberKey, SessionId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::store::{Change, basis, members, sessions, workspaces};

use super::choose::Entry;
use super::start::last_moment;
use crate::access::ending::about;
use crate::access::permission::{engineer, refused, vouched_engineer};
use crate::access::{Access, AccessError, Actor, record};

/// Moves a session's absolute end to the longest that is allowed from now, never past what it stands on. Its engineer only.
///
/// # Errors
/// `not-found`; the session's cause when it has ended; by policy.
pub async fn renew(access: &Access, actor: &Actor, id: &SessionId) -> Result<Session, AccessError> {
    let who = engineer(actor)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let engineer = vouched_engineer(access, &mut tx, who).await?;
    let session = sessions::find(&mut tx, id).await?.filter(|session| session.engineer == engineer.id);
    let session = session.ok_or(Code::NotFound)?;
    alive(&session, now)?;

    let workspace = workspaces::find(&mut tx, &session.workspace).await?.ok_or(Code::NotFound)?;
    let basis = basis(&mut tx, &session).await?.ok_or(Code::GrantMissing)?;
    let subject = MemberKey { workspace: session.workspace.clone(), id: session.subject.clone() };
    let subject = members::find(&mut tx, &subject).await?.ok_or_else(|| session.basis.over())?;
    let (reason, ticket) = (session.reason.as_str(), session.ticket.as_deref());
    let entry = Entry { engineer: &engineer, workspace: &workspace, reason, ticket, now };
    let allowed = entry.on(&access.engine.current(), Some((basis.as_ref(), &subject))).map_err(refused)?;

    let session = Session { expires_at: last_moment(access.sessions.max, &basis, now), ..session };
    sessions::set_end(&mut tx, &session.id, session.expires_at).await?;
    tx.change(&Change::Session(session.workspace.clone(), session.id.clone())).await?;
    let decision = record::decided(allowed.decision())?;
    let event = Event { decision: Some(decision), ..about(&session, Kind::SessionRenewed, now) };
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(session)
}

/// Whether a session has not ended, by itself or otherwise; else its cause.
pub(in crate::access) fn alive(session: &Session, now: Timestamp) -> Result<(), Refusal> {
    match &session.ended {
        Some(ended) => Err(ended.cause.clone().into()),
        None if session.expires_at <= now => Err(Code::SessionEnded.into()),
        None => Ok(()),
    }
}
