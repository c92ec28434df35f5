//! A request to extend the grant that the engineer is inside on: nothing changes but its end, and its subject answers.
use std::cmp::Ordering;

use crate::audit::{Event, Kind};
use crate::domain::access_request::AccessRequest;
use crate::domain::engineer::Engineer;
use crate::domain::grant::Grant;
use crate::domain::id::{GrantId, WorkspaceId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::Workspace;
use crate::policy::DecisionRecord;
use crate::store::{Connection, Write, grants, sessions};

use super::NewRequest;
use super::closing::waits;
use crate::access::actor::MemberActor;
use crate::access::grants::{change, event};
use crate::access::{Access, AccessError};

/// The grant that a request asks to extend, if the engineer is inside on it and the request fits it.
///
/// # Errors
/// `not-found` for a grant that the engineer is not inside on; `bad-request` for another access or subject than the
/// grant's; `conflict` for one that is over, or has no end that could move.
pub(super) async fn stood_on(
    connection: &mut Connection,
    asker: &Engineer,
    new: &NewRequest,
    id: &GrantId,
    now: Timestamp,
) -> Result<Grant, AccessError> {
    let inside = sessions::unended(connection, sessions::Of::Grant(id)).await?;
    let is_inside = inside.iter().any(|session| session.engineer == asker.id && now < session.expires_at);
    let found = grants::find(connection, &new.workspace, id).await?.filter(|_| is_inside);
    let grant = found.ok_or_else(|| {
        Refusal::because(Code::NotFound, format!("grant: you are not inside on a grant `{id}` of this workspace"))
            .next("leave `grant` out to ask for access of your own")
    })?;
    change::is_open(&grant, now)?;
    if new.subject.as_ref().is_some_and(|subject| *subject != grant.subject) {
        let reason = format!("subject: this grant lends the login of `{}`, who alone can extend it", grant.subject);
        return Err(Refusal::because(Code::BadRequest, reason).into());
    }
    if new.access != grant.access {
        let reason = format!("access: this grant gives `{}`, which an extension keeps", grant.access.as_str());
        return Err(Refusal::because(Code::BadRequest, reason).into());
    }
    if grant.expires_at.is_none() {
        return Err(Refusal::because(Code::Conflict, "this grant lasts until it is revoked").into());
    }
    Ok(grant)
}

/// When a grant would end that lasts so much longer.
pub(super) fn end(grant: &Grant, longer: Span) -> Option<Timestamp> {
    grant.expires_at.map(|end| end.plus(longer))
}

/// Extends the grant that `request` is about by `longer`, as the member who answers; gives it with the decision and the
/// event that tells of it, which is the caller's to commit.
///
/// # Errors
/// By policy and limits, as for an extension; `wrong-subject`; `conflict` when the request or the grant is over.
pub(super) async fn extend(
    access: &Access,
    tx: &mut Write,
    who: &MemberActor,
    workspace: &Workspace,
    (request, longer): (&AccessRequest, Span),
    now: Timestamp,
) -> Result<(Grant, DecisionRecord, Event), AccessError> {
    let grant = of(tx, &workspace.id, request).await?.ok_or(Code::NotFound)?;
    let end = end(&grant, longer);
    let (direction, decision) = change::permitted(access, who, workspace, &grant, end, now)?;
    waits(request, now)?;
    change::is_open(&grant, now)?;
    let grant = match direction {
        Ordering::Greater => change::moved(tx, grant, end, now).await?,
        Ordering::Less | Ordering::Equal => {
            let reason = "the grant lasts until it is revoked by now, or as long as it can";
            return Err(Refusal::because(Code::Conflict, reason).into());
        }
    };
    let told = event(&grant, Kind::GrantChanged, &decision, now)?;
    Ok((grant, decision, told))
}

/// The grant that `request` asks to extend; none: it asks for a new one.
pub(super) async fn of(
    connection: &mut Connection,
    workspace: &WorkspaceId,
    request: &AccessRequest,
) -> Result<Option<Grant>, AccessError> {
    match &request.extends {
        Some(id) => Ok(grants::find(connection, workspace, id).await?),
        None => Ok(None),
    }
}
