//! Asking for help, which is the consent for that case.
use serde_json::{Value, json};

use crate::audit::{Event, Kind};
use crate::domain::action::ControlAction;
use crate::domain::attachment::Attachment;
use crate::domain::grant::{Grant, Origin};
use crate::domain::id::{GrantId, MemberKey, SupportRequestId, WorkspaceId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::support_request::SupportRequest;
use crate::domain::time::{Span, Timestamp};
use crate::policy::Terms;
use crate::store::{Write, support_requests};

use super::{NewSupportRequest, Shown, event};
use crate::access::attachments::Received;
use crate::access::grants::{keep, stricter};
use crate::access::permission::{Asked, member_of, present_member};
use crate::access::{Access, AccessError, Actor, Idempotency, record, repeat};

/// How many cases of one workspace may be unresolved at a time: each has files.
const OPEN: i64 = 100;

/// Submits a support request whose subject is the member who acts: grants access for that case alone, to whoever takes
/// it up.
///
/// # Errors
/// By policy and limits; `conflict` for a reused idempotency key.
pub async fn open(
    access: &Access,
    actor: &Actor,
    workspace: &WorkspaceId,
    new: NewSupportRequest,
    idempotency: Option<Idempotency>,
) -> Result<Shown, AccessError> {
    let who = member_of(actor, workspace)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let (who, workspace) = present_member(&mut tx, who).await?;
    let caller = format!("member:{}", who.member.key());
    if let Some(made) = repeat::made(&mut tx, &caller, idempotency.as_ref()).await? {
        return earlier(&mut tx, &workspace.id, &made).await;
    }

    let lasts = new.lasts.unwrap_or(access.support_requests.default);
    let (case, grant, mut files) = drawn_up(who.member.key(), new, lasts, now);
    let asked =
        Asked { action: ControlAction::OpenSupportRequest, terms: Terms::of(&grant), workspace: &workspace, now };
    let decision = stricter(asked.by(&who, &access.engine.current()), too_long(access, lasts))?;
    if support_requests::count_open(&mut tx, &workspace.id).await? >= OPEN {
        let refusal =
            Refusal::because(Code::Conflict, format!("{OPEN} support requests of the workspace are open already"));
        return Err(refusal.next("wait until support has resolved some").into());
    }

    let granted = keep(access, &mut tx, &grant, &decision).await?;
    tx.event(&granted).await?;
    support_requests::insert(&mut tx, &case).await?;
    repeat::remember(&mut tx, &caller, idempotency, case.id.as_str(), now).await?;
    let attachments: Vec<_> = case.attachments.iter().map(facts).collect();
    let decision =
        record::decided_with(&decision, json!({ "grant": record::grant_facts(&grant), "attachments": attachments }))?;
    let told = Event { decision: Some(decision), ..event(&case, Kind::SupportOpened, now) };
    if !files.is_empty() {
        access.attachments.sync().await?;
    }
    files.iter_mut().for_each(Received::keep);
    let sequence = tx.commit(&told).await?;
    for file in files {
        file.settle().await;
    }
    access.feed.announce(sequence).await;
    Ok(Shown { case, grant, engineers: Vec::new() })
}

/// What a repeated call made the first time, as it is now.
async fn earlier(tx: &mut Write, workspace: &WorkspaceId, made: &str) -> Result<Shown, AccessError> {
    let id: SupportRequestId = made.parse().map_err(|_| Code::NotFound)?;
    let case = support_requests::find(tx, &id).await?.filter(|case| case.workspace == *workspace);
    Shown::of(tx, case.ok_or(Code::NotFound)?).await
}

/// What the configuration has against consent of that length.
fn too_long(access: &Access, lasts: Span) -> Option<Refusal> {
    let max = access.support_requests.max;
    let refusal = || {
        let refusal =
            Refusal::because(Code::DurationTooLong, format!("access for a support request lasts `{max}` at most"));
        refusal.next(format!("choose a duration up to `{max}`"))
    };
    (lasts > max).then(refusal)
}

/// The case, the consent for it, and its files.
fn drawn_up(
    subject: MemberKey,
    new: NewSupportRequest,
    lasts: Span,
    now: Timestamp,
) -> (SupportRequest, Grant, Vec<Received>) {
    let MemberKey { workspace, id: subject } = subject;
    let case = SupportRequest {
        id: SupportRequestId::mint(now),
        workspace: workspace.clone(),
        subject: subject.clone(),
        issue: new.issue,
        tried: new.tried,
        expected: new.expected,
        grant: GrantId::mint(now),
        opened_at: now,
        started_at: None,
        resolution: None,
        attachments: new.files.iter().map(|file| file.attachment().clone()).collect(),
    };
    let grant = Grant {
        id: case.grant.clone(),
        workspace,
        subject,
        access: new.access,
        origin: Origin::SupportRequest,
        starts_at: now,
        expires_at: Some(now.plus(lasts)),
        // Nobody yet: who takes the case up is named then.
        engineers: Some(Vec::new()),
        groups: None,
        organization: None,
        ticket: Some(case.id.to_string()),
        purpose: None,
        scope: None,
        created_at: now,
        revoked_at: None,
        revoked_by: None,
        revision: 1,
    };
    (case, grant, new.files)
}

/// An attachment as the trail knows it: what it is, and nothing of what is in it.
fn facts(attachment: &Attachment) -> Value {
    let Attachment { id, media, size, .. } = attachment;
    json!({ "id": id, "type": media.mime(), "size": size, "sha256": attachment.sha256_hex() })
}
