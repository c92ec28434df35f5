//! Emergencies: one engineer declares, the other approves and afterwards reviews; the customer is told in between.
use super::{Emergency, Model, On, Said, Session, first, hours};
use crate::domain::refusal::Code;
use crate::domain::time::Timestamp;

/// How many emergencies of one engineer may wait for approval.
const WAITING: usize = 5;

impl Emergency {
    fn waits(&self, now: Timestamp) -> bool {
        self.until.is_none() && !self.ended && now < self.lapses
    }

    /// Whether its declarer may enter.
    pub(super) fn lasts(&self, now: Timestamp) -> bool {
        !self.ended && self.until.is_some_and(|until| now < until)
    }
}

impl Model {
    /// Whether somebody's last emergency awaits its review.
    fn owes(&self, who: usize) -> bool {
        self.emergencies.iter().any(|it| it.who == who && it.until.is_some() && it.review.is_none())
    }

    pub(super) fn declare(&mut self, who: usize, now: Timestamp) -> Said {
        self.works(who)?;
        first(&[
            (self.sso, Code::ForcedSso),
            (self.never, Code::EmergencyNever),
            (self.owes(who), Code::EmergencyUnreviewed),
        ])?;
        let waiting = self.emergencies.iter().filter(|it| it.who == who && it.waits(now)).count();
        first(&[(waiting >= WAITING, Code::Conflict)])?;
        let lapses = now.plus(hours(1));
        self.emergencies.push(Emergency { who, lapses, until: None, ended: false, review: None });
        Ok(())
    }

    pub(super) fn second(&mut self, who: usize, emergency: usize, now: Timestamp) -> Said {
        self.works(who)?;
        let it = &self.emergencies[emergency];
        first(&[(self.sso, Code::ForcedSso), (self.never, Code::EmergencyNever), (it.who == who, Code::SelfApproval)])?;
        if it.until.is_some() {
            // It was this engineer: there is no other.
            return Ok(());
        }
        first(&[(!it.waits(now), Code::EmergencyEnded), (self.owes(it.who), Code::EmergencyUnreviewed)])?;
        self.emergencies[emergency].until = Some(now.plus(hours(1)));
        Ok(())
    }

    pub(super) fn enter_in_emergency(&mut self, who: usize, emergency: usize, now: Timestamp) -> Said {
        self.works(who)?;
        let it = &self.emergencies[emergency];
        let Some(until) = it.until else {
            return Err(if it.waits(now) { Code::Conflict } else { Code::EmergencyEnded });
        };
        first(&[
            (self.sso, Code::ForcedSso),
            (it.who != who, Code::NotNamed),
            (self.never, Code::EmergencyNever),
            (!it.lasts(now), Code::EmergencyEnded),
        ])?;
        self.sessions.push(Session::new(who, On::Emergency(emergency), until, now));
        Ok(())
    }

    pub(super) fn review(&mut self, who: usize, emergency: usize, justified: bool, now: Timestamp) -> Said {
        self.works(who)?;
        let it = &self.emergencies[emergency];
        first(&[(it.who == who, Code::SelfApproval)])?;
        // There is nothing to review before it was approved, and one review stands: the same may be said again.
        let another = it.review.is_some_and(|found| found != justified);
        first(&[(it.until.is_none() || another, Code::Conflict)])?;
        self.end_emergency(emergency, now);
        self.emergencies[emergency].review = Some(justified);
        Ok(())
    }

    pub(super) fn end_emergency(&mut self, emergency: usize, now: Timestamp) {
        self.emergencies[emergency].ended = true;
        self.end(now, |session| session.on == On::Emergency(emergency));
    }

    pub(super) fn end_emergencies(&mut self, now: Timestamp, which: impl Fn(&Emergency) -> bool) {
        for emergency in 0..self.emergencies.len() {
            if which(&self.emergencies[emergency]) {
                self.end_emergency(emergency, now);
            }
        }
    }
}
