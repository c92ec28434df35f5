//! Support requests: a member asks for help, and thereby lets in whoever takes up that case.
//!
//! * here: what is asked for with, and whom a case is shown to.
//! * `open`, `start`, `resolve`: one action each. `look`: reading, and the files.
//!
//! The grant that comes with a case names nobody at first: an engineer who takes the case up is named by that, and nobody
//! else enters. Its ticket is the case, and so is the ticket of every session on it.
mod look;
mod open;
mod resolve;
mod start;

use crate::audit::{Event, Kind};
use crate::domain::action::ControlAction;
use crate::domain::engineer::Engineer;
use crate::domain::grant::{Access as Reach, Grant};
use crate::domain::id::{MemberKey, SupportRequestId};
use crate::domain::member::Member;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::support_request::{AlreadyResolved, SupportRequest};
use crate::domain::text::Prose;
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::Workspace;
use crate::policy::{Allowed, ControlFacts, ControlQuestion, Principal, Refused, Work, decide_control};
use crate::store::{Connection, Write, engineers, grants, members, support_requests, workspaces};

use super::attachments::Received;
use super::permission::refused;
use super::{Access, AccessError};

pub use look::{attachment, find, get, list, list_all, may_open, queue};
pub use open::open;
pub(super) use resolve::end;
pub use resolve::resolve;
pub use start::start;

/// What a member submits.
#[derive(Debug)]
pub struct NewSupportRequest {
    /// What is wrong.
    pub issue: Prose,
    /// What they tried.
    pub tried: Option<Prose>,
    /// What they expected.
    pub expected: Option<Prose>,
    /// How far the consent goes.
    pub access: Reach,
    /// How long it lasts; none: as long as the vendor proposes.
    pub lasts: Option<Span>,
    /// Files that have come.
    pub files: Vec<Received>,
}

/// A case as people see it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The case.
    pub case: SupportRequest,
    /// The consent that came with it.
    pub grant: Grant,
    /// Who took it up, in that order.
    pub engineers: Vec<Engineer>,
}

impl Shown {
    /// `case` with what belongs to it.
    async fn of(connection: &mut Connection, case: SupportRequest) -> Result<Self, AccessError> {
        let grant = consent(connection, &case).await?;
        Self::with(connection, case, grant).await
    }

    /// `case` with its `grant` and who took it up.
    async fn with(connection: &mut Connection, case: SupportRequest, grant: Grant) -> Result<Self, AccessError> {
        let mut named = Vec::new();
        for id in grant.engineers.iter().flatten() {
            named.extend(engineers::find(connection, id).await?);
        }
        Ok(Self { case, grant, engineers: named })
    }
}

/// A case with all that is asked about it.
struct Matter {
    case: SupportRequest,
    grant: Grant,
    workspace: Workspace,
    /// Who asked for help; none when they are gone.
    subject: Option<Member>,
}

impl Matter {
    /// The whole matter of `case`; none when its workspace is gone.
    async fn of(connection: &mut Connection, case: SupportRequest) -> Result<Option<Self>, AccessError> {
        let grant = consent(connection, &case).await?;
        let Some(workspace) = workspaces::find(connection, &case.workspace).await? else { return Ok(None) };
        let key = MemberKey { workspace: case.workspace.clone(), id: case.subject.clone() };
        let subject = members::find(connection, &key).await?;
        Ok(Some(Self { case, grant, workspace, subject }))
    }

    /// The matter of a case that `engineer` works on.
    async fn to_work(
        access: &Access,
        tx: &mut Write,
        engineer: &Engineer,
        id: &SupportRequestId,
        now: Timestamp,
    ) -> Result<(Self, Allowed), AccessError> {
        let case = support_requests::find(tx, id).await?.ok_or(Code::NotFound)?;
        let matter = Self::of(tx, case).await?.ok_or(Code::NotFound)?;
        let allowed = matter.may_work(access, engineer, now).map_err(refused)?;
        Ok((matter, allowed))
    }

    /// Whether an engineer may work on it.
    fn may_work(&self, access: &Access, engineer: &Engineer, now: Timestamp) -> Result<Allowed, Box<Refused>> {
        let work = Work {
            access: Some(self.grant.access),
            lasts: self.grant.expires_at.map(|end| end.since(self.grant.starts_at)),
            ticket: Some(self.case.id.as_str()),
            subject: self.subject.as_ref(),
            ..Work::default()
        };
        let question = ControlQuestion {
            principal: Principal::Engineer(engineer),
            action: ControlAction::WorkSupportRequest,
            workspace: &self.workspace,
            now,
            facts: ControlFacts::Work(work),
        };
        decide_control(&access.engine.current(), &question)
    }
}

/// The consent that came with a case.
async fn consent(connection: &mut Connection, case: &SupportRequest) -> Result<Grant, AccessError> {
    grants::find(connection, &case.workspace, &case.grant).await?.ok_or(Code::NotFound.into())
}

/// The event about a case; its decision is the caller's to add.
fn event(case: &SupportRequest, kind: Kind, at: Timestamp) -> Event {
    Event {
        workspace: Some(case.workspace.clone()),
        subject: Some(case.subject.clone()),
        grant: Some(case.grant.clone()),
        ticket: Some(case.id.to_string()),
        case: Some((&case.id).into()),
        ..Event::new(at, kind)
    }
}

fn already_resolved(id: &SupportRequestId) -> impl FnOnce(AlreadyResolved) -> AccessError {
    let refusal = Refusal::because(Code::Conflict, format!("the support request `{id}` is resolved"));
    move |AlreadyResolved| refusal.next("ask the customer to submit a new one if something is left to do").into()
}
