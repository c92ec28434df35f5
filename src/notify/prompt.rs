//! Where a member is asked: in their open page when they are online, by e-mail otherwise, and when they leave the page
//! unanswered. Which it is is decided when it is sent.
use crate::audit::Kind;
use crate::domain::action::ControlAction;
use crate::domain::id::{MemberId, MemberKey};
use crate::identity::AnswerLink;
use crate::policy::{ControlFacts, ControlQuestion, Principal, Terms, decide_control};
use crate::store::outbox::{Recipient, Waiting};
use crate::store::{Connection, StoreError, access_requests, events, members, workspaces};

use super::Notices;

/// Where somebody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prompt {
    /// This notice asks nobody anything.
    None,
    /// In the page that they have open.
    Open,
    /// By e-mail.
    ByMail,
    /// Nowhere: it was answered already, or is not theirs to answer any more.
    Settled,
}

/// Where the recipient of `notice` is asked.
pub(super) async fn of(notices: &Notices, notice: &Waiting) -> Result<Prompt, StoreError> {
    let event = &notice.event;
    let (Kind::RequestCreated, Recipient::Member(id), Some(workspace)) =
        (event.kind, &notice.recipient, &event.workspace)
    else {
        return Ok(Prompt::None);
    };
    let key = MemberKey { workspace: workspace.clone(), id: id.clone() };
    let mut read = notices.store.read().await?;
    let latest = match &event.case {
        Some(case) => events::latest_of_case(&mut read, workspace, case).await?,
        None => None,
    };
    let answered = latest.is_some_and(|latest| latest.event_id != event.event_id);
    if answered || !may_answer(notices, &mut read, &key, event.subject.as_ref()).await? {
        return Ok(Prompt::Settled);
    }
    let asked_there = !notice.prompted && notices.presence.is_online(&key);
    Ok(if asked_there { Prompt::Open } else { Prompt::ByMail })
}

/// The address at which the recipient of `notice` answers what they are asked by e-mail; none when there is nothing to answer.
pub(super) async fn address(notices: &Notices, notice: &Waiting) -> Result<Option<String>, StoreError> {
    let (Recipient::Member(id), Some(case)) = (&notice.recipient, &notice.event.case) else { return Ok(None) };
    let mut read = notices.store.read().await?;
    let Some(request) = access_requests::of_case(&mut read, case).await? else { return Ok(None) };
    let member = MemberKey { workspace: request.workspace, id: id.clone() };
    let link = AnswerLink { request: request.id, member, expires_at: request.lapses_at };
    Ok(Some(notices.answers.address(&notices.public_url, &link)))
}

/// Whether the policies let the member answer requests now. Declining is what everybody may who may answer at all.
async fn may_answer(
    notices: &Notices,
    read: &mut Connection,
    key: &MemberKey,
    asked: Option<&MemberId>,
) -> Result<bool, StoreError> {
    let Some(workspace) = workspaces::find(read, &key.workspace).await? else { return Ok(false) };
    let Some(member) = members::find(read, key).await? else { return Ok(false) };
    let question = ControlQuestion {
        principal: Principal::Member(&member),
        action: ControlAction::DeclineRequest,
        workspace: &workspace,
        now: notices.clock.now(),
        facts: ControlFacts::Consent { impersonated: false, terms: asked.map(Terms::about).unwrap_or_default() },
    };
    Ok(decide_control(&notices.engine.current(), &question).is_ok())
}
