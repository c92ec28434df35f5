//! The records of a session, counted one by one.
use std::collections::HashMap;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::audit::{Found, Kind, Response};
use crate::domain::id::{EmergencyId, EngineerId, GrantId, MemberId};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;

use super::Range;

/// How many different pages, and how many different refusals, are told one by one.
const MOST: usize = 1000;

/// A page that was seen, or something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageSeen {
    /// The method.
    pub method: String,
    /// The path, without query.
    pub path: String,
    /// What the request does: `read`, `write`, `delete`, `login_as` or `consent`.
    pub effect: String,
    /// How often.
    pub count: u64,
    /// The first time.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
}

/// Something that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusalSeen {
    /// The method.
    pub method: String,
    /// The path, without query.
    pub path: String,
    /// Why: docs/ERRORS.md has all codes.
    pub code: String,
    /// How often.
    pub count: u64,
}

/// Something that happened to the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What, in the words of people.
    pub name: &'static str,
    /// What, in the word of the trail.
    pub kind: &'static str,
}

/// Different things, the first of them one by one.
#[derive(Debug)]
pub(super) struct Seen<T> {
    pub(super) each: Vec<T>,
    places: HashMap<[String; 3], usize>,
    pub(super) left_out: u64,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self { each: Vec::new(), places: HashMap::new(), left_out: 0 }
    }
}

impl<T> Seen<T> {
    /// Notes one more of what `key` names: the first is `new`, each is counted by `count`.
    fn note(&mut self, key: [String; 3], new: impl FnOnce(&[String; 3]) -> T, count: impl FnOnce(&mut T)) {
        let place = self.places.get(&key).copied();
        if place.is_none() && self.each.len() >= MOST {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let place = place.unwrap_or_else(|| {
            self.each.push(new(&key));
            self.places.insert(key, self.each.len().saturating_sub(1));
            self.each.len().saturating_sub(1)
        });
        if let Some(seen) = self.each.get_mut(place) {
            count(seen);
        }
    }
}

/// What the records of a session come to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) engineer: Option<EngineerId>,
    pub(super) subject: Option<MemberId>,
    pub(super) grant: Option<GrantId>,
    pub(super) emergency: Option<EmergencyId>,
    pub(super) reason: Option<String>,
    pub(super) ticket: Option<String>,
    pub(super) started_at: Option<Timestamp>,
    /// When, the code, and who.
    pub(super) ended: Option<(Option<Timestamp>, Option<String>, Option<String>)>,
    pub(super) permitted: u64,
    pub(super) refused: u64,
    pub(super) bytes_out: u64,
    pub(super) pages: Seen<PageSeen>,
    pub(super) refusals: Seen<RefusalSeen>,
    pub(super) steps: Vec<Step>,
    pub(super) records: Range,
}

/// The members of a record that are counted.
#[derive(Deserialize)]
struct Record {
    at: Timestamp,
    engineer: Option<EngineerId>,
    subject: Option<MemberId>,
    grant: Option<GrantId>,
    emergency: Option<EmergencyId>,
    reason: Option<String>,
    ticket: Option<String>,
    request: Option<Request>,
    decision: Option<Decision>,
    response: Option<Response>,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    path: String,
    effect: String,
}

#[derive(Deserialize)]
struct Decision {
    code: Option<String>,
    facts: Box<RawValue>,
}

/// The facts of an end.
#[derive(Deserialize)]
struct EndFacts {
    by: Option<String>,
}

impl Tally {
    /// Counts the next record.
    pub(super) fn add(&mut self, found: &Found) -> io::Result<()> {
        let record: Record = serde_json::from_str(&found.line)?;
        let Range { first, count, .. } = self.records;
        let first = if count == 0 { found.seq } else { first };
        self.records = Range { first, last: found.seq, count: count.saturating_add(1) };
        match found.kind {
            Kind::AccessPermitted => self.passed(record),
            Kind::AccessRefused => self.turned_away(record),
            Kind::AccessCompleted => {
                let bytes = record.response.map_or(0, |response| response.bytes_out);
                self.bytes_out = self.bytes_out.saturating_add(bytes);
            }
            kind => {
                self.steps.push(Step { at: record.at, name: kind.title(), kind: kind.as_str() });
                if kind == Kind::SessionStarted {
                    self.began(record);
                } else if kind == Kind::SessionEnded {
                    self.ended(record);
                }
            }
        }
        Ok(())
    }

    fn began(&mut self, record: Record) {
        self.started_at = Some(record.at);
        (self.engineer, self.subject) = (record.engineer, record.subject);
        (self.grant, self.emergency) = (record.grant, record.emergency);
        (self.reason, self.ticket) = (record.reason, record.ticket);
    }

    /// The session began as the store knows: its record is still on its way into the trail.
    pub(super) fn begins_as(&mut self, session: &Session) {
        self.started_at = Some(session.started_at);
        (self.engineer, self.subject) = (Some(session.engineer.clone()), Some(session.subject.clone()));
        (self.reason, self.ticket) = (Some(session.reason.clone()), session.ticket.clone());
    }

    fn ended(&mut self, record: Record) {
        let (code, facts) = record.decision.map(|decision| (decision.code, decision.facts)).unzip();
        let by = facts.and_then(|facts| serde_json::from_str::<EndFacts>(facts.get()).ok()?.by);
        self.ended = Some((Some(record.at), code.flatten(), by));
    }

    fn passed(&mut self, record: Record) {
        self.permitted = self.permitted.saturating_add(1);
        let (at, Some(Request { method, path, effect })) = (record.at, record.request) else { return };
        let new = |key: &[String; 3]| {
            let [method, path, effect] = key.clone();
            PageSeen { method, path, effect, count: 0, first_at: at, last_at: at }
        };
        self.pages.note([method, path, effect], new, |page| {
            page.count = page.count.saturating_add(1);
            (page.first_at, page.last_at) = (page.first_at.min(at), page.last_at.max(at));
        });
    }

    fn turned_away(&mut self, record: Record) {
        self.refused = self.refused.saturating_add(1);
        let Some(Request { method, path, .. }) = record.request else { return };
        let code = record.decision.and_then(|decision| decision.code).unwrap_or_default();
        let new = |key: &[String; 3]| {
            let [method, path, code] = key.clone();
            RefusalSeen { method, path, code, count: 0 }
        };
        self.refusals.note([method, path, code], new, |refusal| refusal.count = refusal.count.saturating_add(1));
    }
}
