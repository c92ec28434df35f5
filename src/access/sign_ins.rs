//! Engineers sign in by browser, are verified again, and sign out. A session that began in a browser belongs to its sign-in.
use serde_json::{Value, json};

use crate::audit::{Event, Kind};
use crate::domain::engineer::Engineer;
use crate::domain::id::{EngineerId, SignInId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::{Span, Timestamp};
use crate::identity::{SecretHash, StaffToken};
use crate::store::sign_ins::{self, SignIn};
use crate::store::{Change, Write, engineers, sessions};

use super::actor::{EngineerActor, EngineerClaims};
use super::ending::{Ending, end_all};
use super::engineers::shut_out;
use super::permission::switched_off;
use super::{Access, AccessError, Actor, record};

/// A bearer's verification is written down again after this part of `recheck`: not on every call.
const PART: i64 = 8;

/// A sign-in that has begun.
#[derive(Debug)]
pub struct SignedIn {
    /// Its id.
    pub id: SignInId,
    /// Who.
    pub engineer: Engineer,
    /// The value of the staff cookie, for this browser alone.
    pub token: StaffToken,
}

/// Begins the sign-in of whom the identity provider has just vouched for. `earlier` is the staff cookie that the browser
/// sent: the sign-in behind it ends; its sessions go on in the new one, unless it was somebody else's.
///
/// # Errors
/// `policy-denied` for an engineer whom the directory disabled: what they had open ends.
pub async fn begin(
    access: &Access,
    claims: EngineerClaims,
    earlier: Option<&SecretHash>,
) -> Result<SignedIn, AccessError> {
    let (mfa_at, signed_by) = (claims.mfa_at, claims.signed_by.clone());
    let engineer = access.told(claims).await?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let id = SignInId::mint(now);
    let expires_at = now.plus(access.sessions.max);
    let sign_in = SignIn {
        id: id.clone(),
        engineer: engineer.id.clone(),
        verified_at: now,
        mfa_at,
        signed_by,
        expires_at,
        ended_at: None,
    };
    let token = StaffToken::mint();
    sign_ins::insert(&mut tx, &sign_in, &token.hash()).await?;
    if let Some(earlier) = earlier {
        replace(access, &mut tx, earlier, &sign_in, now).await?;
    }
    tx.change(&Change::Engineer(engineer.id.clone())).await?;
    let facts = json!({ "sign_in": id, "expires_at": expires_at, "mfa_at": mfa_at });
    let event = about(access, &engineer.id, Kind::SignInStarted, &facts, now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(SignedIn { id, engineer, token })
}

/// Ends the sign-in that this browser had before.
async fn replace(
    access: &Access,
    tx: &mut Write,
    earlier: &SecretHash,
    new: &SignIn,
    now: Timestamp,
) -> Result<(), AccessError> {
    let earlier = sign_ins::by_token(tx, earlier).await?;
    let Some(earlier) = earlier.filter(|earlier| earlier.ended_at.is_none()) else { return Ok(()) };
    if earlier.engineer == new.engineer {
        sign_ins::move_sessions(tx, &earlier.id, new).await?;
        return Ok(sign_ins::end(tx, &earlier.id, now).await?);
    }
    let event = close(access, tx, &earlier, now).await?;
    Ok(tx.event(&event).await?)
}

/// Ends a sign-in with all of its sessions; the event that tells of it is the caller's to commit.
async fn close(access: &Access, tx: &mut Write, sign_in: &SignIn, now: Timestamp) -> Result<Event, AccessError> {
    let by = format!("engineer:{}", sign_in.engineer);
    let ending = Ending { cause: &Code::SessionEnded, by: &by, at: now };
    end_all(access, tx, sessions::Of::SignIn(&sign_in.id), ending).await?;
    sign_ins::end(tx, &sign_in.id, now).await?;
    tx.change(&Change::Engineer(sign_in.engineer.clone())).await?;
    about(access, &sign_in.engineer, Kind::SignInEnded, &json!({ "by": by, "sign_in": sign_in.id }), now)
}

/// Ends the sign-in behind a staff cookie, with all of its sessions. Signing out twice is fine. Returns the sign-in, if
/// there is such a one.
///
/// # Errors
/// When the store cannot be written.
pub async fn end(access: &Access, cookie: &SecretHash) -> Result<Option<SignInId>, AccessError> {
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let Some(sign_in) = sign_ins::by_token(&mut tx, cookie).await? else { return Ok(None) };
    if sign_in.ended_at.is_none() {
        let event = close(access, &mut tx, &sign_in, now).await?;
        let sequence = tx.commit(&event).await?;
        access.feed.announce(sequence).await;
    }
    Ok(Some(sign_in.id))
}

/// Ends everything that an engineer has open, for their identity provider does not vouch for them any more.
///
/// # Errors
/// When the store cannot be written.
pub async fn disowned(access: &Access, engineer: &EngineerId) -> Result<(), AccessError> {
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let by = "identity-provider";
    shut_out(access, &mut tx, engineer, by, now).await?;
    tx.change(&Change::Engineer(engineer.clone())).await?;
    let event = about(access, engineer, Kind::SignInEnded, &json!({ "by": by }), now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(())
}

/// The engineer of a staff cookie.
///
/// # Errors
/// `unauthenticated` when the sign-in is unknown, over, or was verified too long ago; `policy-denied` for an engineer whom
/// the directory disabled.
pub async fn of(access: &Access, cookie: &SecretHash) -> Result<Actor, AccessError> {
    let mut read = access.store.read().await?;
    let now = access.clock.now();
    let sign_in = sign_ins::by_token(&mut read, cookie).await?;
    let sign_in =
        sign_in.filter(|sign_in| sign_in.stands(now)).ok_or_else(|| again("you are not signed in any more"))?;
    if access.staff.recheck.is_some_and(|span| sign_in.verified_at.plus(span) <= now) {
        return Err(again("your sign-in was verified too long ago"));
    }
    let engineer =
        engineers::find(&mut read, &sign_in.engineer).await?.ok_or_else(|| again("you are not known here"))?;
    if engineer.disabled {
        return Err(switched_off().into());
    }
    let SignIn { id, mfa_at, signed_by, .. } = sign_in;
    Ok(Actor::Engineer(EngineerActor { engineer, mfa_at, signed_by, sign_in: Some(id) }))
}

/// The sign-in, if it has neither ended nor run out.
///
/// # Errors
/// When the store cannot be read.
pub async fn standing(access: &Access, id: &SignInId) -> Result<Option<SignIn>, AccessError> {
    let found = sign_ins::find(&mut *access.store.read().await?, id).await?;
    let now = access.clock.now();
    Ok(found.filter(|sign_in| sign_in.stands(now)))
}

/// Notes that the identity provider has vouched for a signed-in engineer again, with these claims.
///
/// # Errors
/// `policy-denied` for an engineer whom the directory disabled.
pub async fn verified(access: &Access, sign_in: &SignInId, claims: EngineerClaims) -> Result<(), AccessError> {
    let engineer = access.told(claims).await?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    sign_ins::verify(&mut tx, sign_in, now).await?;
    tx.change(&Change::Engineer(engineer.id.clone())).await?;
    let event = about(access, &engineer.id, Kind::SignInVerified, &json!({ "sign_in": sign_in }), now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(())
}

/// Notes that the engineer has called with a genuine bearer token, where that matters.
pub(super) async fn bearer_verified(access: &Access, engineer: &EngineerId) -> Result<(), AccessError> {
    let Some(recheck) = access.staff.recheck else { return Ok(()) };
    let known = sign_ins::bearer_verified_at(&mut *access.store.read().await?, engineer).await?;
    let pause = Span::from_millis(recheck.as_millis() / PART);
    if known.is_some_and(|at| access.clock.now() < at.plus(pause)) {
        return Ok(());
    }
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    sign_ins::bearer_verified(&mut tx, engineer, now).await?;
    tx.change(&Change::Engineer(engineer.clone())).await?;
    let event = about(access, engineer, Kind::SignInVerified, &json!({ "by": "token" }), now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(())
}

fn again(reason: &str) -> AccessError {
    Refusal::because(Code::Unauthenticated, reason).next("sign in again").into()
}

fn about(
    access: &Access,
    engineer: &EngineerId,
    kind: Kind,
    facts: &Value,
    now: Timestamp,
) -> Result<Event, AccessError> {
    let decision = Some(record::by_rule(access, facts)?);
    Ok(Event { engineer: Some(engineer.clone()), decision, ..Event::new(now, kind) })
}
