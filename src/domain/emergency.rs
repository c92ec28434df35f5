//! An emergency: entry without consent, approved by other engineers, short, and told to the customer first.
//!
//! A [`Declaration`] is the whole case, from its declaration to its review; an [`Emergency`] is what of it a session may
//! stand on, once it is approved.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{EmergencyId, EngineerId, EventId, MemberId, WorkspaceId};
use super::time::Timestamp;

/// An approved emergency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// Its id.
    pub id: EmergencyId,
    /// The workspace it opens.
    pub workspace: WorkspaceId,
    /// The member whose login it lends.
    pub subject: MemberId,
    /// What is broken.
    pub incident: String,
    /// One of the configured reason codes.
    pub reason_code: String,
    /// The engineer who declared it, and who alone may use it.
    pub declared_by: EngineerId,
    /// The engineer whose approval was the last that was needed.
    pub approved_by: EngineerId,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// One engineer's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Approval {
    /// Who.
    pub by: EngineerId,
    /// When.
    pub at: Timestamp,
}

/// What a review found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was an emergency.
    Justified,
    /// It was none.
    Unjustified,
}

impl Outcome {
    /// The word in the API, in the trail and in notices.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Justified => "justified",
            Self::Unjustified => "unjustified",
        }
    }
}

/// Another engineer's judgement, afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Who.
    pub by: EngineerId,
    /// When.
    pub at: Timestamp,
    /// What they found.
    pub outcome: Outcome,
    /// Why.
    pub comment: String,
}

/// The last approval that was needed: from then on, and not for long, a session may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Whose approval it was.
    pub by: EngineerId,
    /// When.
    pub at: Timestamp,
    /// When the emergency ends by itself.
    pub expires_at: Timestamp,
    /// The event by which the customer is told; nobody enters before they have been.
    pub told_by: EventId,
}

/// Where a declaration stands at some moment: computed, never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EmergencyStanding)]
pub enum Standing {
    /// It waits for other engineers' approval.
    Declared,
    /// Its declarer may enter.
    Approved,
    /// It is over, and its review is owed.
    Ended,
    /// It is over without ever having been approved; nothing is owed.
    Lapsed,
    /// Somebody else has reviewed it.
    Reviewed,
}

/// A declared emergency, whatever has become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// Its id.
    pub id: EmergencyId,
    /// The workspace that it is about.
    pub workspace: WorkspaceId,
    /// The member whose login it is to lend.
    pub subject: MemberId,
    /// What is broken.
    pub incident: String,
    /// One of the configured reason codes.
    pub reason_code: String,
    /// Why, in the declarer's words.
    pub reason: String,
    /// Who declared it.
    pub declared_by: EngineerId,
    /// When.
    pub declared_at: Timestamp,
    /// Until when it waits for approval.
    pub lapses_at: Timestamp,
    /// Who approved it, each once, in order; never the declarer.
    pub approvals: Vec<Approval>,
    /// The last approval that was needed; none: it still waits.
    pub opening: Option<Opening>,
    /// When something ended it before its time: forced single sign-on, the contract, a member, the directory.
    pub ended_at: Option<Timestamp>,
    /// The review.
    pub review: Option<Review>,
}

impl Declaration {
    /// Where it stands at `now`.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        let was_ended = self.ended_at.is_some();
        match (&self.review, &self.opening) {
            (Some(_), _) => Standing::Reviewed,
            (None, Some(opening)) if !was_ended && now < opening.expires_at => Standing::Approved,
            (None, Some(_)) => Standing::Ended,
            (None, None) if !was_ended && now < self.lapses_at => Standing::Declared,
            (None, None) => Standing::Lapsed,
        }
    }

    /// What a session may stand on; none before it was approved. One that was ended early expired at that moment.
    #[must_use]
    pub fn emergency(&self) -> Option<Emergency> {
        let opening = self.opening.as_ref()?;
        Some(Emergency {
            id: self.id.clone(),
            workspace: self.workspace.clone(),
            subject: self.subject.clone(),
            incident: self.incident.clone(),
            reason_code: self.reason_code.clone(),
            declared_by: self.declared_by.clone(),
            approved_by: opening.by.clone(),
            expires_at: self.ended_at.map_or(opening.expires_at, |ended| ended.min(opening.expires_at)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn declared() -> Declaration {
        Declaration {
            id: EmergencyId::mint(at(0)),
            workspace: "acme".parse().unwrap(),
            subject: "olga".parse().unwrap(),
            incident: "INC-1".into(),
            reason_code: "outage".into(),
            reason: "nobody can sign in".into(),
            declared_by: "ada".parse().unwrap(),
            declared_at: at(0),
            lapses_at: at(100),
            approvals: Vec::new(),
            opening: None,
            ended_at: None,
            review: None,
        }
    }

    fn approved() -> Declaration {
        let by: EngineerId = "brian".parse().unwrap();
        let told_by = EventId::mint(at(50));
        let opening = Opening { by: by.clone(), at: at(50), expires_at: at(150), told_by };
        Declaration { approvals: vec![Approval { by, at: at(50) }], opening: Some(opening), ..declared() }
    }

    #[test]
    fn a_declaration_waits_and_lapses_and_an_approved_one_ends_and_is_reviewed() {
        assert_eq!([99, 100].map(|now| declared().standing(at(now))), [Standing::Declared, Standing::Lapsed]);
        assert_eq!([149, 150].map(|now| approved().standing(at(now))), [Standing::Approved, Standing::Ended]);
        let by = "brian".parse().unwrap();
        let review = Review { by, at: at(60), outcome: Outcome::Justified, comment: "it was".into() };
        assert_eq!(Declaration { review: Some(review), ..approved() }.standing(at(60)), Standing::Reviewed);
    }

    #[test]
    fn one_that_was_ended_early_opens_nothing_from_then_on() {
        let ended = Declaration { ended_at: Some(at(70)), ..approved() };
        assert_eq!(ended.standing(at(70)), Standing::Ended);
        assert_eq!(ended.emergency().unwrap().expires_at, at(70));
        assert_eq!(Declaration { ended_at: Some(at(70)), ..declared() }.standing(at(70)), Standing::Lapsed);
        assert_eq!(declared().emergency(), None, "nothing stands on one that nobody approved");
    }
}
