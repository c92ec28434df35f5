//! Sessions: entering on a grant, leaving, being shown out.
use super::{Model, On, Said, Session, first};
use crate::domain::refusal::Code;
use crate::domain::time::{Span, Timestamp};

const LONGEST: Span = Span::from_seconds(8 * 3600);

impl Session {
    /// One that begins now, on what lasts until `end`.
    pub(super) fn new(who: usize, on: On, end: Timestamp, now: Timestamp) -> Self {
        Self { who, on, started: now, expires: now.plus(LONGEST).min(end), ended: None, forgotten: false }
    }

    /// The first end stays.
    pub(super) fn end(&mut self, now: Timestamp) {
        self.ended.get_or_insert(now);
    }
}

impl Model {
    pub(super) fn enter(&mut self, who: usize, grant: usize, now: Timestamp) -> Said {
        self.works(who)?;
        let wanted = &self.grants[grant];
        first(&[
            (self.sso, Code::ForcedSso),
            (wanted.naming.is_some_and(|named| named != who), Code::NotNamed),
            (now < wanted.starts, Code::GrantNotYet),
            (wanted.expires <= now || !self.owner(wanted.by), Code::GrantEnded),
            (wanted.revoked, Code::GrantRevoked),
        ])?;
        self.sessions.push(Session::new(who, On::Grant(grant), wanted.expires, now));
        Ok(())
    }

    /// By its own engineer.
    pub(super) fn leave(&mut self, session: usize, now: Timestamp) -> Said {
        first(&[(self.sessions[session].forgotten, Code::NotFound)])?;
        self.sessions[session].end(now);
        Ok(())
    }

    /// By a member. An emergency is over with it: there is no consent to take back.
    pub(super) fn show_out(&mut self, by: usize, session: usize, now: Timestamp) -> Said {
        first(&[(self.sessions[session].forgotten, Code::NotFound)])?;
        first(&[(!self.owner(by), Code::NotOwner)])?;
        let Session { on, ended, .. } = self.sessions[session];
        self.sessions[session].end(now);
        if let (None, On::Emergency(emergency)) = (ended, on) {
            self.end_emergency(emergency, now);
        }
        Ok(())
    }

    pub(super) fn end(&mut self, now: Timestamp, which: impl Fn(&Session) -> bool) {
        self.sessions.iter_mut().filter(|session| which(session)).for_each(|session| session.end(now));
    }
}
