//! Moving a grant's end.
use std::cmp::Ordering;

use crate::audit::Kind;
use crate::domain::action::ControlAction;
use crate::domain::grant::{Grant, Standing};
use crate::domain::id::{GrantId, WorkspaceId};
use crate::domain::member::Member;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;
use crate::policy::{DecisionRecord, Terms};
use crate::store::{Change, StoreError, Write, grants, sessions};

use super::{Lasting, create, window};
use crate::access::actor::MemberActor;
use crate::access::ending::{Ending, end_all};
use crate::access::permission::{Asked, member_of, present_member};
use crate::access::{Access, AccessError, Actor};

/// Moves a grant's end: a duration counts from its start. Later is `ExtendGrant`, earlier `ShortenGrant`. An end that
/// has passed means now: the grant's sessions end. Only its subject extends a grant, for it lends their login.
///
/// # Errors
/// `conflict` for a grant that is over or revoked; by policy and limits.
pub async fn change(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &GrantId,
    lasting: Lasting,
) -> Result<Grant, AccessError> {
    let who = member_of(actor, workspace)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let (who, workspace) = present_member(&mut tx, who).await?;
    let grant = grants::find(&mut tx, &workspace.id, id).await?.ok_or(Code::NotFound)?;
    let end = window::end(grant.starts_at, lasting)?;

    let (direction, decision) = permitted(access, &who, &workspace, &grant, end, now)?;
    is_open(&grant, now)?;
    if direction == Ordering::Equal {
        return Ok(grant);
    }

    let grant = moved(&mut tx, grant, end, now).await?;
    shorten_sessions(access, &mut tx, &grant, who.member.id.as_str(), now).await?;
    let sequence = tx.commit(&create::event(&grant, Kind::GrantChanged, &decision, now)?).await?;
    access.feed.announce(sequence).await;
    Ok(grant)
}

/// Whether the member may move the grant's end there, and whether that is later than it was.
///
/// # Errors
/// By policy and limits; `wrong-subject` for an extension of what lends another login.
pub(in crate::access) fn permitted(
    access: &Access,
    who: &MemberActor,
    workspace: &Workspace,
    grant: &Grant,
    end: Option<Timestamp>,
    now: Timestamp,
) -> Result<(Ordering, DecisionRecord), Refusal> {
    let direction = later(end, grant.expires_at);
    let lasts = window::length(grant.starts_at, end);
    let (action, objections) = match direction {
        Ordering::Greater => {
            let limit = window::limit(&access.grants, lasts);
            (ControlAction::ExtendGrant, [limit, another_login(&who.member, grant)])
        }
        Ordering::Less | Ordering::Equal => (ControlAction::ShortenGrant, [None, None]),
    };
    let asked = Asked { action, terms: Terms { lasts, ..Terms::of(grant) }, workspace, now };
    let decision = window::stricter(asked.by(who, &access.engine.current()), objections.into_iter().flatten())?;
    Ok((direction, decision))
}

/// Whether a grant is not over.
///
/// # Errors
/// `conflict`.
pub(in crate::access) fn is_open(grant: &Grant, now: Timestamp) -> Result<(), Refusal> {
    let over = |reason: &str| Err(Refusal::because(Code::Conflict, reason).next("create a new grant"));
    match grant.standing(now) {
        Standing::Live | Standing::NotYet => Ok(()),
        Standing::Ended => over("this grant has ended"),
        Standing::Revoked => over("this grant was revoked"),
    }
}

/// Writes down another end of a grant: one that has passed means now.
///
/// # Errors
/// When the store cannot be written.
pub(in crate::access) async fn moved(
    tx: &mut Write,
    grant: Grant,
    end: Option<Timestamp>,
    now: Timestamp,
) -> Result<Grant, StoreError> {
    let expires_at = end.map(|end| end.max(now));
    let grant = Grant { expires_at, revision: grant.revision.saturating_add(1), ..grant };
    grants::update(tx, &grant).await?;
    tx.change(&Change::Grant(grant.workspace.clone(), grant.id.clone())).await?;
    Ok(grant)
}

/// Whoever extends a grant consents to more of what it lends: the login of its subject.
fn another_login(who: &Member, grant: &Grant) -> Option<Refusal> {
    let refusal = || {
        Refusal::because(Code::WrongSubject, format!("this grant lends the login of `{}`", grant.subject))
            .next("ask them to extend it, or create a grant of your own")
    };
    (who.id != grant.subject).then(refusal)
}

/// No session outlasts its grant.
async fn shorten_sessions(
    access: &Access,
    tx: &mut Write,
    grant: &Grant,
    by: &str,
    now: Timestamp,
) -> Result<(), AccessError> {
    if grant.standing(now) == Standing::Ended {
        end_all(access, tx, sessions::Of::Grant(&grant.id), Ending { cause: &Code::GrantEnded, by, at: now }).await?;
    } else if let Some(end) = grant.expires_at {
        sessions::cap(tx, &grant.id, end).await?;
    }
    Ok(())
}

/// Whether the end `new` is later than `old`; none is the latest of all.
fn later(new: Option<Timestamp>, old: Option<Timestamp>) -> Ordering {
    match (new, old) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(new), Some(old)) => new.cmp(&old),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_end_is_the_latest_end() {
        let (early, late) = (Some(Timestamp::from_millis(1)), Some(Timestamp::from_millis(2)));
        assert_eq!(later(late, early), Ordering::Greater);
        assert_eq!(later(None, late), Ordering::Greater);
        assert_eq!(later(early, None), Ordering::Less);
        assert_eq!(later(None, None), Ordering::Equal);
    }
}
