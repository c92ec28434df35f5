//! The link in a mail: it answers one request as one member, and needs no sign-in. What it may do is decided again at each
//! use, as if the member had signed in at that moment.
use crate::domain::action::ControlAction;
use crate::domain::grant::Grant;
use crate::domain::member::Member;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workspace::Workspace;
use crate::store::{members, workspaces};

use super::answer::{about, another_is_asked, there};
use super::closing::waits;
use super::{Shown, extension};
use crate::access::actor::MemberActor;
use crate::access::grants::window;
use crate::access::permission::Asked;
use crate::access::{Access, AccessError, Actor};

/// What a link opens.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Whoever holds the link acts as this member.
    pub actor: Actor,
    /// The member.
    pub member: Member,
    /// Where.
    pub workspace: Workspace,
    /// The request, which waits for an answer.
    pub shown: Shown,
    /// The grant that it asks to extend; none: it asks for a new one.
    pub extends: Option<Grant>,
}

/// Reads a link's token, and looks whether it can still answer: this changes nothing. `impersonated`: whether whoever holds
/// it acts in somebody else's login.
///
/// # Errors
/// `unauthenticated` for a token that is not ours, or of a member who is gone; `conflict` for a request that does not wait
/// any more, or a link whose time is over; by policy, where the member may not even decline any more.
pub async fn open(access: &Access, token: &str, impersonated: bool) -> Result<Opened, AccessError> {
    let link = access.answers.read(token).ok_or_else(forged)?;
    let mut read = access.store.read().await?;
    let now = access.clock.now();
    let workspace = workspaces::find(&mut read, &link.member.workspace).await?.ok_or_else(gone)?;
    let member = members::find(&mut read, &link.member).await?.ok_or_else(gone)?;
    let shown = there(&mut read, &workspace.id, &link.request).await?;
    waits(&shown.request, now)?;
    if link.expires_at <= now {
        let reason = format!("this link was good until {}", link.expires_at);
        return Err(Refusal::because(Code::Conflict, reason).next("sign in to answer the request").into());
    }
    let who = MemberActor { member, impersonated };
    let action = ControlAction::DeclineRequest;
    let asked = Asked { action, terms: about(&who.member, &shown.request), workspace: &workspace, now };
    window::stricter(asked.by(&who, &access.engine.current()), another_is_asked(&who.member, &shown.request))?;
    let extends = extension::of(&mut read, &workspace.id, &shown.request).await?;
    Ok(Opened { member: who.member.clone(), actor: Actor::Member(who), workspace, shown, extends })
}

fn forged() -> Refusal {
    Refusal::because(Code::Unauthenticated, "this link is not one of ours, or a part of it is missing")
        .next("open it from the mail again, or sign in to answer the request")
}

fn gone() -> Refusal {
    Refusal::because(Code::Unauthenticated, "the member whom this link was sent to is gone")
        .next("let another member of the workspace answer the request")
}
