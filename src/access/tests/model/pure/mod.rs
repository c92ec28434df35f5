//! What support access is, in a few pages: three members, two engineers, one workspace. No store, no policies.
//!
//! * here: what there is, what passes, and what ends what. `consent`: grants and access requests. `emergency`: entry without
//!   consent. `entry`: sessions.
mod consent;
mod emergency;
mod entry;

use super::ops::Op;
use crate::domain::member::Role;
use crate::domain::refusal::Code;
use crate::domain::time::{Span, Timestamp};

/// What somebody is told.
pub(super) type Said = Result<(), Code>;

const IDLE: Span = Span::from_seconds(1800);

/// What an engineer does in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Looking,
    Changing,
    /// Logging in as yet another user of the app.
    LoginAs,
    /// Consenting in the app, for the member.
    Consenting,
    /// Anything, by a request that says that somebody else's login is used to make it.
    Chained,
    /// Entering once more, from inside.
    EnteringFromInside,
}

#[derive(Debug)]
pub(super) struct Grant {
    pub(super) by: usize,
    pub(super) full: bool,
    pub(super) naming: Option<usize>,
    pub(super) starts: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) revoked: bool,
}

/// An engineer's request for a grant.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) who: usize,
    /// The only member who may answer, if it asks for one's login.
    pub(super) of: Option<usize>,
    pub(super) full: bool,
    pub(super) lasts: i64,
    pub(super) lapses: Timestamp,
    pub(super) closed: Option<Closed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    Answered,
    Withdrawn,
    Lapsed,
}

#[derive(Debug)]
pub(super) struct Emergency {
    pub(super) who: usize,
    /// Until when it waits for the other engineer.
    pub(super) lapses: Timestamp,
    /// Since it was approved: until when it lasts.
    pub(super) until: Option<Timestamp>,
    pub(super) ended: bool,
    /// Whether the other engineer found it justified.
    pub(super) review: Option<bool>,
}

/// What a session stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Grant(usize),
    Emergency(usize),
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) who: usize,
    pub(super) on: On,
    pub(super) started: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) ended: Option<Timestamp>,
    /// A day after its end nobody remembers it.
    pub(super) forgotten: bool,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) sso: bool,
    /// Whether the contract excludes emergencies.
    pub(super) never: bool,
    pub(super) roles: [Role; 3],
    pub(super) disabled: [bool; 2],
    pub(super) grants: Vec<Grant>,
    pub(super) requests: Vec<Request>,
    pub(super) emergencies: Vec<Emergency>,
    pub(super) sessions: Vec<Session>,
}

pub(super) fn hours(hours: i64) -> Span {
    Span::from_seconds(hours * 3600)
}

/// The first cause that applies, in the order of codes.
fn first(causes: &[(bool, Code)]) -> Said {
    let mut causes: Vec<_> = causes.iter().filter(|(applies, _)| *applies).map(|(_, code)| code).collect();
    causes.sort();
    causes.first().map_or(Ok(()), |code| Err((*code).clone()))
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            sso: false,
            never: false,
            roles: [Role::Owner, Role::Owner, Role::Member],
            disabled: [false; 2],
            grants: Vec::new(),
            requests: Vec::new(),
            emergencies: Vec::new(),
            sessions: Vec::new(),
        }
    }

    fn owner(&self, member: usize) -> bool {
        self.roles[member] == Role::Owner
    }

    /// Nobody works whom the directory has switched off.
    fn works(&self, engineer: usize) -> Said {
        first(&[(self.disabled[engineer], Code::PolicyDenied)])
    }

    /// Whether that passes in a session.
    pub(super) fn passes(&self, session: usize, doing: Doing, now: Timestamp) -> bool {
        let session = &self.sessions[session];
        let (open, full) = match session.on {
            On::Grant(grant) => {
                let grant = &self.grants[grant];
                (!grant.over(now) && self.owner(grant.by), grant.full)
            }
            On::Emergency(emergency) => (!self.never && self.emergencies[emergency].lasts(now), true),
        };
        let enough = match doing {
            Doing::Looking => true,
            Doing::Changing => full,
            Doing::LoginAs | Doing::Consenting | Doing::Chained | Doing::EnteringFromInside => false,
        };
        let lives = session.ended.is_none() && now < session.expires && now < session.started.plus(IDLE);
        open && enough && lives && !self.sso && !self.disabled[session.who]
    }

    /// What is said to `op`, and what comes of it.
    pub(super) fn apply(&mut self, op: &Op, now: Timestamp) -> Said {
        match *op {
            Op::Grant { by, full, lasts, later, naming, inside } => {
                self.gives(by, inside, lasts)?;
                let starts = if later { now.plus(hours(2)) } else { now };
                self.lend(by, full, naming, starts, lasts);
            }
            Op::Move { by, grant, lasts } => self.moved(by, grant, lasts, now)?,
            Op::Revoke { by, grant } => self.revoke(by, grant, now)?,
            Op::Ask { who, of, full, lasts } => self.ask(who, of, full, lasts, now)?,
            Op::Approve { by, request, full, lasts, inside } => {
                let (full, lasts) = self.narrowed(request, full, lasts)?;
                self.approve(by, inside, request, full, lasts, now)?;
            }
            Op::Decline { by, request, .. } => self.decline(by, request, now)?,
            Op::Withdraw { who, request } => self.withdraw(who, request, now)?,
            Op::Declare { who, .. } => self.declare(who, now)?,
            Op::Second { who, emergency } => self.second(who, emergency, now)?,
            Op::Review { who, emergency, justified } => self.review(who, emergency, justified, now)?,
            Op::Enter { who, grant } => self.enter(who, grant, now)?,
            Op::EnterInEmergency { who, emergency } => self.enter_in_emergency(who, emergency, now)?,
            Op::Leave { session } => self.leave(session, now)?,
            Op::ShowOut { by, session } => self.show_out(by, session, now)?,
            Op::ForcedSso(forced) => self.force_sso(forced, now),
            Op::Never(never) => {
                self.never = never;
                if never {
                    self.end_emergencies(now, |_| true);
                }
            }
            Op::Role { of, role } => self.roles[of] = role,
            Op::Disabled { who, disabled } => self.switch(who, disabled, now),
            Op::Pass { .. } => {}
            Op::Sweep => self.sweep(now),
        }
        Ok(())
    }

    fn force_sso(&mut self, forced: bool, now: Timestamp) {
        self.sso = forced;
        if forced {
            self.end(now, |_| true);
            self.end_emergencies(now, |_| true);
            self.grants.iter_mut().filter(|grant| !grant.over(now)).for_each(|grant| grant.revoked = true);
            self.close_requests(Closed::Lapsed, |_| true);
        }
    }

    fn switch(&mut self, who: usize, disabled: bool, now: Timestamp) {
        self.disabled[who] = disabled;
        if disabled {
            self.end(now, |session| session.who == who);
            self.end_emergencies(now, |emergency| emergency.who == who);
            self.close_requests(Closed::Withdrawn, |request| request.who == who);
        }
    }

    fn sweep(&mut self, now: Timestamp) {
        self.end(now, |session| session.expires <= now || session.started.plus(IDLE) <= now);
        self.close_requests(Closed::Lapsed, |request| request.lapses <= now);
        for session in &mut self.sessions {
            session.forgotten |= session.ended.is_some_and(|ended| ended.plus(hours(24)) < now);
        }
    }
}
