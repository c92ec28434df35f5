//! Members come to our own pages from the app, by a token of the app's that counts once. The cookie that they get says who
//! they are, and nothing of what they may do: that is read anew with each call.
use serde_json::json;

use crate::audit::{Event, Kind};
use crate::domain::member::Member;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::text::Label;
use crate::domain::time::Span;
use crate::identity::{MemberToken, SecretHash};
use crate::store::member_sign_ins::{self, MemberSignIn};
use crate::store::{members, workspaces};

use super::actor::{MemberActor, MemberClaims};
use super::{Access, AccessError, Actor, record};

/// How old the app's token may be.
const FRESH: Span = Span::from_seconds(60);
/// How long a sign-in lasts.
const LASTS: Span = Span::from_seconds(60 * 60);

/// A sign-in that has begun.
#[derive(Debug)]
pub struct Entered {
    /// Who.
    pub member: Member,
    /// The value of the member cookie, for this browser alone.
    pub token: MemberToken,
}

/// Begins the sign-in of the member whom the app has just vouched for, by the token `jti` of its own. `earlier` is the member
/// cookie that the browser sent: the sign-in behind it ends.
///
/// # Errors
/// `unauthenticated` for a token that is older than a minute or was used before; as [`Access::member`].
pub async fn begin(
    access: &Access,
    claims: MemberClaims,
    jti: &Label,
    earlier: Option<&SecretHash>,
) -> Result<Entered, AccessError> {
    let until = claims.issued_at.plus(FRESH);
    if until <= access.clock.now() {
        return Err(again("the app's token is older than 60 seconds"));
    }
    let Actor::Member(MemberActor { member, impersonated }) = access.member(claims).await? else {
        return Err(Code::Unauthenticated.into());
    };
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    if !member_sign_ins::use_up(&mut tx, jti.as_str(), until).await? {
        return Err(again("the app's token was used before"));
    }
    if let Some(earlier) = earlier {
        member_sign_ins::remove(&mut tx, earlier).await?;
    }
    let expires_at = now.plus(LASTS);
    let token = MemberToken::mint();
    let sign_in = MemberSignIn { member: member.key(), impersonated, expires_at };
    member_sign_ins::insert(&mut tx, &sign_in, &token.hash()).await?;
    let facts = json!({ "by": "token", "impersonated": impersonated, "expires_at": expires_at });
    let event = Event {
        workspace: Some(member.workspace.clone()),
        subject: Some(member.id.clone()),
        decision: Some(record::by_rule(access, &facts)?),
        ..Event::new(now, Kind::MemberSignedIn)
    };
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(Entered { member, token })
}

/// The member of a cookie, as the directory knows them now. `inside_session`: whether a support session's cookie came along.
///
/// # Errors
/// `unauthenticated` when the sign-in is unknown or over, or the member is gone; `not-found` when the workspace is.
pub async fn of(access: &Access, cookie: &SecretHash, inside_session: bool) -> Result<Actor, AccessError> {
    let mut read = access.store.read().await?;
    let now = access.clock.now();
    let sign_in = member_sign_ins::by_token(&mut read, cookie).await?.filter(|sign_in| now < sign_in.expires_at);
    let MemberSignIn { member: key, impersonated, .. } = sign_in.ok_or_else(|| again("you are not signed in here"))?;
    workspaces::find(&mut read, &key.workspace).await?.ok_or(Code::NotFound)?;
    let member = members::find(&mut read, &key).await?.ok_or_else(|| again("you are not a member any more"))?;
    Ok(Actor::Member(MemberActor { member, impersonated: impersonated || inside_session }))
}

/// Ends the sign-in behind a cookie. Leaving twice is fine.
///
/// # Errors
/// When the store cannot be written.
pub async fn end(access: &Access, cookie: &SecretHash) -> Result<(), AccessError> {
    Ok(access.store.member_leaves(cookie).await?)
}

fn again(reason: &str) -> AccessError {
    Refusal::because(Code::Unauthenticated, reason).next("open support access from the app again").into()
}
