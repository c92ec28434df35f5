//! What the policies say to what an engineer might do in a workspace: the least that can be asked of each kind.
use crate::domain::action::ControlAction;
use crate::domain::engineer::Engineer;
use crate::domain::grant::{Access as Reach, Grant};
use crate::domain::member::Member;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::session::BasisRef;
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::Workspace;
use crate::policy::{Bundle, ControlFacts, ControlQuestion, Principal, Work, decide_control};

use super::Lent;
use crate::access::sessions::Entry;

/// What is given for reason and ticket, where none is known yet.
const UNKNOWN: &str = "a look at the ways in";
/// The shortest access that anybody would ask for.
const SHORTEST: Span = Span::from_seconds(60);

/// What a look is taken with.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) engineer: &'a Engineer,
    pub(super) now: Timestamp,
}

/// What a grant is to an engineer.
pub(super) enum Use {
    /// They may enter on it.
    Now(Lent),
    /// They may enter on it when it has begun.
    Later(Lent),
    /// It came with a case that they may take up: then they may enter on it.
    Case,
    /// It is for others, or counts no more.
    None,
}

impl Judge<'_> {
    /// What a grant lends to the engineer.
    pub(super) fn lent(&self, workspace: &Workspace, grant: Grant, subject: Member) -> Use {
        let ticket = grant.ticket.as_deref();
        let entry = Entry { engineer: self.engineer, workspace, reason: UNKNOWN, ticket, now: self.now };
        match entry.on(self.bundle, Some((BasisRef::Grant(&grant), &subject))) {
            Ok(_) => Use::Now(Lent { grant, subject, objection: None }),
            Err(refused) if by_vendor(&refused.refusal.code) => {
                Use::Now(Lent { grant, subject, objection: Some(refused.refusal) })
            }
            Err(refused) if refused.refusal.code == Code::GrantNotYet && refused.refusal.also.is_empty() => {
                Use::Later(Lent { grant, subject, objection: None })
            }
            Err(refused) if refused.refusal.code == Code::NotNamed && refused.refusal.also.is_empty() => {
                if self.may_take_up(workspace, &grant, &subject) { Use::Case } else { Use::None }
            }
            Err(_) => Use::None,
        }
    }

    /// Whether the grant came with a case that the engineer may take up.
    fn may_take_up(&self, workspace: &Workspace, grant: &Grant, subject: &Member) -> bool {
        let Some(case) = grant.case() else { return false };
        let lasts = grant.expires_at.map(|end| end.since(grant.starts_at));
        let work =
            Work { access: Some(grant.access), lasts, ticket: Some(case), subject: Some(subject), ..Work::default() };
        self.objection(workspace, ControlAction::WorkSupportRequest, work).is_none()
    }

    /// Why the engineer may not ask for access; none: they may.
    pub(super) fn request(&self, workspace: &Workspace) -> Option<Refusal> {
        let work = Work { access: Some(Reach::ReadOnly), lasts: Some(SHORTEST), ..work() };
        self.objection(workspace, ControlAction::RequestAccess, work)
    }

    /// Why the engineer may not declare an emergency; none: they may. `unreviewed`: whether they owe a review.
    pub(super) fn emergency(&self, workspace: &Workspace, unreviewed: bool) -> Option<Refusal> {
        let work = Work { lasts: Some(SHORTEST), declared_by: Some(self.engineer), unreviewed, ..work() };
        self.objection(workspace, ControlAction::StartEmergency, work)
    }

    fn objection(&self, workspace: &Workspace, action: ControlAction, work: Work<'_>) -> Option<Refusal> {
        let (principal, facts) = (Principal::Engineer(self.engineer), ControlFacts::Work(work));
        let question = ControlQuestion { principal, action, workspace, now: self.now, facts };
        decide_control(self.bundle, &question).err().map(|refused| refused.refusal)
    }
}

/// The facts of whatever is asked for.
fn work() -> Work<'static> {
    Work { reason: Some(UNKNOWN), ticket: Some(UNKNOWN), ..Work::default() }
}

/// Whether a refusal keeps the engineer out of the workspace as such: a policy of the vendor's has something against it, among
/// other things or alone.
pub(super) fn keeps_out(refusal: &Refusal) -> bool {
    by_vendor(&refusal.code) || refusal.also.iter().any(by_vendor)
}

/// Whether the vendor's own policies say so, rather than a guardrail or a fact.
fn by_vendor(code: &Code) -> bool {
    matches!(code, Code::PolicyDenied | Code::PolicyError | Code::Vendor(_))
}
