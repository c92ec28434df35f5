//! The receipt of a session: what an engineer saw and did, as the trail tells it.
//!
//! * `tally`: the records of a session, counted.
mod tally;

use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::{Journal, Query, Reader};
use crate::domain::engineer::Engineer;
use crate::domain::id::{EmergencyId, EngineerId, GrantId, MemberId, SessionId, WorkspaceId};
use crate::domain::refusal::Code;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::store::{engineers, sessions};

use super::permission::member_of;
use super::records::{from_disk, may_read, sealed};
use super::{Access, AccessError, Actor};
use tally::Tally;

pub use tally::{PageSeen, RefusalSeen, Step};

/// How many records are read at once.
const BATCH: usize = 256;

/// What an engineer saw and did in a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// The session.
    pub session: SessionId,
    /// Where.
    pub workspace: WorkspaceId,
    /// Whether it goes on: then this is what was recorded so far.
    pub live: bool,
    /// Who.
    pub engineer: Option<EngineerTold>,
    /// As whom.
    pub subject: Option<MemberId>,
    /// By which consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// In which emergency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyId>,
    /// Why, in the engineer's words.
    pub reason: Option<String>,
    /// The case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The code that says why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<String>,
    /// Who ended it: a member's id, `operator:NAME`, `engineer:ID`, `clock` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// How many requests passed.
    pub permitted: u64,
    /// How many requests were refused.
    pub refused: u64,
    /// Bytes of the answers' bodies.
    pub bytes_out: u64,
    /// What passed, by method, path and effect, in the order in which each was first seen.
    pub pages: Vec<PageSeen>,
    /// How many requests passed to other pages than the first thousand.
    pub pages_left_out: u64,
    /// What was refused, by method, path and code, in the order in which each was first seen.
    pub refusals: Vec<RefusalSeen>,
    /// How many requests were refused beyond the first thousand kinds.
    pub refusals_left_out: u64,
    /// What happened to the session itself.
    pub steps: Vec<Step>,
    /// The records that all of this is from.
    pub records: Range,
    /// The last signed checkpoint of the trail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// Whether that checkpoint covers all of these records.
    pub covered: bool,
}

/// An engineer, as the receipt tells.
#[derive(Debug, Serialize, ToSchema)]
pub struct EngineerTold {
    /// Their id.
    pub id: EngineerId,
    /// Their name, as far as it is still known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their e-mail address, as far as it is still known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Records of a workspace, by their `workspace_seq`; others may stand between them.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct Range {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// How many.
    pub count: u64,
}

/// The receipt of a session. Members who may read the trail.
///
/// # Errors
/// `not-found` for a session that the workspace's trail does not tell of; by policy; `audit-unavailable` when the trail
/// cannot be read.
pub async fn receipt(
    access: &Access,
    journal: &Journal,
    actor: &Actor,
    workspace: &WorkspaceId,
    id: &SessionId,
) -> Result<Receipt, AccessError> {
    member_of(actor, workspace)?;
    let mut read = access.store.read().await?;
    let known = sessions::find(&mut read, id).await?.filter(|session| session.workspace == *workspace);
    drop(read);
    if known.is_none() && !is_told_of(journal, workspace, id).await? {
        return Err(Code::NotFound.into());
    }
    may_read(access, actor, workspace).await?;
    sealed(journal, workspace).await;
    let (reader, of, session) = (journal.reader(), workspace.clone(), id.clone());
    let mut tally = from_disk(move || counted(&reader, &of, session)).await?;
    if let Some(session) = known.as_ref().filter(|_| tally.started_at.is_none()) {
        tally.begins_as(session);
    }
    let engineer = match &tally.engineer {
        Some(id) => engineers::find(&mut *access.store.read().await?, id).await?,
        None => None,
    };
    let reader = journal.reader();
    let receipt = drawn_up(workspace, id, tally, engineer).ok_or(Code::NotFound)?;
    let receipt = with_state(receipt, known.as_ref(), access.clock.now());
    Ok(Receipt {
        checkpoint: reader.checkpoint(),
        covered: reader.covered(workspace) >= receipt.records.last,
        ..receipt
    })
}

/// Whether the trail of the workspace tells of the session.
async fn is_told_of(journal: &Journal, workspace: &WorkspaceId, id: &SessionId) -> Result<bool, AccessError> {
    let (reader, workspace) = (journal.reader(), workspace.clone());
    let query = Query { session: Some(id.clone()), ..Query::default() };
    Ok(!from_disk(move || reader.newest(&workspace, &query, None, 1)).await?.is_empty())
}

/// Counts the records of a session.
fn counted(reader: &Reader, workspace: &WorkspaceId, session: SessionId) -> std::io::Result<Tally> {
    let query = Query { session: Some(session), ..Query::default() };
    let (mut tally, mut after, upto) = (Tally::default(), 0, reader.count(workspace));
    loop {
        let found = reader.oldest(workspace, &query, (after, upto), BATCH)?;
        for found in &found {
            tally.add(found)?;
        }
        match found.last() {
            Some(last) if found.len() >= BATCH => after = last.seq,
            Some(_) | None => return Ok(tally),
        }
    }
}

/// The receipt by the trail's word; none when it has no word of the session's begin.
fn drawn_up(workspace: &WorkspaceId, id: &SessionId, tally: Tally, engineer: Option<Engineer>) -> Option<Receipt> {
    let (name, email) = engineer.map(|known| (known.name, known.email.to_string())).unzip();
    let (ended_at, ended_because, ended_by) = tally.ended.unwrap_or_default();
    Some(Receipt {
        session: id.clone(),
        workspace: workspace.clone(),
        live: ended_at.is_none(),
        engineer: tally.engineer.map(|id| EngineerTold { id, name, email }),
        subject: tally.subject,
        grant: tally.grant,
        emergency: tally.emergency,
        reason: tally.reason,
        ticket: tally.ticket,
        started_at: tally.started_at?,
        ended_at,
        ended_because,
        ended_by,
        permitted: tally.permitted,
        refused: tally.refused,
        bytes_out: tally.bytes_out,
        pages: tally.pages.each,
        pages_left_out: tally.pages.left_out,
        refusals: tally.refusals.each,
        refusals_left_out: tally.refusals.left_out,
        steps: tally.steps,
        records: tally.records,
        checkpoint: None,
        covered: false,
    })
}

/// The receipt with what the store knows already and the trail does not tell yet: that the session has ended.
fn with_state(mut receipt: Receipt, known: Option<&Session>, now: Timestamp) -> Receipt {
    if !receipt.live {
        return receipt;
    }
    if let Some(ended) = known.and_then(|session| session.ended.as_ref()) {
        (receipt.live, receipt.ended_at) = (false, Some(ended.at));
        receipt.ended_because = Some(ended.cause.to_string());
    } else if let Some(session) = known.filter(|session| session.expires_at <= now) {
        (receipt.live, receipt.ended_at) = (false, Some(session.expires_at));
    }
    receipt
}
