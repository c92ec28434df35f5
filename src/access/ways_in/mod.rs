//! Ways in: which workspaces an engineer may know of, and how they may enter each of them now. Nothing here lets anybody in:
//! beginning a session decides anew, on reason and ticket too.
//!
//! * here: what is told, and the one next step. `look`: finding workspaces. `judge`: what the policies say to what might be
//!   done there.
//!
//! An engineer knows of a workspace when the policies would let them ask for something there, or when something of theirs
//! is there already. Others are not there for them.
mod judge;
mod look;

use crate::domain::access_request::AccessRequest;
use crate::domain::emergency::{Declaration, Standing};
use crate::domain::grant::Grant;
use crate::domain::member::Member;
use crate::domain::refusal::Refusal;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;

pub use look::{of, search};

/// A grant on which an engineer may enter, now or from its beginning on.
#[derive(Debug, Clone)]
pub struct Lent {
    /// The grant.
    pub grant: Grant,
    /// Whose login it lends.
    pub subject: Member,
    /// What a policy of the vendor's has against it, as long as it knows neither reason nor ticket.
    pub objection: Option<Refusal>,
}

/// A workspace, and how one engineer may enter it.
#[derive(Debug, Clone)]
pub struct WaysIn {
    /// The workspace.
    pub workspace: Workspace,
    /// When this was true.
    pub at: Timestamp,
    /// The engineer's live sessions there.
    pub sessions: Vec<Session>,
    /// The grants on which they may enter now, newest first.
    pub grants: Vec<Lent>,
    /// The grants on which they may enter later, newest first.
    pub later: Vec<Lent>,
    /// The cases that they may take up, newest first: then they may enter for them.
    pub cases: Vec<String>,
    /// How many open grants there are besides: they name others, or count no more.
    pub others: usize,
    /// Their requests that wait for an answer, oldest first.
    pub waiting: Vec<AccessRequest>,
    /// The emergencies that they declared there and that are not over.
    pub emergencies: Vec<Declaration>,
    /// Why they may not ask for access; none: they may.
    pub no_request: Option<Refusal>,
    /// Why they may not declare an emergency; none: they may.
    pub no_emergency: Option<Refusal>,
}

/// What an engineer does next to get into a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Goes on in the session that they have.
    GoOn,
    /// Enters on a grant.
    Enter,
    /// Enters by an emergency that was approved.
    EnterInEmergency,
    /// Takes up a case.
    TakeUp,
    /// Waits for a member's answer.
    AwaitAnswer,
    /// Waits for a colleague's approval of an emergency.
    AwaitApproval,
    /// Asks for access.
    Ask,
    /// Declares an emergency: nothing else is left.
    Declare,
    /// Nothing leads in.
    Nothing,
}

impl WaysIn {
    /// The one next step: the nearest to being inside that the engineer can take by themselves.
    #[must_use]
    pub fn next(&self) -> Step {
        let stands = |standing| self.emergencies.iter().any(|it| it.standing(self.at) == standing);
        if !self.sessions.is_empty() {
            Step::GoOn
        } else if self.grants.iter().any(|lent| lent.objection.is_none()) {
            Step::Enter
        } else if stands(Standing::Approved) {
            Step::EnterInEmergency
        } else if !self.cases.is_empty() {
            Step::TakeUp
        } else if !self.waiting.is_empty() {
            Step::AwaitAnswer
        } else if stands(Standing::Declared) {
            Step::AwaitApproval
        } else if !self.grants.is_empty() {
            Step::Enter
        } else if self.no_request.is_none() {
            Step::Ask
        } else if self.no_emergency.is_none() {
            Step::Declare
        } else {
            Step::Nothing
        }
    }

    /// Whether anything of the engineer's, or for them, is there.
    fn concerns_them(&self) -> bool {
        !(self.sessions.is_empty()
            && self.grants.is_empty()
            && self.later.is_empty()
            && self.cases.is_empty()
            && self.waiting.is_empty()
            && self.emergencies.is_empty())
    }
}
