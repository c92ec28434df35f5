//! What support access is, in a page: three members, two engineers, one workspace. No store, no policies.
use super::Op;
use crate::domain::member::Role;
use crate::domain::refusal::Code;
use crate::domain::time::{Span, Timestamp};

/// What somebody is told.
pub(super) type Said = Result<(), Code>;

const WEEK: i64 = 7 * 24;
const LONGEST: Span = Span::from_seconds(8 * 3600);
const IDLE: Span = Span::from_seconds(1800);

#[derive(Debug)]
pub(super) struct Grant {
    pub(super) by: usize,
    pub(super) full: bool,
    pub(super) naming: Option<usize>,
    pub(super) starts: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) revoked: bool,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) who: usize,
    pub(super) grant: usize,
    pub(super) started: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) ended: Option<Timestamp>,
    /// A day after its end nobody remembers it.
    pub(super) forgotten: bool,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) sso: bool,
    pub(super) roles: [Role; 3],
    pub(super) disabled: [bool; 2],
    pub(super) grants: Vec<Grant>,
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

impl Grant {
    fn over(&self, now: Timestamp) -> bool {
        self.revoked || self.expires <= now
    }
}

impl Session {
    /// The first end stays.
    fn end(&mut self, now: Timestamp) {
        self.ended.get_or_insert(now);
    }
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            sso: false,
            roles: [Role::Owner, Role::Owner, Role::Member],
            disabled: [false; 2],
            grants: Vec::new(),
            sessions: Vec::new(),
        }
    }

    fn owner(&self, member: usize) -> bool {
        self.roles[member] == Role::Owner
    }

    /// Whether a request of that session passes.
    pub(super) fn passes(&self, session: usize, write: bool, now: Timestamp) -> bool {
        let session = &self.sessions[session];
        let grant = &self.grants[session.grant];
        session.ended.is_none()
            && now < session.expires
            && now < session.started.plus(IDLE)
            && !self.sso
            && !self.disabled[session.who]
            && !grant.over(now)
            && self.owner(grant.by)
            && (grant.full || !write)
    }

    /// What is said to `op`, and what comes of it.
    pub(super) fn apply(&mut self, op: &Op, now: Timestamp) -> Said {
        match *op {
            Op::Grant { by, full, lasts, later, naming, inside } => {
                self.gives(by, inside, lasts)?;
                let starts = if later { now.plus(hours(2)) } else { now };
                let expires = starts.plus(hours(lasts));
                self.grants.push(Grant { by, full, naming, starts, expires, revoked: false });
            }
            Op::Move { by, grant, lasts } => self.moved(by, grant, lasts, now)?,
            Op::Revoke { by, grant } => {
                first(&[(!self.owner(by), Code::NotOwner)])?;
                self.grants[grant].revoked = true;
                self.end(now, |session| session.grant == grant);
            }
            Op::Enter { who, grant } => self.enter(who, grant, now)?,
            Op::Leave { session } => {
                first(&[(self.sessions[session].forgotten, Code::NotFound)])?;
                self.sessions[session].end(now);
            }
            Op::ShowOut { by, session } => {
                first(&[(self.sessions[session].forgotten, Code::NotFound)])?;
                first(&[(!self.owner(by), Code::NotOwner)])?;
                self.sessions[session].end(now);
            }
            Op::ForcedSso(forced) => {
                self.sso = forced;
                if forced {
                    self.end(now, |_| true);
                    self.grants.iter_mut().filter(|grant| !grant.over(now)).for_each(|grant| grant.revoked = true);
                }
            }
            Op::Role { of, role } => self.roles[of] = role,
            Op::Disabled { who, disabled } => {
                self.disabled[who] = disabled;
                if disabled {
                    self.end(now, |session| session.who == who);
                }
            }
            Op::Pass { .. } => {}
            Op::Sweep => {
                self.end(now, |session| session.expires <= now || session.started.plus(IDLE) <= now);
                for session in &mut self.sessions {
                    session.forgotten |= session.ended.is_some_and(|ended| ended.plus(hours(24)) < now);
                }
            }
        }
        Ok(())
    }

    fn gives(&self, by: usize, inside: bool, lasts: i64) -> Said {
        first(&[
            (self.sso, Code::ForcedSso),
            (inside, Code::ConsentWhileImpersonated),
            (!self.owner(by), Code::NotOwner),
            (lasts > WEEK, Code::DurationTooLong),
        ])
    }

    fn moved(&mut self, by: usize, grant: usize, lasts: i64, now: Timestamp) -> Said {
        let owner = self.owner(by);
        let Grant { by: subject, starts, expires, .. } = self.grants[grant];
        let end = starts.plus(hours(lasts));
        if end > expires {
            first(&[
                (self.sso, Code::ForcedSso),
                (by != subject, Code::WrongSubject),
                (!owner, Code::NotOwner),
                (lasts > WEEK, Code::DurationTooLong),
            ])?;
        } else {
            first(&[(!owner, Code::NotOwner)])?;
        }
        first(&[(self.grants[grant].over(now), Code::Conflict)])?;
        if end == expires {
            return Ok(());
        }
        self.grants[grant].expires = end.max(now);
        for session in self.sessions.iter_mut().filter(|session| session.grant == grant) {
            if end <= now {
                session.end(now);
            }
            session.expires = session.expires.min(end);
        }
        Ok(())
    }

    fn enter(&mut self, who: usize, grant: usize, now: Timestamp) -> Said {
        if self.disabled[who] {
            return Err(Code::PolicyDenied);
        }
        let wanted = &self.grants[grant];
        first(&[
            (self.sso, Code::ForcedSso),
            (wanted.naming.is_some_and(|named| named != who), Code::NotNamed),
            (now < wanted.starts, Code::GrantNotYet),
            (wanted.expires <= now || !self.owner(wanted.by), Code::GrantEnded),
            (wanted.revoked, Code::GrantRevoked),
        ])?;
        let expires = now.plus(LONGEST).min(wanted.expires);
        self.sessions.push(Session { who, grant, started: now, expires, ended: None, forgotten: false });
        Ok(())
    }

    fn end(&mut self, now: Timestamp, which: impl Fn(&Session) -> bool) {
        self.sessions.iter_mut().filter(|session| which(session)).for_each(|session| session.end(now));
    }
}
