//! A workspace at a glance: whether and how the engineer may enter it, and the one next step.
use std::borrow::Borrow;

use crate::access::ways_in::{Lent, Step, WaysIn};
use crate::config::Config;
use crate::domain::access_request::AccessRequest;
use crate::domain::refusal::Code;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::face::Moment;

use super::shell::distance;
use super::workspace::address;
use super::{cases, emergencies, landing};

/// A row of the list.
#[derive(Debug)]
pub(super) struct Glance<'a> {
    pub(super) ways: &'a WaysIn,
    pub(super) href: String,
    /// Where the next step is taken.
    pub(super) go: String,
    pub(super) pill: Pill,
}

/// A word on where things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pill {
    /// How it looks: a class of the style sheet.
    pub(super) tone: &'static str,
    pub(super) text: &'static str,
}

impl<'a> Glance<'a> {
    pub(super) fn of(config: &Config, ways: &'a WaysIn) -> Self {
        let href = address(&ways.workspace.id);
        let here = || format!("{href}#next");
        let go = match ways.next() {
            Step::GoOn => {
                let session = ways.sessions.first();
                session.map_or_else(here, |session| landing::address(config, &session.id, &session.workspace))
            }
            Step::TakeUp => ways.cases.first().map_or_else(here, cases::address),
            Step::Declare => emergencies::declare_address(&ways.workspace.id),
            Step::Enter
            | Step::EnterInEmergency
            | Step::AwaitAnswer
            | Step::AwaitApproval
            | Step::Ask
            | Step::Nothing => here(),
        };
        Self { ways, href, go, pill: pill(ways) }
    }

    /// The session that the engineer has there.
    pub(super) fn session(&self) -> Option<&Session> {
        self.ways.sessions.first()
    }

    /// The grant that is proposed.
    pub(super) fn best(&self) -> Option<&Lent> {
        let grants = &self.ways.grants;
        grants.iter().find(|lent| lent.objection.is_none()).or_else(|| grants.first())
    }

    /// The request that waits the longest.
    pub(super) fn waiting(&self) -> Option<&AccessRequest> {
        self.ways.waiting.first()
    }

    /// How far away a moment is.
    pub(super) fn when(&self, at: impl Borrow<Timestamp>) -> Moment {
        distance(at, self.ways.at)
    }
}

/// Where things stand, in a word or two.
pub(super) fn pill(ways: &WaysIn) -> Pill {
    let forced = ways.no_request.as_ref().is_some_and(|refusal| refusal.code == Code::ForcedSso);
    let (tone, text) = match ways.next() {
        Step::GoOn => ("good live", "You are inside"),
        Step::Enter => ("good", "Open to you"),
        Step::EnterInEmergency => ("bad", "Emergency approved"),
        Step::TakeUp => ("warn", "Asks for help"),
        Step::AwaitAnswer => ("warn", "Waiting for an answer"),
        Step::AwaitApproval => ("warn", "Emergency waits for approval"),
        Step::Ask => ("", "No access"),
        Step::Declare => ("warn", "Emergency only"),
        Step::Nothing if forced => ("bad", "Single sign-on forced"),
        Step::Nothing => ("bad", "Closed to you"),
    };
    Pill { tone, text }
}
