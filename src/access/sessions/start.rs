//! Entering.
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use crate::audit::{Decision, Event, Kind};
use crate::domain::engineer::Engineer;
use crate::domain::grant::Grant;
use crate::domain::id::{SessionId, SignInId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::session::{Basis, BasisId, Session};
use crate::domain::text::Label;
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::{EmergencyAccess, Plan, Workspace};
use crate::identity::SessionToken;
use crate::store::{Change, Write, grant_review, sessions, sign_ins, workspaces};

use super::choose::{Choice, Entry, Nearest, candidates, choose};
use super::renew::alive;
use super::{NewSession, Started, in_emergency};
use crate::access::actor::EngineerActor;
use crate::access::ending::{self, Ending, about};
use crate::access::permission::{engineer, vouched_engineer};
use crate::access::{Access, AccessError, Actor, Idempotency, record, repeat};

/// Begins a session. Engineers only.
///
/// # Errors
/// Without a fitting grant: the code of the nearest. Several fit: `choose-grant`. A repeated call (same idempotency
/// key) gives the same session with a new token.
pub async fn start(
    access: &Access,
    actor: &Actor,
    new: NewSession,
    idempotency: Option<Idempotency>,
) -> Result<Started, AccessError> {
    let named = match &new.on {
        Some(BasisId::Emergency(id)) => {
            let id = id.clone();
            return in_emergency::start(access, actor, new, &id, idempotency).await;
        }
        Some(BasisId::Grant(id)) => Some(id.clone()),
        None => None,
    };
    let who = engineer(actor)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let engineer = vouched_engineer(access, &mut tx, who).await?;
    let caller = format!("engineer:{}", engineer.id);
    if let Some(made) = repeat::made(&mut tx, &caller, idempotency.as_ref()).await? {
        return again(access, tx, &engineer, &made, now).await;
    }

    let known = workspaces::find(&mut tx, &new.workspace).await?;
    let exists = known.is_some();
    let workspace = known.unwrap_or_else(|| unknown(new.workspace.clone()));
    let ticket = new.ticket.as_ref().map(Label::as_str);
    let entry = Entry { engineer: &engineer, workspace: &workspace, reason: new.reason.as_str(), ticket, now };
    let candidates = candidates(&mut tx, &entry, named.as_ref()).await?;
    match choose(&access.engine.current(), &entry, candidates) {
        Choice::One(grant, decision) => {
            let session = begun(access, &entry, who, &Basis::Grant(Arc::new(*grant)));
            repeat::remember(&mut tx, &caller, idempotency, session.id.as_str(), now).await?;
            let decision = record::decided(&decision)?;
            enter(access, tx, who, session, decision).await
        }
        Choice::Several(ids) => Err(AccessError::ChooseGrant(ids)),
        Choice::None(nearest) => {
            let event = turned_away(access, &entry, exists, &nearest)?;
            tx.commit(&event).await?;
            Err(nearest.refusal.into())
        }
    }
}

/// A workspace that nobody knows is asked about like one without grants, so that the refusal tells nobody which exist.
fn unknown(id: WorkspaceId) -> Workspace {
    Workspace {
        name: id.to_string(),
        id,
        plan: Plan::Free,
        forced_sso: false,
        region: String::new(),
        emergency_access: EmergencyAccess::Never,
        labels: BTreeSet::new(),
    }
}

pub(super) fn begun(access: &Access, entry: &Entry<'_>, who: &EngineerActor, basis: &Basis) -> Session {
    let now = entry.now;
    Session {
        id: SessionId::mint(now),
        workspace: entry.workspace.id.clone(),
        subject: basis.subject().clone(),
        engineer: entry.engineer.id.clone(),
        basis: basis.id(),
        reason: entry.reason.to_owned(),
        ticket: basis.grant().and_then(Grant::case).or(entry.ticket).map(str::to_owned),
        started_at: now,
        expires_at: last_moment(access.sessions.max, basis, now),
        last_seen_at: now,
        mfa_at: who.mfa_at,
        signed_by: who.signed_by.clone(),
        ended: None,
    }
}

/// The longest that a session may last from `now`, never past what it stands on.
pub(in crate::access) fn last_moment(longest: Span, basis: &Basis, now: Timestamp) -> Timestamp {
    let longest = now.plus(longest);
    basis.expires_at().map_or(longest, |end| end.min(longest))
}

pub(super) async fn enter(
    access: &Access,
    mut tx: Write,
    who: &EngineerActor,
    session: Session,
    decision: Decision,
) -> Result<Started, AccessError> {
    let token = SessionToken::mint();
    let replaced = match &who.sign_in {
        Some(sign_in) => leave_others(access, &mut tx, sign_in, &session).await?,
        None => Vec::new(),
    };
    sessions::insert(&mut tx, &session, &token.hash()).await?;
    if let Some(grant) = session.basis.grant() {
        grant_review::entered(&mut tx, grant, session.started_at).await?;
    }
    if let Some(sign_in) = &who.sign_in {
        sign_ins::bind(&mut tx, &session.id, sign_in).await?;
    }
    tx.change(&Change::Session(session.workspace.clone(), session.id.clone())).await?;
    let event = Event { decision: Some(decision), ..about(&session, Kind::SessionStarted, session.started_at) };
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(Started { session, token, replaced })
}

/// Ends the sessions that the browser of `new` had: it holds one for each origin, and they have none of their own. Returns
/// those that ended.
async fn leave_others(
    access: &Access,
    tx: &mut Write,
    sign_in: &SignInId,
    new: &Session,
) -> Result<Vec<SessionId>, AccessError> {
    if access.session_host.is_some() {
        return Ok(Vec::new());
    }
    let by = format!("engineer:{}", new.engineer);
    let ending = Ending { cause: &Code::SessionEnded, by: &by, at: new.started_at };
    let mut left = Vec::new();
    for old in sessions::unended(tx, sessions::Of::SignIn(sign_in)).await? {
        let event = ending::end(access, tx, &old, ending).await?;
        tx.event(&event).await?;
        left.push(old.id);
    }
    Ok(left)
}

/// The session of an earlier call, with a new token: the one of that call may never have arrived.
pub(super) async fn again(
    access: &Access,
    mut tx: Write,
    engineer: &Engineer,
    made: &str,
    now: Timestamp,
) -> Result<Started, AccessError> {
    let id: SessionId = made.parse().map_err(|_| Code::NoSession)?;
    let session = sessions::find(&mut tx, &id).await?.filter(|session| session.engineer == engineer.id);
    let session = session.ok_or(Code::NoSession)?;
    alive(&session, now)?;
    let token = SessionToken::mint();
    sessions::set_token(&mut tx, &session.id, &token.hash()).await?;
    tx.change(&Change::Session(session.workspace.clone(), session.id.clone())).await?;
    let decision = record::by_rule(access, &json!({ "by": format!("engineer:{}", engineer.id), "token": "new" }))?;
    let event = Event { decision: Some(decision), ..about(&session, Kind::SessionRenewed, now) };
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(Started { session, token, replaced: Vec::new() })
}

fn turned_away(access: &Access, entry: &Entry<'_>, exists: bool, nearest: &Nearest) -> Result<Event, AccessError> {
    let decision = match &nearest.decision {
        Some(decision) => record::decided(decision)?,
        None => record::by_rule(access, &json!({ "refused": nearest.refusal.reason }))?,
    };
    let code = Some(nearest.refusal.code.to_string());
    Ok(Event {
        workspace: exists.then(|| entry.workspace.id.clone()),
        engineer: Some(entry.engineer.id.clone()),
        grant: nearest.grant.clone(),
        reason: Some(entry.reason.to_owned()),
        ticket: entry.ticket.map(str::to_owned),
        decision: Some(Decision { allow: false, code, ..decision }),
        ..Event::new(entry.now, Kind::SessionRefused)
    })
}
