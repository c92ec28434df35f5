//! Grants, and engineers' requests for them.
use super::{Closed, Grant, Model, On, Request, Said, first, hours};
use crate::domain::refusal::Code;
use crate::domain::time::Timestamp;

const WEEK: i64 = 7 * 24;
/// How many requests of one engineer may wait.
const WAITING: usize = 5;

impl Grant {
    pub(super) fn over(&self, now: Timestamp) -> bool {
        self.revoked || self.expires <= now
    }
}

impl Request {
    fn waits(&self, now: Timestamp) -> bool {
        self.closed.is_none() && now < self.lapses
    }
}

impl Model {
    pub(super) fn gives(&self, by: usize, inside: bool, lasts: i64) -> Said {
        first(&[
            (self.sso, Code::ForcedSso),
            (inside, Code::ConsentWhileImpersonated),
            (!self.owner(by), Code::NotOwner),
            (lasts > WEEK, Code::DurationTooLong),
        ])
    }

    pub(super) fn lend(&mut self, by: usize, full: bool, naming: Option<usize>, starts: Timestamp, lasts: i64) {
        let expires = starts.plus(hours(lasts));
        self.grants.push(Grant { by, full, naming, starts, expires, revoked: false });
    }

    pub(super) fn moved(&mut self, by: usize, grant: usize, lasts: i64, now: Timestamp) -> Said {
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
        for session in self.sessions.iter_mut().filter(|session| session.on == On::Grant(grant)) {
            if end <= now {
                session.end(now);
            }
            session.expires = session.expires.min(end);
        }
        Ok(())
    }

    pub(super) fn revoke(&mut self, by: usize, grant: usize, now: Timestamp) -> Said {
        first(&[(!self.owner(by), Code::NotOwner)])?;
        self.grants[grant].revoked = true;
        self.end(now, |session| session.on == On::Grant(grant));
        Ok(())
    }

    pub(super) fn ask(&mut self, who: usize, of: Option<usize>, full: bool, lasts: i64, now: Timestamp) -> Said {
        self.works(who)?;
        first(&[
            (self.sso, Code::ForcedSso),
            (of.is_some_and(|of| !self.owner(of)), Code::NotOwner),
            (lasts > WEEK, Code::DurationTooLong),
        ])?;
        let waiting = self.requests.iter().filter(|request| request.who == who && request.waits(now)).count();
        first(&[(waiting >= WAITING, Code::Conflict)])?;
        self.requests.push(Request { who, of, full, lasts, lapses: now.plus(hours(24)), closed: None });
        Ok(())
    }

    /// What an answer gives: less than was asked for, or the same, never more.
    pub(super) fn narrowed(&self, request: usize, full: Option<bool>, lasts: Option<i64>) -> Result<(bool, i64), Code> {
        let asked = &self.requests[request];
        let (full, lasts) = (full.unwrap_or(asked.full), lasts.unwrap_or(asked.lasts));
        let more = (full && !asked.full) || lasts > asked.lasts;
        if more { Err(Code::BadRequest) } else { Ok((full, lasts)) }
    }

    /// The grant that comes of it names the engineer who asked, and its clock starts now.
    pub(super) fn approve(
        &mut self,
        by: usize,
        inside: bool,
        request: usize,
        full: bool,
        lasts: i64,
        now: Timestamp,
    ) -> Said {
        let asked = &self.requests[request];
        first(&[
            (self.sso, Code::ForcedSso),
            (inside, Code::ConsentWhileImpersonated),
            (asked.of.is_some_and(|of| of != by), Code::WrongSubject),
            (!self.owner(by), Code::NotOwner),
        ])?;
        first(&[(!asked.waits(now), Code::Conflict)])?;
        let who = asked.who;
        self.requests[request].closed = Some(Closed::Answered);
        self.lend(by, full, Some(who), now, lasts);
        Ok(())
    }

    /// Shutting the door is allowed from anywhere.
    pub(super) fn decline(&mut self, by: usize, request: usize, now: Timestamp) -> Said {
        let owner = self.owner(by);
        let asked = &mut self.requests[request];
        first(&[(asked.of.is_some_and(|of| of != by), Code::WrongSubject), (!owner, Code::NotOwner)])?;
        first(&[(!asked.waits(now), Code::Conflict)])?;
        asked.closed = Some(Closed::Answered);
        Ok(())
    }

    pub(super) fn withdraw(&mut self, who: usize, request: usize, now: Timestamp) -> Said {
        self.works(who)?;
        let asked = &mut self.requests[request];
        first(&[(asked.who != who, Code::NotFound)])?;
        first(&[(!asked.waits(now) && asked.closed != Some(Closed::Withdrawn), Code::Conflict)])?;
        asked.closed = Some(Closed::Withdrawn);
        Ok(())
    }

    pub(super) fn close_requests(&mut self, closed: Closed, which: impl Fn(&Request) -> bool) {
        for request in self.requests.iter_mut().filter(|request| which(request)) {
            request.closed.get_or_insert(closed);
        }
    }
}
